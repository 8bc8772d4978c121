"""Milliseconds per coalition on the bundled Gemma 3: one by one, Captum, and Swing, in one run.

    python -m benchmarks.scoring            14 words after a 52-token prefix, then 5 to 200 words without one
    python -m benchmarks.scoring --quick    the first case and two sizes

"One by one" is one full forward pass with full logits per coalition, what most tools do. Captum is LLMAttribution with
KernelShap, its target scored in one pass (its faster way). Swing is `Ledger.evaluate`, batches as a user gets them.
Values are compared before anything is timed: every way must give the same log-probabilities.
"""

import argparse
import re
import time
import warnings
from dataclasses import dataclass

import numpy as np

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


def cases(quick: bool) -> list[Case]:
    sizes = [5, 200] if quick else [5, 10, 20, 50, 100, 200]
    long = [WORDS[i % len(WORDS)] for i in range(200)]
    fixed = [Case("14 words, fixed prefix", PREFIX, WORDS[:14], 30, 40, 512)]
    return fixed + [
        Case(f"{n} words, no prefix", "", long[:n], max(6, 200 // n), max(8, 200 // n), min(256, 2**n)) for n in sizes
    ]


def one_by_one(gemma, prompt, coalitions):
    """Seconds per coalition and values, by full forward passes with full logits."""
    import torch

    encoded = gemma.encode(prompt.text)
    owner = np.array(encoded.players(prompt.spans)[1])
    (goal,) = gemma.target_ids(TARGET)
    values, started = [], time.perf_counter()
    with torch.no_grad():
        for row in coalitions:
            ids = np.array(encoded.ids)[np.append(row, True)[owner]]
            logits = gemma.model(torch.from_numpy(ids)[None]).logits
            values.append(float(torch.log_softmax(logits[0, -1].double(), -1)[goal]))
    return (time.perf_counter() - started) / len(coalitions), np.array(values)


def captum(gemma, case: Case, prompt, samples: int):
    """Seconds per model call, and the (token ids, value) of every call that Captum's KernelShap made."""
    import torch
    from captum.attr import KernelShap, LLMAttribution, TextTemplateInput

    (goal,) = gemma.target_ids(TARGET)
    seen, forward = [], gemma.model.forward

    def recording(**arguments):
        out = forward(**arguments)
        seen.append((arguments["input_ids"][0].tolist(), out.logits[0, -2]))
        return out

    words = [prompt.text[a:b] for a, b in prompt.spans]
    template = case.prefix.replace("{", "{{") + "{}" * len(words) + SUFFIX
    explained = TextTemplateInput(template=template, values=words, baselines=[""] * len(words))
    method = LLMAttribution(KernelShap(gemma.model), gemma.tokenizer)
    gemma.model.forward = recording
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started = time.perf_counter()
            goal_tokens = torch.tensor([goal])
            method.attribute(explained, target=goal_tokens, n_samples=samples, forward_in_tokens=False)
            seconds = (time.perf_counter() - started) / len(seen)
    finally:
        del gemma.model.forward
    return seconds, [(ids[:-1], float(torch.log_softmax(logits.double(), -1)[goal])) for ids, logits in seen]


def swing(gemma, prompt, coalitions):
    """Seconds per coalition and values, through the ledger."""
    game = gemma.text_game(prompt.text, TARGET, prompt.spans)
    game(coalitions[:2])
    ledger = Ledger(game)
    started = time.perf_counter()
    values = ledger.evaluate(coalitions)[:, 0]
    return (time.perf_counter() - started) / ledger.evaluations, values


@dataclass
class TimedPrompt:
    text: str
    spans: list[tuple[int, int]]


def make_prompt(case: Case) -> TimedPrompt:
    text, spans = case.prefix, []
    for word in case.words:
        start = len(text)
        text += f" {word}"
        spans.append((start, len(text)))
    return TimedPrompt(text + SUFFIX, spans)


def distinct(n: int, count: int) -> np.ndarray:
    """So many different coalitions: the full one, and uniform ones."""
    if count >= 2**n:
        return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)[::-1]
    rows = np.random.default_rng(0).random((2 * count + 8, n)) < 0.5
    rows[0] = True
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)][:count]


def check(gemma, prompt, ours, coalitions, plain, recorded) -> float:
    """Largest difference between the three ways on the same coalitions; raises if they do not agree."""
    worst = np.abs(ours[: len(plain)] - plain).max()
    encoded = gemma.encode(prompt.text)
    owner = np.array(encoded.players(prompt.spans)[1])
    game = gemma.text_game(prompt.text, TARGET, prompt.spans)
    known = {tuple(np.array(encoded.ids)[np.append(row, True)[owner]]): v for row, v in zip(coalitions, ours)}
    full = tuple(encoded.ids)
    known[full] = float(game(np.ones((1, game.n_players), bool))[0, 0])
    common = [(known[tuple(ids)], value) for ids, value in recorded if tuple(ids) in known]
    worst = max(worst, max(abs(a - b) for a, b in common))
    if worst > 2e-3:
        raise SystemExit(f"the ways disagree by {worst:.1e}: nothing is timed")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    gemma, quick = load_gemma(), parser.parse_args().quick
    print("| case | one by one, ms | Captum, ms | Swing, ms | × one by one | × Captum | largest difference |")
    print("|---|---|---|---|---|---|---|")
    for case in cases(quick):
        prompt = make_prompt(case)
        coalitions = distinct(len(case.words), case.swing)
        ours, values = swing(gemma, prompt, coalitions)
        plain, plain_values = one_by_one(gemma, prompt, coalitions[: case.one_by_one])
        theirs, recorded = captum(gemma, case, prompt, case.captum)
        worst = check(gemma, prompt, values, coalitions, plain_values, recorded)
        print(
            f"| {case.name} | {1e3 * plain:.1f} | {1e3 * theirs:.1f} | {1e3 * ours:.1f} | {plain / ours:.1f} "
            f"| {theirs / ours:.1f} | {worst:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
