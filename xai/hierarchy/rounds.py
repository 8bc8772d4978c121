"""Rounds: one small set of coalitions of an inner game, and the unbiased estimate of its children's values from it.

Every coalition S comes with its complement S̄, the context's included, so that terms of two players cancel, within a
part and across. Rounds of one game are independent, and so their spread is the error.

Blocks (few children): Banzhaf values from one Hadamard matrix whose last column turns the whole context over, so that
neither the context nor the other children leave a linear trace; Shapley values from a random order and its reverse.
Samples (more children than a block may cost, or too little left for two blocks): the context stays as drawn and is turned
over with the pair, coalitions of the children are drawn, uniformly or, for Shapley values, over their sizes. A trace of what
other rounds found is taken out.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from xai.estimators.codes import hadamard_order
from xai.estimators.designs import paired
from xai.estimators.orthogonal import hadamard_pairs
from xai.hierarchy.inner import BANZHAF, Inner, order_chance
from xai.typing import Bools, Floats, Ints

SAMPLED_PAIRS, LEAST_PAIRS = 16, 4
MAX_EXACT = 16  # players of an inner game that is enumerated


class Plan(NamedTuple):
    """How a node's rounds are drawn: blocks or samples, coalitions a round at most, rounds before anything is said."""

    blocks: bool
    rows: int
    first: int


def plan(p: int, kind: str, most: int) -> Plan:
    """Of p children that count by the index `kind`: blocks where the first cost no more than `most` coalitions, else samples."""
    rows = 2 * hadamard_order(p + 1) if kind == BANZHAF else 2 * (p + 1)
    first = 3 if p < 4 else 2
    return Plan(True, rows, first) if first * rows <= most else Plan(False, 2 * SAMPLED_PAIRS, 2)


@dataclass(frozen=True)
class Round:
    """bits : (m, q), pairs S, S̄ one after the other; what else is needed to solve it: an order, or the sizes' chances."""

    bits: Bools
    order: Ints | None = None
    chance: Floats | None = None


