"""The verdict on a set of runs: does the score follow its law, does cross-entropy mislead, and what is to be done?

The guide is that of Isik et al. (arXiv 2402.04177): fit the score, not cross-entropy; where the score does not follow
its law or does not rise, suspect that the pre-training data is misaligned with the task and compare the best checkpoint
with no pre-training; where it follows, extrapolate, and rank data sets by what they are predicted to reach. The paper
draws no sharp lines between these cases. The limits below are ours, and every verdict says the figures it rests on.
"""

from dataclasses import dataclass

import numpy as np

from xai.scaling.fit import PARAMETERS, Fit, HeldOut, expected_error, fit, held_out
from xai.scaling.runs import Runs
from xai.typing import Floats

SCATTER = 0.05  # relative scatter of the runs about the law, above which they do not follow it
HELD_OUT = 0.10  # mean relative error on the runs left out, above which their scatter must explain it
FALL = 0.05  # how far below its best a score must end to count as falling
FLAT = 0.05  # change over all runs, below which pre-training on this data hardly matters
IMPROVED = 0.01  # how far cross-entropy must come down, or up, to count as changing
CLEAR = 3.0  # times its scatter by which a fluctuating score must rise in all to count as rising all the same


@dataclass(frozen=True, eq=False)
class Verdict:
    """What to make of one set of runs.

    Attributes
    ----------
    kind : "fits", "breaks", "misaligned", "flat" or "too few"
    title : the verdict in a few words;  text : why, and what to do;  notes : further sentences
    score, loss : the two fits, None where there are not enough runs;  held_out : the score's test, None below 4 sizes
    fall : share of its best by which the score ends lower;  rise : from the smallest to the largest size, a share
    loss_change : share by which cross-entropy changed in all, negative where it improved; None without it
    """

    kind: str
    title: str
    text: str
    notes: list[str]
    score: Fit | None = None
    loss: Fit | None = None
    held_out: HeldOut | None = None
    fall: float = 0.0
    rise: float = 0.0
    loss_change: float | None = None


def judge(runs: Runs, seed: int = 0) -> Verdict:
    """The paper's guide applied to one set of runs. A score of 0 or less counts as a fall, but not in the fit."""
    positive = runs.score > 0
    tokens, score = runs.tokens[positive], runs.score[positive]
    notes = _notes(runs, int((~positive).sum()))
    if len(np.unique(tokens)) < PARAMETERS:
        return _too_few(runs, len(np.unique(tokens)), notes)
    score_fit, test = fit(tokens, score, seed=seed), held_out(tokens, score)
    loss_fit = None
    if runs.cross_entropy is not None and len(np.unique(runs.tokens)) >= PARAMETERS:
        loss_fit = fit(runs.tokens, runs.cross_entropy, "cross-entropy", seed=seed)
    fall, rise, loss_change = _movements(runs)
    scatter = _scatter(score_fit)
    falls = fall > FALL
    steady = scatter <= SCATTER and not falls
    rises = not falls and np.log1p(rise) > CLEAR * scatter
    follows = steady and (test is None or test.error <= HELD_OUT or test.error <= expected_error(score_fit, test))
    change = loss_change or 0.0
    if follows and rise >= FLAT and change > IMPROVED:
        notes.append(
            f"Cross-entropy worsens by {change:.1%} over the same runs, while {runs.score_name} improves: trust "
            f"{runs.score_name}, not cross-entropy."
        )
    if follows and abs(rise) < FLAT:
        kind, title, text = "flat", "Flat: more of this data changes little", _flat(runs, rise)
    elif follows:
        kind, title, text = "fits", f"Fits: {runs.score_name} follows its law", _fits(runs, scatter, test)
    else:
        kind, title = "breaks", f"Breaks: {runs.score_name} does not follow its law"
        text, misled = _symptom(runs, falls, rises, scatter, test, fall, rise), ""
        if change < -IMPROVED and not steady and not rises:
            kind, title = "misaligned", f"Misaligned: trust {runs.score_name}, not cross-entropy"
            misled = f" Cross-entropy improves by {-change:.1%} over the same runs and would tell you to go on: it misleads here."
        text = f"{text}{misled} {_what_now(runs)}"
    return Verdict(kind, title, text, notes, score_fit, loss_fit, test, fall, rise, loss_change)


@dataclass(frozen=True)
class Ranked:
    """A data set's place: predicted score at the target size with the band's ends, or None where the law breaks.

    first : share of the bootstrap draws in which it comes first among the data sets that have draws
    best : highest measured score
    """

    name: str
    kind: str
    predicted: float | None
    low: float | None
    high: float | None
    first: float | None
    best: float


