"""Banzhaf values of data sources from training runs that a user has already scored, and which runs to add next.

Each run is a coalition: the sources it was trained on. A user's runs are no design of ours, so the values come from
ordinary least squares with an intercept on the sources (v ≈ c + Σ φ_i (z_i − ½)), whose coefficients tend to the
Banzhaf values as uniform coalitions are added (arXiv 2410.08336, where pairs make the intercept drop out). What the
runs leave open is said, not guessed: a source that was always in, or always in together with another, has no value.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from xai.attribution import Attribution, attribution_of
from xai.estimators.codes import hadamard_order
from xai.estimators.designs import Design, paired
from xai.estimators.orthogonal import orthogonal_pairs
from xai.estimators.solvers import Estimate
from xai.scaling.runs import COLUMNS, SCORES
from xai.scaling.uploads import numbers, plain
from xai.typing import Bools, Floats

MAX_SOURCES = 200
LOSSES = (*COLUMNS["cross_entropy"], "perplexity", "ppl")  # measures of which less is better
_STATES = {"true": "1", "yes": "1", "false": "0", "no": "0"}
_NO_SCORES = ("run", "run_id", "id", "no", "number", "index", "seed")
_OPEN = 1e-8  # part of a coefficient's direction outside the runs' row space above which it is not determined
_SHIFTS = 16  # random orthogonal designs whose rows are candidates for further runs


@dataclass(frozen=True, eq=False)
class ScoredRuns:
    """coalitions : (m, n) bool, which source was in which run;  scores : (m, k);  sources, measures : their names."""

    coalitions: Bools
    scores: Floats
    sources: list[str]
    measures: list[str]


def scored_runs_of(table: dict[str, list[str]]) -> ScoredRuns:
    """The runs of a table (texts by column): every column of 0 and 1 alone is a source, every other of numbers a score.

    true and false, yes and no stand for 1 and 0; a column named like a score (BLEU, accuracy) is one whatever it holds.
    A column without any number, or named "run", "id", "number" or "seed", says which run it is and is left out.
    ValueError with one sentence for any other table.
    """
    sources, scores = {}, {}
    for name, cells in table.items():
        cells = [_STATES.get(cell.lower(), cell) for cell in cells]
        if plain(name) in _NO_SCORES or not any(_is_number(cell) for cell in cells):
            continue
        values = numbers(name, cells)
        states = np.isin(values, (0.0, 1.0))
        if plain(name).removesuffix("_score") in (*SCORES, *LOSSES) or states.mean() < 0.5:
            scores[name] = values
        elif states.all():
            sources[name] = values
        else:
            row = int(np.flatnonzero(~states)[0])
            raise ValueError(
                f"row {row + 1} of column {name!r} holds {cells[row]} among 0 and 1: write 1 where the source was in "
                "and 0 where it was not"
            )
    if not sources:
        raise ValueError("no column holds 0 and 1 only: give one such column for each data source, 1 where it was in")
    if not scores:
        raise ValueError("no column holds scores: give at least one column of numbers other than 0 and 1")
    if len(sources) > MAX_SOURCES:
        raise ValueError(f"the table has {len(sources)} sources; at most {MAX_SOURCES} are compared: join some")
    coalitions = np.stack(list(sources.values()), axis=1).astype(bool)
    return ScoredRuns(coalitions, np.stack(list(scores.values()), axis=1), list(sources), list(scores))


@dataclass(frozen=True, eq=False)
class SourceValues:
    """What given runs say about their sources.

    Attributes
    ----------
    values, standard_error : (n, k), one column per measure; NaN for what the runs leave open
    determined : (n,) bool;  note : sentences on what is open, and on errors that cannot be judged
    attribution : the same for the sources that are determined, with the scores that least squares predicts for no
        source and for all of them as its ends; None where no source is
    """

    values: Floats
    standard_error: Floats
    determined: Bools
    note: str
    attribution: Attribution | None


def source_values(runs: ScoredRuns) -> SourceValues:
    """Least-squares Banzhaf values of the sources.

    Standard errors take what sources do together for noise, with m − rank degrees of freedom, widened (Student's t) so
    that ±1.96 of them cover 95 %; NaN where no degree of freedom is left.
    """
    z, scores = runs.coalitions, runs.scores
    m, n = z.shape
    x = _rows(z)
    inverse, rank, open_ = _inverse(x)
    freedom, determined = m - rank, ~open_
    fitted = inverse @ x.T @ scores
    per_unit = np.maximum(np.diag(inverse)[1:], 0.0)
    noise = np.full((scores.shape[1], scores.shape[1]), np.nan)
    if freedom:
        residual = scores - x @ fitted
        widened = stdtrit(freedom, 0.975) / stdtrit(np.inf, 0.975)
        noise = residual.T @ residual * (widened**2 / freedom)
    covariance = per_unit[:, None, None] * noise
    values, error = fitted[1:].copy(), np.sqrt(np.einsum("njj->nj", covariance))
    values[~determined], error[~determined] = np.nan, np.nan
    note = _explain_open(runs, open_, freedom)
    if not determined.any():
        return SourceValues(values, error, determined, note, None)
    ends = _rows(np.array([np.zeros(n, bool), np.ones(n, bool)])) @ fitted
    estimate = Estimate(values[determined], error[determined], covariance[determined], note)
    labels = [name for name, known in zip(runs.sources, determined) if known]
    attribution = attribution_of(estimate, Design(z, m, 0), ends, labels, "banzhaf", "given runs")
    return SourceValues(values, error, determined, note, attribution)


@dataclass(frozen=True, eq=False)
class NextRuns:
    """Runs to add, best first.

    coalitions : (count, n) bool
    before, after : (n,) standard error of each source's value in units of one run's noise; inf where it is open
    """

    coalitions: Bools
    before: Floats
    after: Floats


def next_runs(coalitions: Bools, count: int, seed: int = 0) -> NextRuns:
    """The `count` runs that shrink the mean variance of the sources' values most, beside the runs there are.

    Candidates are the rows of designs as in `estimators.orthogonal`, which separate all sources from each other once
    complete: of several such designs, and of all of them together, the one that greedy choice does best with. Runs that
    there are already are proposed only when no others are left; a run without any source only for a single source.

    coalitions : (m, n) bool, the runs there are; m may be 0
    """
    done = np.asarray(coalitions, dtype=bool)
    if done.ndim != 2 or not done.shape[1]:
        raise ValueError(f"the runs must have shape (m, sources); got {done.shape}")
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 1 <= count <= 1000:
        raise ValueError(f"the number of runs to add must be a whole number from 1 to 1000; got {count!r}")
    n = done.shape[1]
    designs = [paired(orthogonal_pairs(n, hadamard_order(n), seed + shift)) for shift in range(_SHIFTS)]
    pools = [np.unique(pool, axis=0) for pool in [*designs, np.concatenate(designs)]]
    options = [_greedy(done, pool[pool.any(axis=1) | (n == 1)], count) for pool in pools]
    added = min(options, key=lambda option: option[1])[0]
    return NextRuns(added, _errors(done), _errors(np.concatenate([done, added])))


def _greedy(done: Bools, candidates: Bools, count: int) -> tuple[Bools, float]:
    """`count` of the candidates, each the best beside those before it, and the sum of the values' variances with them.

    A vague prior, of variance 1e6 times one run's noise, makes every direction finite, so that gains can be compared.
    """
    rows, x = _rows(candidates), _rows(done)
    inverse = np.linalg.inv(x.T @ x + 1e-6 * np.eye(x.shape[1]))
    left = np.trace(inverse[1:, 1:])
    reach = rows @ inverse
    there = Counter(map(bytes, np.packbits(done, axis=1)))
    repeats = np.array([there[bytes(row)] for row in np.packbits(candidates, axis=1)])
    chosen = []
    for _ in range(count):
        gain = np.square(reach[:, 1:]).sum(axis=1) / (1.0 + np.einsum("cp,cp->c", reach, rows))
        best = int(np.argmax(np.where(repeats == repeats.min(), gain, -1.0)))
        repeats[best] += 1
        left -= gain[best]
        chosen.append(best)
        share = reach[best] / (1.0 + reach[best] @ rows[best])
        reach = reach - np.outer(reach @ rows[best], share)
    return candidates[chosen], float(left)


def _rows(coalitions: Bools) -> Floats:
    """Regression rows: 1, then ±½ for each source."""
    return np.hstack([np.ones((len(coalitions), 1)), np.where(coalitions, 0.5, -0.5)])


def _inverse(x: Floats) -> tuple[Floats, int, Bools]:
    """Pseudo-inverse of x'x, its rank, and which sources' coefficients the rows leave open, bool (n,)."""
    _, size, right = np.linalg.svd(x, full_matrices=False)
    kept = size > 1e-9 * max(size.max(initial=0.0), 1.0)
    inverse = (right[kept].T / np.square(size[kept])) @ right[kept]
    projection = inverse @ (x.T @ x)
    return inverse, int(kept.sum()), np.abs(projection - np.eye(len(projection)))[1:].max(axis=1) > _OPEN


def _errors(coalitions: Bools) -> Floats:
    inverse, _, open_ = _inverse(_rows(coalitions))
    return np.where(open_, np.inf, np.sqrt(np.maximum(np.diag(inverse)[1:], 0.0)))


def _explain_open(runs: ScoredRuns, open_: Bools, freedom: int) -> str:
    """Sentences on what the runs cannot tell apart."""
    z, names, said = runs.coalitions, runs.sources, []
    constant = [i for i in np.flatnonzero(open_) if z[:, i].all() or not z[:, i].any()]
    for state, word in ((True, "every"), (False, "no")):
        same = [names[i] for i in constant if z[0, i] == state]
        if same:
            said.append(f"{_join(same)} {'was' if len(same) == 1 else 'were'} in {word} run: add runs that differ there.")
    rest, told = [i for i in np.flatnonzero(open_) if i not in constant], set(constant)
    for i in rest:
        together = [j for j in rest if j not in told and (z[:, j] == z[:, i]).all()]
        opposite = [j for j in rest if j not in told and (z[:, j] != z[:, i]).all()]
        if i not in told and len(together) > 1:
            said.append(f"{_join([names[j] for j in together])} were always in together: only their sum can be told.")
        if i not in told and opposite:
            said.append(f"{names[i]} was in exactly where {_join([names[j] for j in opposite])} was not.")
        if i not in told and len(together) + len(opposite) > 1:
            told.update(together, opposite)
    left = [names[i] for i in rest if i not in told]
    if left:
        said.append(f"{_join(left)} cannot be told apart by these {len(z)} runs: add more.")
    if not freedom:
        said.append("There are no more runs than unknowns, so errors cannot be judged.")
    return " ".join(said)


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))  # a column of 20,5 is of numbers, and refused as such
    except ValueError:
        return False
    return True
