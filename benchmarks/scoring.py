"""Milliseconds per coalition on the bundled Gemma 3: one by one, Captum, and Swing, in one run.

    python -m benchmarks.scoring            14 words after a 52-token prefix, then 5 to 200 words without one
    python -m benchmarks.scoring --paths    Swing alone: its ways of scoring, in calls of 64 to 2,048 coalitions
    … --quick                               the first case and two sizes;  --repeats 3: medians of so many
    … --device cuda --model DIR             on a GPU, in its own precision, and another checkpoint than the bundled one

"One by one" is one full forward pass with full logits per coalition, what most tools do. Captum is LLMAttribution with
KernelShap, its target scored in one pass (its faster way). Swing is `Ledger.evaluate`, batches as a user gets them.
Values are compared before anything is timed: every way must give the same log-probabilities. What is compared takes
turns, and the ratios are medians of those of one turn, their range in brackets. Run it where nothing else runs.
"""

import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import torch
from captum.attr import KernelShap, LLMAttribution, TextTemplateInput

from benchmarks.parts.command import header, options, row, timed
from benchmarks.parts.exact import every_coalition
from model import load_gemma
from model.text import scoring, shared
from model.text.nodes import forward
from xai import Ledger, explain

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
            logits = gemma.model(torch.from_numpy(ids)[None].to(gemma.model.device)).logits
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
            started, goal_tokens = time.perf_counter(), torch.tensor([goal], device=gemma.model.device)
            method.attribute(explained, target=goal_tokens, n_samples=case.captum, forward_in_tokens=False)
            seconds = (time.perf_counter() - started) / len(seen)
    finally:
        del gemma.model.forward
    return seconds, [(ids[:-1], float(torch.log_softmax(logits.double(), -1)[goal])) for ids, logits in seen]


def swing(gemma, case: Case, coalitions):
    """Seconds per coalition and values, through the ledger of a game that has seen nothing but two coalitions."""
    shared.forget(gemma.model)
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
    if worst > (2e-3 if gemma.model.dtype == torch.float32 else 0.25):
        raise SystemExit(f"the ways disagree by {worst:.1e}: nothing is timed")
    return worst


def against_others(gemma, quick: bool, repeats: int) -> None:
    ways = "one by one", "Captum"
    header("case", *(f"{way}, ms" for way in (*ways, "Swing")), *(f"× {way}" for way in ways), "largest difference")
    for case in cases(quick):
        coalitions = distinct(len(case.words), case.swing)
        times, worst = [], 0.0
        for _ in range(repeats):
            ours, values = swing(gemma, case, coalitions)
            plain, plain_values = one_by_one(gemma, case, coalitions[: case.one_by_one])
            theirs, recorded = captum(gemma, case)
            worst = max(worst, check(gemma, case, values, coalitions, plain_values, recorded))
            times.append((plain, theirs, ours))
        taken = np.array(times)
        cells = [f"{1e3 * cell:.1f}" for cell in np.median(taken, axis=0)]
        row(case.name, *cells, *(_ratio(taken[:, i] / taken[:, 2]) for i in range(2)), f"{worst:.0e}")


# Ways of scoring that `--paths` holds against each other: (whether beginnings are shared, the output layer in slabs)
PATHS = {"no sharing, 64 rows of all logits": (False, False), "no sharing": (False, True), "sharing": (True, True)}
SIZES = (64, 512, 2048)  # coalitions a call
TOGETHER = 512  # coalitions at least, however small the calls


def all_logits(model, lock, hidden, target):
    """As `model.text.head.log_probabilities`, by all logits of 64 rows at a time."""
    flat, wanted = hidden.reshape(-1, hidden.shape[-1]), torch.from_numpy(target).to(hidden.device).repeat(len(hidden))
    found = [
        torch.log_softmax(model.lm_head(rows).float(), -1).gather(1, goal[:, None])
        for rows, goal in zip(flat.split(64), wanted.split(64))
    ]
    return torch.cat(found).reshape(len(hidden), -1).cpu().numpy()


@contextmanager
def counted() -> Iterator[list[int]]:
    """Tokens that were computed, one number a pass."""
    found: list[int] = []
    own, run = forward.Layers.forward, scoring.PrefixScorer._run

    def nodes(layers, model, growth):
        found.append(len(growth.ids))
        return own(layers, model, growth)

    def padded(scorer, batch):
        found.append(len(batch) * max(len(s.ids) for s in batch))
        return run(scorer, batch)

    with mock.patch.object(forward.Layers, "forward", nodes), mock.patch.object(scoring.PrefixScorer, "_run", padded):
        yield found