def rank(sets: list[Runs], tokens: float, verdicts: list[Verdict] | None = None, level: float = 0.9) -> list[Ranked]:
    """Data sets by predicted score at `tokens` of pre-training, best first; those without a law follow, by best score.

    verdicts : of the same sets, where they were judged before
    """
    if not (np.isfinite(tokens) and tokens > 0):
        raise ValueError(f"the target size must be a number of tokens above 0; got {tokens}")
    if len({runs.score_name for runs in sets}) > 1:
        raise ValueError("data sets are ranked by one score: give runs that were all measured by the same")
    verdicts = [judge(runs) for runs in sets] if verdicts is None else verdicts
    usable = [verdict.score if verdict.kind in ("fits", "flat") else None for verdict in verdicts]
    drawn = {i: found.draws for i, found in enumerate(usable) if found and found.draws}
    wins = {}
    if drawn:
        table = np.array([[float(law(tokens)) for law in draws] for draws in drawn.values()])
        wins = dict(zip(drawn, np.bincount(table.argmax(axis=0), minlength=len(drawn)) / table.shape[1]))
    ranked = []
    for i, (runs, verdict, found) in enumerate(zip(sets, verdicts, usable)):
        band = found.band(tokens, level) if found else None
        low, high = map(float, band) if band else (None, None)
        predicted = float(found.law(tokens)) if found else None
        first = float(wins[i]) if i in wins else None
        ranked.append(Ranked(runs.name, verdict.kind, predicted, low, high, first, float(runs.score.max())))
    return sorted(ranked, key=lambda r: (r.predicted is None, -(r.best if r.predicted is None else r.predicted)))


def _movements(runs: Runs) -> tuple[float, float, float | None]:
    """Fall, rise and loss change of a Verdict; each end is the mean of two neighbouring sizes where there are four or more."""
    sizes, where = np.unique(runs.tokens, return_inverse=True)
    wide = 2 if len(sizes) > 3 else 1

    def smoothed(values: Floats) -> Floats:
        means = np.bincount(where, values) / np.bincount(where)
        return np.convolve(means, np.ones(wide) / wide, "valid")

    score = smoothed(runs.score)
    loss = None if runs.cross_entropy is None else smoothed(runs.cross_entropy)
    fall = float(max(0.0, 1.0 - score[-1] / score.max())) if score.max() > 0 else 0.0
    rise = float(score[-1] / score[0] - 1.0) if score[0] > 0 else float("inf")
    return fall, rise, None if loss is None else float(loss[-1] / loss[0] - 1.0)


def _notes(runs: Runs, dropped: int) -> list[str]:
    notes = []
    if dropped:
        what = "1 run has a score" if dropped == 1 else f"{dropped} runs have scores"
        notes.append(f"{what} of 0 or less: left out of the fit, for the law takes logarithms, but a fall to them counts.")
    if runs.alignment is not None:
        notes.append(f"The mix's alignment score with the task is {runs.alignment:.2f} (1 is an even mix of the two).")
    if runs.cross_entropy is None:
        notes.append("Without cross-entropy nothing can be said about whether it misleads.")
    return notes


def _too_few(runs: Runs, sizes: int, notes: list[str]) -> Verdict:
    have = f"{sizes} size{'' if sizes == 1 else 's'}"
    text = (
        f"A law has {PARAMETERS} parameters, and there are positive scores of {have}. "
        f"Measure {PARAMETERS - sizes} more; from four sizes on, the law can also be tested."
    )
    return Verdict("too few", "Too few points for a law", text, notes, None, None, None, *_movements(runs))


def _fits(runs: Runs, scatter: float, test: HeldOut | None) -> str:
    advice = "Extrapolate it to the size you can afford, and stop early where the prediction is too low."
    if test is None:
        return (
            "The law has three parameters, so it meets nearly any three sizes that rise: "
            f"measure a fourth size to test it. {advice}"
        )
    others = "other one" if len(test.measured) == 1 else f"other {len(test.measured)}"
    return (
        f"The runs scatter by {scatter:.1%} about it; fitted on the {test.fitted} with least data it predicts "
        f"the {others} with a mean error of {test.error:.1%}. {advice}"
    )


def _flat(runs: Runs, rise: float) -> str:
    return (
        f"{runs.score_name} changes by {rise:+.1%} from {runs.tokens[0]:.3g} to {runs.tokens[-1]:.3g} tokens. "
        "So it is where the fine-tuning set is large: pre-training adds little then. Spend on fine-tuning data instead."
    )


def _scatter(found: Fit) -> float:
    """The runs' scatter about the law; of three, which leave no degree of freedom, what the best law misses them by."""
    if found.scatter is not None:
        return found.scatter
    return float(np.sqrt(np.square(np.log(found.values / found.law(found.tokens))).mean()))


def _symptom(runs: Runs, falls: bool, rises: bool, scatter: float, test: HeldOut | None, fall: float, rise: float) -> str:
    if falls:
        at = runs.tokens[int(np.argmax(runs.score))]
        return f"{runs.score_name} ends {fall:.0%} below its best, which it reached near {at:.3g} tokens."
    if scatter > SCATTER:
        about = f"the runs scatter by {scatter:.1%} about the best law (allowed: {SCATTER:.0%})"
        if rises:
            return (
                f"{runs.score_name} rises by {rise:.0%} but fluctuates: {about}. Repeat some with other "
                "seeds, to see whether that is noise."
            )
        return f"{runs.score_name} fluctuates: {about}."
    assert test is not None  # nothing else is left that would break the law
    return f"The law misses the runs left out by {test.error:.1%} on average, more than the runs' scatter explains."


def _what_now(runs: Runs) -> str:
    best = int(np.argmax(runs.score))
    return (
        "Suspect that the pre-training data is misaligned with the task, and compare the best checkpoint "
        f"({runs.score_name} {runs.score[best]:.3g} at {runs.tokens[best]:.3g} tokens) with no pre-training at all."
    )
