"""A randomised control: with the values dealt out to the wrong coalitions, the map must fall apart."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution
from xai.checks import check_whole
from xai.ledger import Cancelled, Ledger
from xai.threads import one_thread
from xai.trust.held_out import fitted
from xai.typing import Cancel, Floats, Progress

FREE = 4  # coalitions per player; with fewer, "kernel" and "kernelshap" found none of 14 players' true maps
REGRESSIONS = ("kernel", "orthogonal", "kernelshap", "leverage")
REPEATS = 19  # with the real map twenty: the smallest p-value is 0.05


@dataclass(frozen=True)
class Control:
    """What `shuffled_control` found.

    Attributes
    ----------
    real, shuffled : (n,), (repeats, n) values of the same method on the values as they are, and on shuffled ones
    ratio : spread of the shuffled maps over that of the real one, mean; a spread is the norm of the values less their
        mean, for shuffling leaves v(∅) and v(N) alone and efficient values keep their sum
    correlation : Pearson's, of the shuffled maps with the real one, mean of its size
    free : whether the fit left enough freedom to tell: a regression on fewer than FREE coalitions per player fits anything
    p_value : share of all maps, the real one among them, whose spread is at least the real one's
    """

    real: Floats
    shuffled: Floats
    ratio: float
    correlation: float
    p_value: float
    free: bool = True

    def sentence(self, parts: str = "players") -> str:
        """In plain words, whether the map says more than chance."""
        held = int(np.rint(self.p_value * (len(self.shuffled) + 1))) - 1
        if held and not self.free:
            return (
                f"This control says nothing at this budget: so few coalitions for so many {parts} fit any values, shuffled "
                "ones as well. Whether the map is more than chance is judged by unseen coalitions, above."
            )
        if held == 0:
            return (
                f"The control falls apart, as it must: with the values shuffled among the coalitions, the map keeps "
                f"{self.ratio:.0%} of its strength and correlates {self.correlation:.2f} with the real one."
            )
        return (
            f"The control does not fall apart: {held} of {len(self.shuffled)} maps of shuffled values are as strong as "
            f"this one, so it may be nothing but chance. Raise the budget, or take fewer {parts}."
        )


def shuffled_control(
    ledger: Ledger,
    attribution: Attribution,
    weights: ArrayLike | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Control:
    """Solve again, by the attribution's own method and coalitions, with values shuffled among the coalitions.

    A permutation test of "this map says nothing". No model call: the ledger holds what the attribution was made from,
    ValueError if not. v(∅) and v(N) stay where they are; a coalition that the design repeats keeps one value.
    weights : (k,) of the game's output columns, None: their sum. progress(done, total), cancel() : between repeats
    """
    check_whole("seed", seed)
    if check_whole("repeats", repeats) < 1:
        raise ValueError(f"repeats must be at least 1; got {repeats}")
    if attribution.labels != ledger.labels:
        raise ValueError("the attribution has other players than the ledger's game")
    entry, design, combined = fitted(ledger, attribution, weights)
    _, first, where = np.unique(np.packbits(design.coalitions, axis=1), axis=0, return_index=True, return_inverse=True)
    where, inner = where.reshape(-1), np.flatnonzero(first > 1)  # rows 0 and 1 are ∅ and N
    rng, maps = np.random.default_rng(seed), []
    for repeat in range(repeats + 1):
        if cancel is not None and cancel():
            raise Cancelled(ledger)
        dealt = combined[first]
        if repeat:
            dealt[inner] = rng.permutation(dealt[inner])
        with one_thread():
            maps.append(entry.solve(design, dealt[where][:, None]).values[:, 0])
        if progress is not None:
            progress(repeat + 1, repeats + 1)
    return replace(
        _compared(np.array(maps)), free=attribution.method not in REGRESSIONS or len(design.coalitions) >= FREE * ledger.n_players
    )


def _compared(maps: Floats) -> Control:
    centred = maps - maps.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(centred).sum(axis=1))
    nothing = 1e-12 * np.abs(maps).max(initial=0.0)
    if spread[0] <= nothing:
        return Control(maps[0], maps[1:], float("nan"), float("nan"), 1.0)
    correlation = centred[1:] @ centred[0] / np.maximum(spread[1:] * spread[0], 1e-300)
    as_strong = spread >= spread[0] - nothing
    figures = (spread[1:] / spread[0]).mean(), np.abs(correlation).mean(), as_strong.mean()
    ratio, close, p_value = map(float, figures)
    return Control(maps[0], maps[1:], ratio, close, p_value)
