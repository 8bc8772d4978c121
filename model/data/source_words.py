"""Which tokens belong to each word of a translation.

A target word's log-probability is the sum over its tokens, and both indices are linear in the value, so every target
word is one weighted sum of the columns that one set of coalitions of the prompt's game (`text_game`) has paid for.
"""

import numpy as np

from model.language import Language
from model.text.prompt import Prompt
from xai.typing import Floats


def target_words(gemma: Language, target: str) -> tuple[list[str], Floats]:
    """The words of a target text, and float64 (words, tokens): 1 where a token belongs to a word.

    Every token belongs to one word: one without visible characters of its own to the word that follows it.
    """
    encoded = Prompt(gemma.tokenizer, target)
    spans = encoded.split("word")
    count = len(gemma.target_ids(target))
    owner = encoded.players(spans)[1][-count:]  # the tokenizer puts a special token first
    following = len(spans) - 1
    for i in range(count - 1, -1, -1):
        following = owner[i] = owner[i] if owner[i] >= 0 else following
    words = np.zeros((len(spans), count))
    words[owner, np.arange(count)] = 1.0
    return [target[start:end] for start, end in spans], words
