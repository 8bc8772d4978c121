"""Seconds that one evaluation of a long document takes on the bundled Gemma 3, and what reading it once takes in memory.

    python -m benchmarks.documents.speed                    4,000 tokens: the first look, and parts removed, now and before
    … --tokens 1000 --coalitions 12                         another length;  how many coalitions, half of them complements
    … --tokens 32000 --coalitions 0                         the first look alone, at the longest that the bundled model reads

Of the first look: reading once, its evaluations, and the peak of memory. Of removal: coalitions are those with which the
search begins, in the order it asks for them, in batches as a run has them. "Plain" are padded batches, the whole of each
prompt with full masks. Both take turns, one batch each; ratios are medians over batches.
"""

import resource
import time

import numpy as np

from benchmarks.documents.planted import plant
from benchmarks.parts.command import options, timed
from model import load_gemma
from model.document.game import DocumentGame
from model.document.parts import tree_of
from xai import explain_tree

ANSWER = " Hugo keeps the silver key in Boston."
PER_SENTENCE = 18  # tokens


def document(gemma, tokens: int, absent: str) -> DocumentGame:
    asked = plant("English", "single", tokens // PER_SENTENCE, 0.5, 0)
    return DocumentGame(gemma, asked.text, asked.question, ANSWER, absent)


def first_coalitions(game: DocumentGame, count: int) -> np.ndarray:
    """Of the uppermost parts, each in with ½, and their complements: bool (count, n), in the order of the document."""
    parts = game.root.parts
    half = np.random.default_rng(0).random((count // 2, len(parts))) < 0.5
    rows = np.repeat(np.concatenate([half, ~half]), [part.last - part.first for part in parts], axis=1)
    return np.unique(rows, axis=0)


def removal(gemma, tokens: int, count: int) -> None:
    now, before = (document(gemma, tokens, "remove") for _ in range(2))
    before._game._scorer.shares = False
    rows, found, seconds = first_coalitions(now, count), [], []
    for game in (now, before):
        game(np.zeros((1, game.n_players), bool))  # measures and compares what there is to measure
    for start in range(0, len(rows), now.batch_size):
        part = rows[start : start + now.batch_size]
        both = [timed(game, part) for game in (now, before)]
        seconds.append([took / len(part) for took, _ in both])
        found.append([values for _, values in both])
        print(f"{seconds[-1][0]:.2f} s an evaluation, plain {seconds[-1][1]:.2f} s", flush=True)
    median = np.median(seconds, axis=0)
    off = max(float(np.abs(one - other).max()) for one, other in found)
    ratio = np.median([other / one for one, other in seconds])
    print(
        f"{now.tokens} tokens, {len(rows)} coalitions: {median[0]:.2f} s an evaluation, plain {median[1]:.2f} s; "
        f"{ratio:.1f} times as fast; largest difference {off:.1e}"
    )


def once(gemma, tokens: int) -> None:
    game = document(gemma, tokens, "read-once")
    full = np.ones((1, game.n_players), bool)
    reading, _ = timed(game, full)
    started = time.perf_counter()
    found = explain_tree(game, tree_of(game.root, game.text), budget=max(64, game.per_reading))
    took = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{game.tokens} tokens: read in {reading:.1f} s, {found.evaluations} evaluations in {took:.1f} s; "
        f"at most {memory:.1f} GB of memory, the model among it"
    )


def main() -> None:
    given = options(__doc__, tokens=4000, coalitions=24)
    gemma = load_gemma()
    once(gemma, given.tokens)
    if given.coalitions:
        removal(gemma, given.tokens, given.coalitions)


if __name__ == "__main__":
    main()