def lean_plan(p: int, left: int) -> Plan | None:
    """Two small samples of what is left; None where that is too little to tell anything of p children."""
    pairs = min(left // 4, SAMPLED_PAIRS)
    return Plan(False, 2 * pairs, 2) if pairs >= max(LEAST_PAIRS, p / 2) else None


def draw(inner: Inner, asked: Plan, rng: np.random.Generator) -> Round:
    """The coalitions of one round."""
    p, context, blocks, pairs = inner.p, inner.context(rng), asked.blocks, asked.rows // 2
    if blocks and inner.kind == BANZHAF:
        rows = hadamard_pairs(p + 1, hadamard_order(p + 1), rng)
        return Round(paired(np.concatenate([rows[:, p:] ^ context, rows[:, :p]], axis=1)))
    if blocks:
        order = rng.permutation(p)
        chain = np.argsort(order) < np.arange(p + 1)[:, None]
        return Round(paired(_beside(context, chain)), order=order)
    if inner.kind == BANZHAF:
        return Round(paired(_beside(context, rng.random((pairs, p)) < 0.5)))
    sizes = np.arange(1, p)
    chance = 1.0 / np.sqrt(sizes * (p - sizes))  # least variance for an additive game
    chance /= chance.sum()
    drawn = rng.choice(sizes, pairs, p=chance)
    inside = rng.permuted(np.tile(np.arange(p), (pairs, 1)), axis=1) < drawn[:, None]
    return Round(paired(_beside(context, inside)), chance=chance[drawn - 1])


def _beside(context: Bools, inside: Bools) -> Bools:
    return np.concatenate([np.broadcast_to(context, (len(inside), len(context))), inside], axis=1)


def solve_block(inner: Inner, drawn: Round, values: Floats) -> Floats:
    """Children's values (p, k) from the values (m, k) of one block."""
    if drawn.order is None:
        signs = np.where(drawn.bits[::2, -inner.p :], 1.0, -1.0)
        mean: Floats = signs.T @ (values[::2] - values[1::2]) / len(signs)
        return mean
    steps = (np.diff(values[::2], axis=0) - np.diff(values[1::2], axis=0)) / 2.0
    found: Floats = steps[np.argsort(drawn.order)]
    return found


class Sample:
    """A round of pairs whose children were drawn; `estimate` may be given values (p, k) that other rounds speak for.

    Banzhaf: 2·Cov(χ_i, odd), odd = (v(S) − v(S̄))/2. Shapley: value_i − total/p = Cov(g_i, odd), g_i = (z_i/s − (1 − z_i)/(p − s))
    over the chance of the size s. The covariance takes the context's own difference out.
    """

    def __init__(self, inner: Inner, drawn: Round, values: Floats) -> None:
        self.inside = drawn.bits[::2, -inner.p :]
        self.odd = (values[::2] - values[1::2]) / 2.0
        self.shapley = drawn.chance is not None
        present = self.inside.sum(axis=1)
        self.up = self.down = np.full(len(self.odd), 2.0)
        if drawn.chance is not None:
            self.up, self.down = 1.0 / (present * drawn.chance), 1.0 / ((inner.p - present) * drawn.chance)

    def estimate(self, known: Floats, total: Floats) -> Floats:
        """(p, k): of what is `known` (p, k), only what it leaves is sampled; total (k,): the sum, for Shapley values."""
        p = self.inside.shape[1]
        there = np.flatnonzero(known.any(axis=1))
        trace = np.where(self.inside[:, there], 0.5, -0.5) @ known[there]
        if self.shapley:  # the rest, spread evenly, is a linear game too
            rest = (total - known.sum(axis=0)) / p
            trace += (self.inside.sum(axis=1) - p / 2.0)[:, None] * rest
            known = known + rest
        left = self.odd - trace
        left -= left.mean(axis=0)
        left /= len(left) - 1.0
        sampled: Floats = self.inside.T.astype(float) @ ((self.up + self.down)[:, None] * left) - self.down @ left
        return known + sampled


def combine_samples(samples: list[Sample], total: Floats) -> Floats:
    """Each round's estimate (r, p, k), rid of what the other rounds find beyond chance; unbiased as they are independent."""
    p, k = samples[0].inside.shape[1], samples[0].odd.shape[1]
    plain = np.array([sample.estimate(np.zeros((p, k)), total) for sample in samples])
    found = []
    for i, sample in enumerate(samples):
        others = np.delete(plain, i, axis=0)
        mean = others.mean(axis=0)
        noise = np.sqrt(np.square(mean).mean(axis=0))  # most children are nearly nothing
        found.append(sample.estimate(np.where(np.abs(mean) > 3.0 * noise, mean, 0.0), total))
    return np.array(found)


def solve_rounds(rounds: Floats) -> tuple[Floats, Floats]:
    """Mean (p, k) of independent estimates (r, p, k) and its standard error.

    Children of one part are taken to err alike, as much as their own rounds are too few to say.
    """
    r, p, _ = rounds.shape
    mean = rounds.mean(axis=0)
    own = np.square(rounds - mean).sum(axis=0) / (r * (r - 1.0))
    alike, weight = own.mean(axis=0), 4.0
    widened = stdtrit((r - 1) * max(min(p - 1, 4), 1), 0.975) / stdtrit(np.inf, 0.975)
    return mean, np.sqrt(((r - 1.0) * own + weight * alike) / (r - 1.0 + weight)) * widened


def solve_exact(inner: Inner, bits: Bools, values: Floats) -> Floats:
    """Children's values (p, k) from all coalitions of the inner game: Owen's formula, or its Banzhaf counterparts."""
    inside, p = bits[:, inner.q - inner.p :], inner.p
    chance = inner.context_chance(bits)
    present = inside.sum(axis=1)
    # A coalition that holds i counts by the chance that the others in it come before i; one without i likewise.
    of_others = np.full(p, 2.0 ** (1 - p)) if inner.kind == BANZHAF else order_chance(p - 1)
    with_i, without_i = of_others[np.maximum(present - 1, 0)], of_others[np.minimum(present, p - 1)]
    weight = np.where(inside, with_i[:, None], -without_i[:, None]) * chance[:, None]
    found: Floats = weight.T @ (values - values[0])
    return found
