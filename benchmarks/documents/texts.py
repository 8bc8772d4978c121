"""Reading once as the proxy of removal: facts in sentences, and words of a film review, on the bundled Gemma 3.

    python -m benchmarks.documents.texts                20 sentences, 60 sentences, a review: docs/two_fidelity.csv
    python -m benchmarks.documents.texts --cases review --out /tmp      one of them, elsewhere
    … --budget 400 --runs 0                             evaluations;  seeds of each way, 0 for the correlation alone

An evaluation of the proxy costs the share of one with removal that was measured here, in processor seconds; errors as
`benchmarks.documents.unknown` tells them.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.documents.two_fidelity import Record, keep
from benchmarks.documents.unknown import compared
from benchmarks.parts.command import options, timed
from model import load_gemma

PEOPLE = "Anna Boris Carla Dmitri Elena Farid Greta Hugo Ines Jonas Katya Liam Mona Nils Olga Pablo Quinn Rosa Sven Tara"
PLACES = "Paris London Rome Berlin Madrid Oslo Vienna Prague Lisbon Athens Dublin Cairo Tokyo Boston Delhi Lima Seoul Sydney Bern"
NAMES, CITIES = PEOPLE.split(" "), [*PLACES.split(" "), "Warsaw"]
QUESTION = "\nQuestion: In which city does Hugo live?\nAnswer: Hugo lives in"
SHOTS = "Review: I loved this film. Sentiment: positive\nReview: I want my money back. Sentiment: negative\nReview: "
REVIEW = "The plot is thin, but the acting is superb and the music lovely"
ABSENT = ("remove", "read-once")
PAIRS = 48  # coalitions, a half of them the complements of the others, of which each cost and the correlation are measured


def facts(count: int) -> tuple[str, str, list[tuple[int, int]]]:
    """Prompt, target and the spans of `count` sentences, one of which answers the question."""
    text, spans = "", []
    for i in range(count):
        name = NAMES[i % 20] + ("", " the second", " the third")[i // 20]
        spans.append((len(text), len(text) + len(sentence := f"{name} lives in {CITIES[7 * i % 20]}. ")))
        text += sentence
    return text + QUESTION, " " + CITIES[7 * 7 % 20], spans


def review() -> tuple[str, str, list[tuple[int, int]]]:
    spans, at = [], len(SHOTS)
    for word in REVIEW.split(" "):
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return f"{SHOTS}{REVIEW}. Sentiment:", " positive", spans


CASES = {"20 sentences": lambda: facts(20), "60 sentences": lambda: facts(60), "review, 13 words": review}


def proxy_of(gemma, prompt, target, spans) -> tuple[float, float]:
    """(cost over that of removal, correlation of the values with it) of reading once, over PAIRS coalitions."""
    rng = np.random.default_rng(0)
    half = rng.random((PAIRS // 2, len(spans))) < 0.5
    rows, found, seconds = np.concatenate([half, ~half]), [], []
    for absent in ABSENT:
        game = gemma.text_game(prompt, target, spans, absent)
        game(rows[:2])  # reads the prompt, and measures what there is to measure
        taken, values = timed(game, rows, clock=time.process_time)
        found.append(values.sum(axis=1))
        seconds.append(taken / PAIRS)
    print(f"{1e3 * seconds[0]:.0f} ms of a processor with removal, {1e3 * seconds[1]:.0f} ms read once", flush=True)
    return seconds[1] / seconds[0], float(np.corrcoef(*found)[0, 1])


def compare(gemma, name: str, budget: int, runs: int) -> Record:
    """A row of the table; without errors where there are too few runs to tell them."""
    case = CASES[name]()
    cost, correlation = proxy_of(gemma, *case)
    record: Record = {"game": name, "proxy": "read once", "cost": cost, "correlation": correlation}
    prompt, target, spans = case
    return record | compared(lambda: (gemma.text_game(prompt, target, spans, absent) for absent in ABSENT), cost, budget, runs)


def main() -> None:
    given = options(__doc__, cases=[], budget=860, runs=2, out=Path("docs"))
    wanted = [name for name in CASES if not given.cases or name.startswith(tuple(given.cases))]
    gemma = load_gemma()
    for name in wanted:
        keep(given.out, [compare(gemma, name, given.budget, given.runs)])


if __name__ == "__main__":
    main()
