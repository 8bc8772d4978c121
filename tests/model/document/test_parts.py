"""A text as a tree: its marks, its sentences, groups of bounded size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.document.marks import PASSAGE, blocks, title_of, unwrapped
from model.document.parts import MOST, parts_of, tree_of
from xai.hierarchy.parts import Layout

TEXT = """Before all.

# One

It rains. It
snows.

## Inner
inside

Two
===
- a dog
- a cat

```
# no heading

code
```
### Deep
"""


def words_of(text):
    """Words that fill a text, each with the white space after it."""
    starts = [i for i, c in enumerate(text) if not c.isspace() and (i == 0 or text[i - 1].isspace())]
    return list(zip([0, *starts[1:]], [*starts[1:], len(text)]))


def built(text, tokens=None):
    words = words_of(text)
    return parts_of(text, words, np.ones(len(words), int) if tokens is None else np.array(tokens))


def outline(part, text):
    """(kind, its text on one line, its parts), words left out."""
    below = [outline(one, text) for one in part.parts if one.kind != "word"]
    return (part.kind, " ".join(text[part.start : part.end].split()), *below)


def test_headings_and_paragraphs_are_found_by_their_marks():
    found = [(TEXT[one.start : one.end].split("\n")[0], one.level) for one in blocks(TEXT)]
    assert found == [
        ("Before all.", 0),
        ("# One", 1),
        ("It rains. It", 0),
        ("## Inner", 2),
        ("inside", 0),
        ("Two", 1),
        ("- a dog", 0),
        ("```", 0),
        ("### Deep", 3),
    ]


def test_chapters_hold_what_stands_below_their_heading():
    text = TEXT.strip()
    assert [part[:2] for part in outline(built(text), text)[2:]] == [
        ("sentence", "Before all."),
        ("chapter", "# One It rains. It snows. ## Inner inside"),
        ("chapter", "Two === - a dog - a cat ``` # no heading code ``` ### Deep"),
    ]
    assert [part.label(text) for part in built(text).parts] == ["Before all.", "One", "Two"]
    one = outline(built(text).parts[1], text)
    assert one[2:] == (
        ("sentence", "# One"),
        ("paragraph", "It rains. It snows.", ("sentence", "It rains.")),  # and a word alone
        ("chapter", "## Inner inside", ("sentence", "## Inner")),
    )


def test_a_line_that_was_broken_for_its_length_goes_on():
    long = "The ferry to the island leaves every day of the week at noon\nsharp. It is blue."
    text = f"Short\nlines stay. {long}\n- an item\n\nEnd."
    assert unwrapped(text) == text.replace("noon\nsharp", "noon sharp")
    assert len(unwrapped(text)) == len(text)
    assert [part[1] for part in outline(built(long), long)[2:]] == [
        long.split("sharp.")[0].replace("\n", " ") + "sharp.",
        "It is blue.",
    ]


@given(st.text(alphabet="ab.#-=` \n\t", min_size=1, max_size=120), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_every_tree_holds_each_word_once_in_order_and_opens_into_few(text, seed):
    text = text.strip()
    words = words_of(text) if text else []
    if not words:
        return
    tokens = np.random.default_rng(seed).integers(1, 9, len(words))
    root = parts_of(text, words, tokens)
    assert Layout(tree_of(root, text), [""] * len(words)).order.tolist() == list(range(len(words)))
    for path, part in root.walk():
        assert root.at(path) is part
        assert text[part.start : part.end] == text[words[part.first][0] : words[part.last - 1][1]]
        assert part.tokens == tokens[part.first : part.last].sum()
        assert len(part.parts) <= MOST and (not path or len(part.parts) != 1)
        assert part.parts or part.last - part.first == 1
        if part.parts:
            assert [one.first for one in part.parts[1:]] == [one.last for one in part.parts[:-1]]


def test_groups_are_balanced_by_their_tokens():
    text = " ".join(f"w{i}" for i in range(49))
    root = built(text, [30] * 7 + [1] * 42)
    assert [part.tokens for part in root.parts] == [30, 30, 60, 30, 30, 36, 36]
    many = built(" ".join(f"w{i}" for i in range(5000)))
    assert max(len(path) for path, _ in many.walk()) == 5  # 7 × 7 × 7 × 7 groups of two or three


def test_a_text_without_words_is_refused():
    with pytest.raises(ValueError, match="the document is empty"):
        parts_of("", [], np.zeros(0, int))


RETRIEVED = """Answer from these.

[1] The ferry
The ferry leaves at seven. Its captain is Ingrid.

Tickets cost six crowns.

[2] The lighthouse
It is red.

[3] One line that is its own text. It has two sentences.
[4] Another such line, which goes on over more than fifty characters and
wraps. Here it ends.

Document [5](Title: The (old) school) It has a roof.

Title: Who paints?
Nobody.
"""


def test_passages_of_a_retrieval_prompt_are_parts_with_their_titles():
    root = built(RETRIEVED)
    found = [(part.kind, part.label(RETRIEVED)) for _, part in root.walk() if part.kind in ("passage", "paragraph")]
    assert ("passage", "[1] The ferry") in found and ("passage", "[2] The lighthouse") in found
    assert ("passage", "Who paints?") in found and (
        "paragraph",
        "[3] One line that is its own text. It has two sentences.",
    ) in found
    first = next(part for _, part in root.walk() if part.label(RETRIEVED) == "[1] The ferry" and part.kind == "passage")
    assert [part.label(RETRIEVED) for part in first.parts] == [
        "[1] The ferry",
        "The ferry leaves at seven. Its captain is Ingrid.",
        "Tickets cost six crowns.",
    ]
    labels = [part.label(RETRIEVED) for _, part in root.walk()]
    assert any(label.startswith("[4] Another such line") for label in labels)
    assert "[5] The (old) school" in labels


@pytest.mark.parametrize(
    ("begins", "title"),
    [
        ("# The harbour\n\nIt was built.", "The harbour"),
        ("### Deep ###", "Deep"),
        ("## C#", "C#"),
        ("#hashtag and more", None),
        ("Two\n===\ntext", "Two"),
        ("Title: A life\nIt was long.", "A life"),
        ("Titel: Ein Leben", "Ein Leben"),
        ("标题：河\n水", "河"),
        ("[12] Rivers\nThey flow.", "[12] Rivers"),
        ("[12]a", None),
        ("Document [2](Title: Salt) It is white.", "[2] Salt"),
        ("Passage 3: Salt", "Passage 3: Salt"),
        ("The passage 3: Salt", None),
        ("It rains.", None),
        ("#", None),
        ("", None),
    ],
)
def test_a_part_is_called_by_its_heading_or_title(begins, title):
    assert title_of(begins) == title


def test_headings_keep_no_marks_in_the_tree_and_ordinary_texts_have_no_passages():
    root = built(TEXT)
    assert not any(part.label(TEXT).startswith("#") for _, part in root.walk() if part.kind != "word" and part.start)
    assert not any(one.level == PASSAGE for one in blocks(TEXT))
