"""Milliseconds per coalition on the bundled Gemma 3: one by one, Captum, and Swing, in one run.

    python -m benchmarks.scoring            14 words after a 52-token prefix, then 5 to 200 words without one
    python -m benchmarks.scoring --quick    the first case and two sizes

"One by one" is one full forward pass with full logits per coalition, what most tools do. Captum is LLMAttribution with
KernelShap, its target scored in one pass (its faster way). Swing is `Ledger.evaluate`, batches as a user gets them.
Values are compared before anything is timed: every way must give the same log-probabilities.
"""

import re
import time
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import KernelShap, LLMAttribution, TextTemplateInput

from benchmarks.parts.command import header, options, row, timed
from benchmarks.parts.exact import every_coalition
from model import load_gemma
from xai import Ledger

PREFIX = (
    "Below are short film reviews, each followed by the overall feeling of the person who wrote it.\n"
    "Review: I loved every minute of this film. Sentiment: positive\n"
    "Review: I left early and want my money back. Sentiment: negative\nReview:"
)
WORDS = re.findall(
    r"\w+",
    "the first half of this strange film was slow yet its last hour made me laugh cry and forget how late it had "
    "become while my friends beside quietly left",
)
SUFFIX = ". Sentiment:"
TARGET = " positive"


@dataclass
class Case:
    name: str
    prefix: str
    words: list[str]
    one_by_one: int  # coalitions timed per way: enough for a steady mean, few where each takes a second
    captum: int
    swing: int

    @property
    def text(self) -> str:
        return " ".join([self.prefix, *self.words]) + SUFFIX

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each word lies in the text, with the space before it."""
        ends = len(self.prefix) + np.cumsum([0] + [len(f" {word}") for word in self.words])
        return list(zip(ends[:-1].tolist(), ends[1:].tolist()))


def cases(quick: bool) -> list[Case]:
    sizes = [5, 200] if quick else [5, 10, 20, 50, 100, 200]
    long = [WORDS[i % len(WORDS)] for i in range(200)]
    fixed = [Case("14 words, fixed prefix", PREFIX, WORDS[:14], 30, 40, 512)]
    return fixed + [
        Case(f"{n} words, no prefix", "", long[:n], max(6, 200 // n), max(8, 200 // n), min(256, 2**n)) for n in sizes
    ]


def ids_of(gemma, case: Case, coalitions) -> list[np.ndarray]:
    """The tokens left of the prompt in each coalition."""
    encoded = gemma.encode(case.text)
    owner = np.array(encoded.players(case.spans)[1])
    return [np.array(encoded.ids)[np.append(row, True)[owner]] for row in coalitions]


def one_by_one(gemma, case: Case, coalitions):
    """Seconds per coalition and values, by full forward passes with full logits."""
    (goal,) = gemma.target_ids(TARGET)
    rows, values, started = ids_of(gemma, case, coalitions), [], time.perf_counter()
    with torch.no_grad():
        for ids in rows:
            logits = gemma.model(torch.from_numpy(ids)[None]).logits
            values.append(float(torch.log_softmax(logits[0, -1].double(), -1)[goal]))
    return (time.perf_counter() - started) / len(coalitions), np.array(values)


def captum(gemma, case: Case):
    """Seconds per model call, and the (token ids, value) of every call that Captum's KernelShap made."""
    (goal,) = gemma.target_ids(TARGET)
    seen, forward = [], gemma.model.forward

    def recording(**arguments):
        out = forward(**arguments)
        seen.append((arguments["input_ids"][0].tolist(), out.logits[0, -2]))
        return out

    words = [f" {word}" for word in case.words]
    template = case.prefix.replace("{", "{{") + "{}" * len(words) + SUFFIX
    explained = TextTemplateInput(template=template, values=words, baselines=[""] * len(words))
    method = LLMAttribution(KernelShap(gemma.model), gemma.tokenizer)
    gemma.model.forward = recording
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started, goal_tokens = time.perf_counter(), torch.tensor([goal])
            method.attribute(explained, target=goal_tokens, n_samples=case.captum, forward_in_tokens=False)
            seconds = (time.perf_counter() - started) / len(seen)
    finally:
        del gemma.model.forward
    return seconds, [(ids[:-1], float(torch.log_softmax(logits.double(), -1)[goal])) for ids, logits in seen]


def swing(gemma, case: Case, coalitions):
    """Seconds per coalition and values, through the ledger."""
    game = gemma.text_game(case.text, TARGET, case.spans)
    game(coalitions[:2])
    ledger = Ledger(game)
    seconds, values = timed(ledger.evaluate, coalitions)
    return seconds / ledger.evaluations, values[:, 0]


def distinct(n: int, count: int) -> np.ndarray:
    """So many different coalitions: the full one, and uniform ones."""
    if count >= 2**n:
        return every_coalition(n)[::-1]
    rows = np.random.default_rng(0).random((2 * count + 8, n)) < 0.5
    rows[0] = True
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)][:count]


def check(gemma, case: Case, ours, coalitions, plain, recorded) -> float:
    """Largest difference between the three ways on the same coalitions; raises if they do not agree."""
    worst = np.abs(ours[: len(plain)] - plain).max()
    full = np.ones((1, len(case.words)), bool)
    values = np.append(ours, gemma.text_game(case.text, TARGET, case.spans)(full)[0, 0])
    known = {tuple(ids): v for ids, v in zip(ids_of(gemma, case, [*coalitions, *full]), values)}
    common = [(known[tuple(ids)], value) for ids, value in recorded if tuple(ids) in known]
    worst = max(worst, max(abs(a - b) for a, b in common))
    if worst > 2e-3:
        raise SystemExit(f"the ways disagree by {worst:.1e}: nothing is timed")
    return worst


def main() -> None:
    gemma, quick = load_gemma(), options(__doc__, quick=False).quick
    ways = "one by one", "Captum"
    header("case", *(f"{way}, ms" for way in (*ways, "Swing")), *(f"× {way}" for way in ways), "largest difference")
    for case in cases(quick):
        coalitions = distinct(len(case.words), case.swing)
        ours, values = swing(gemma, case, coalitions)
        plain, plain_values = one_by_one(gemma, case, coalitions[: case.one_by_one])
        theirs, recorded = captum(gemma, case)
        worst = check(gemma, case, values, coalitions, plain_values, recorded)
        cells = (1e3 * plain, 1e3 * theirs, 1e3 * ours, plain / ours, theirs / ours)
        row(case.name, *(f"{cell:.1f}" for cell in cells), f"{worst:.0e}")


if __name__ == "__main__":
    main()
