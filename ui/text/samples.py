"""Prompts on which the bundled base model does well: what is explained, and what is always kept around it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """before + text + after is the prompt; only `text` is explained."""

    title: str
    before: str
    text: str
    after: str
    players: str = "word"


SAMPLES = [
    Sample(
        "Film review",
        "Review: I loved this film. Sentiment: positive\nReview: I want my money back. Sentiment: negative\nReview: ",
        "The plot is thin, but the acting is superb",
        ". Sentiment:",
    ),
    Sample(
        "Translation",
        "English: good morning\nFrench: bonjour\nEnglish: the red house\nFrench: la maison rouge\n"
        "English: thank you very much\nFrench: merci beaucoup\nEnglish: ",
        "my brother is a doctor",
        "\nFrench:",
    ),
    Sample(
        "A fact in a text",
        "Read the notes, then answer.\nNotes: ",
        "The meeting starts at nine. Maria brings the cake. Peter drives the blue van. Coffee is free.",
        "\nQuestion: Who brings the cake?\nAnswer:",
        "sentence",
    ),
    Sample(
        "Several sentences",
        "",
        "The train to Lyon leaves at noon. Marta bought two tickets in Paris. She sits by the window, and her suitcase is green.",
        "\nQuestion: What colour is the suitcase?\nAnswer: The suitcase is",
    ),
]
