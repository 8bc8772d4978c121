"""Reading once as the proxy of removal: facts in sentences, and words of a film review, on the bundled Gemma 3.

    python -m benchmarks.documents.texts                20 sentences, 60 sentences, a review: docs/two_fidelity.csv
    python -m benchmarks.documents.texts --cases review --out /tmp      one of them, elsewhere
    … --budget 400 --runs 0                             evaluations;  seeds of each way, 0 for the correlation alone

Equal cost: both estimators spend what `budget` evaluations with removal take, an evaluation of the proxy the share of
one that was measured here, in processor seconds. No truth is known of so many sentences, and none is needed: with a, b
and c from different seeds and b, c unbiased, (a − b)·(a − c) is on average the squared error of a. It is divided by the
product of two unbiased runs, which is on average ‖φ‖². "plain" is the estimator that `two_fidelity` falls back to, and
unbiased as it is; "auto" makes its values of the same coalitions.
"""

import time
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.documents.two_fidelity import Record, keep
from benchmarks.parts.command import options, timed
from model import load_gemma
from xai import Ledger, explain, two_fidelity

PEOPLE = "Anna Boris Carla Dmitri Elena Farid Greta Hugo Ines Jonas Katya Liam Mona Nils Olga Pablo Quinn Rosa Sven Tara"
PLACES = "Paris London Rome Berlin Madrid Oslo Vienna Prague Lisbon Athens Dublin Cairo Tokyo Boston Delhi Lima Seoul Sydney Bern"
NAMES, CITIES = PEOPLE.split(" "), [*PLACES.split(" "), "Warsaw"]
QUESTION = "\nQuestion: In which city does Hugo live?\nAnswer: Hugo lives in"
SHOTS = "Review: I loved this film. Sentiment: positive\nReview: I want my money back. Sentiment: negative\nReview: "
REVIEW = "The plot is thin, but the acting is superb and the music lovely"
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
    for absent in ("remove", "read-once"):
        game = gemma.text_game(prompt, target, spans, absent)
        game(rows[:2])  # reads the prompt, and measures what there is to measure
        taken, values = timed(game, rows, clock=time.process_time)
        found.append(values.sum(axis=1))
        seconds.append(taken / PAIRS)
    print(f"{1e3 * seconds[0]:.0f} ms of a processor with removal, {1e3 * seconds[1]:.0f} ms read once", flush=True)
    return seconds[1] / seconds[0], float(np.corrcoef(*found)[0, 1])


def squared_error(one, others) -> float:
    """Mean of (a − b)·(a − c) over pairs of the others, (n,) each."""
    return float(np.mean([(one - b) @ (one - c) for b, c in combinations(others, 2)]))


def estimates(gemma, case, cost: float, budget: int, runs: int) -> tuple[dict[str, list[np.ndarray]], list[str]]:
    """Values (n,) of each way, a list over the seeds, and the notes of two fidelities."""
    prompt, target, spans = case
    found: dict[str, list[np.ndarray]] = {"two fidelities": [], "plain": [], "auto": []}
    notes = []
    for seed in range(runs):
        real, cheap = (gemma.text_game(prompt, target, spans, absent) for absent in ("remove", "read-once"))
        whole = np.ones(len(real.outputs))
        both = two_fidelity(real, cheap, budget=budget, seed=seed, cost=cost)
        found["two fidelities"].append(both.combine(whole).values)
        notes.append(both.note)
        ledger = Ledger(real)
        for method, called in (("orthogonal", "plain"), ("auto", "auto")):
            made = explain(real, "banzhaf", method, budget, runs + seed, ledger)
            found[called].append(made.combine(whole).values)
        print(f"seed {seed}: {both.evaluations} evaluations; {both.note} Alone: {ledger.evaluations}.", flush=True)
    return found, notes


def compare(gemma, name: str, budget: int, runs: int) -> Record:
    """A row of the table; without errors where there are too few runs to tell them."""
    case = CASES[name]()
    cost, correlation = proxy_of(gemma, *case)
    record: Record = {"game": name, "proxy": "read once", "index": "banzhaf", "cost": cost, "correlation": correlation}
    if runs < 2:
        return record | {"budget": 0}
    record["budget"] = budget
    found, notes = estimates(gemma, case, cost, budget, runs)
    sound = [*found["two fidelities"], *found["plain"]]  # unbiased, and of different seeds
    size = float(np.mean([b @ c for b, c in combinations(sound, 2)]))
    for method, values in found.items():
        first = 0 if method == "two fidelities" else runs  # "auto" shares its coalitions with "plain"
        off = [squared_error(one, [*sound[: first + k], *sound[first + k + 1 :]]) for k, one in enumerate(values)]
        record[method] = float(np.mean(off)) / size
    return record | {"used": float(np.mean(["beside" in note for note in notes]))}


def main() -> None:
    given = options(__doc__, cases=[], budget=860, runs=2, out=Path("docs"))
    wanted = [name for name in CASES if not given.cases or name.startswith(tuple(given.cases))]
    gemma = load_gemma()
    for name in wanted:
        keep(given.out, [compare(gemma, name, given.budget, given.runs)])


if __name__ == "__main__":
    main()