def path(gemma, case: Case, name: str, work: Callable):
    """Seconds, processor seconds, what `work` gives of a new game, and the tokens computed."""
    shares, slabs = PATHS[name]
    shared.forget(gemma.model)
    game = gemma.text_game(case.text, TARGET, case.spans)
    game._scorer.shares = shares
    head = scoring.log_probabilities if slabs else all_logits
    with counted() as tokens, mock.patch.object(scoring, "log_probabilities", head):
        processor = time.process_time()
        seconds, found = timed(work, game)
        return seconds, time.process_time() - processor, found, sum(tokens)


def in_calls(game, coalitions, size: int):
    return np.concatenate([game(coalitions[i : i + size]) for i in range(0, len(coalitions), size)])


def matmul_limit(model) -> float:
    """Floating-point operations a second of a square product in the model's precision, the best of a few."""
    size = 2048 if model.device.type == "cpu" else 8192
    a = torch.randn(size, size).to(model.device, model.dtype)

    def product() -> None:
        torch.mm(a, a)
        if model.device.type == "cuda":
            torch.cuda.synchronize()

    return 2 * size**3 / min(timed(product)[0] for _ in range(5))


def of_paths(gemma, quick: bool, repeats: int) -> None:
    weights = sum(parameter.numel() for parameter in gemma.model.model.layers.parameters())
    print(f"{torch.get_num_threads()} threads, {matmul_limit(gemma.model) / 1e9:.0f} GFLOP/s in {gemma.model.dtype}\n")
    header(
        "case",
        "a call",
        "path",
        "ms",
        "processor ms",
        "× no sharing",
        "tokens computed of asked",
        "of the matmul limit",
        "off by",
    )
    for case in cases(quick):
        n = len(case.words)
        for size in SIZES[: 2 if quick or n > 20 else 3]:
            coalitions = distinct(n, max(size, TOGETHER if n <= 50 else 64))
            if len(coalitions) < size:
                continue
            work = partial(in_calls, coalitions=coalitions, size=size)
            _rows(gemma, case, size, work, repeats, weights, len(coalitions))
        run = partial(explain, budget=min(512, 2**n), method="kernel" if n > 9 else "exact", seed=0)
        _rows(gemma, case, "a run", lambda game, run=run: run(game).values, repeats, weights, min(512, 2**n))


def _rows(gemma, case: Case, called, work: Callable, repeats: int, weights: int, count: int) -> None:
    """A row of the table for each path."""
    paths = [name for name, (shares, _) in PATHS.items() if gemma.model.device.type == "cpu" or not shares]
    turns = [{name: path(gemma, case, name, work) for name in paths} for _ in range(repeats)]
    limit, usual = matmul_limit(gemma.model), [turn["no sharing"] for turn in turns]
    asked = sum(len(ids) for ids in ids_of(gemma, case, distinct(len(case.words), count)))
    asked -= count * gemma.text_game(case.text, TARGET, case.spans)._start
    for name in paths:
        mine = [turn[name] for turn in turns]
        seconds, processor = (float(np.median([turn[i] for turn in mine])) for i in range(2))
        operations = 2 * (weights * mine[0][3] + gemma.model.lm_head.weight.numel() * count)
        off = max(float(np.abs(one[2] - other[2]).max()) for one, other in zip(mine, usual))
        cells = f"{1e3 * seconds / count:.1f}", f"{1e3 * processor / count:.1f}"
        ratio = _ratio(np.array([other[0] / one[0] for one, other in zip(mine, usual)]))
        share = f"{mine[0][3] / asked:.2f}", f"{operations / seconds / limit:.0%}"
        row(case.name, called, name, *cells, ratio, *share, f"{off:.0e}")


def _ratio(ratios) -> str:
    return f"{np.median(ratios):.1f} ({ratios.min():.1f}–{ratios.max():.1f})"


def main() -> None:
    asked = options(__doc__, quick=False, paths=False, repeats=3, device="cpu", model="")
    gemma = load_gemma(asked.model or None, device=asked.device)
    (of_paths if asked.paths else against_others)(gemma, asked.quick, asked.repeats)


if __name__ == "__main__":
    main()
