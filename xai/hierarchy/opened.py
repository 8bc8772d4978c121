"""An opened part: what has been asked about its children, and what that says so far."""

import numpy as np

from xai.estimators.designs import subsets
from xai.hierarchy.inner import Inner
from xai.hierarchy.parts import Place, fan
from xai.hierarchy.purse import Purse
from xai.hierarchy.rounds import MAX_EXACT, Plan, Sample, combine_samples, draw, solve_block, solve_exact, solve_rounds
from xai.typing import Floats

_SURER = 0.5  # of the rounds a part has had, so many more make it surer


class Opened:
    """A part and its children.

    mean, error : (p, k) values of the children and their standard errors, once `ask` has been affordable
    total, total_error : (k,) the part's own value, as its own siblings' game has it
    exact : every coalition of its game was evaluated;  pending : children that may yet be opened, bool (p,)
    """

    def __init__(self, place: Place, inner: Inner, total: Floats, total_error: Floats, seed: int, asked: Plan) -> None:
        self.place, self.inner, self.total, self.total_error = place, inner, total, total_error
        self._plan, self._seed = asked, seed
        self._blocks: list[Floats] = []
        self._samples: list[Sample] = []
        self.mean, self.error = total[None], total_error[None]  # of an only child
        self.exact = inner.p == 1
        self.pending = np.array([fan(child) > 0 for child in inner.children])
        self.looked = 0  # rounds since a child was opened

    @property
    def rounds(self) -> int:
        return len(self._blocks) + len(self._samples)

    @property
    def cost(self) -> int:
        """Coalitions that `ask` asks for, at most."""
        return 0 if self.exact else self._more() * self._plan.rows

    def _more(self) -> int:
        return max(int(_SURER * self.rounds), 1) if self.rounds else self._plan.first

    def enumerate(self, purse: Purse, whole: bool = False) -> bool:
        """Evaluates every coalition of the game if that is hardly dearer than the next rounds; whether it did.

        whole : if it is affordable at all
        """
        q = self.inner.q
        if self.exact or q > MAX_EXACT or (not whole and 2**q > self.rounds * self._plan.rows + self.cost):
            return self.exact
        bits = subsets(q)
        if purse.new(self.inner, bits) > purse.left:
            return False
        self.mean = solve_exact(self.inner, bits, purse.values(self.inner, bits))
        self.error, self.exact = np.zeros_like(self.mean), True
        return True

    def ask(self, purse: Purse) -> None:
        """Some rounds more: those with which it begins, then half as many as it has had."""
        for _ in range(self._more()):
            rng = np.random.default_rng([self._seed, self.rounds, len(self.place.path), *self.place.path])
            drawn = draw(self.inner, self._plan, rng)
            values = purse.values(self.inner, drawn.bits)
            if self._plan.blocks:
                self._blocks.append(solve_block(self.inner, drawn, values))
            else:
                self._samples.append(Sample(self.inner, drawn, values))
            self.looked += 1
        rounds = np.array(self._blocks) if self._plan.blocks else combine_samples(self._samples, self.total)
        if self.inner.adds_up:  # what a round finds of the sum is the part's own matter
            rounds = rounds + (self.total - rounds.sum(axis=1))[:, None] / self.inner.p
        self.mean, self.error = solve_rounds(rounds)

    def likeliest(self) -> tuple[float, int, bool]:
        """(score, child, told) of the pending child of the largest upper bound; score −1 where none is pending.

        told : whether its value stands out of what chance would make of the largest of so many
        """
        if not self.pending.any():
            return -1.0, 0, True
        size, error = np.linalg.norm(self.mean, axis=1), np.linalg.norm(self.error, axis=1)
        score = np.where(self.pending, size + 2.0 * error, -1.0)
        i = int(np.argmax(score))
        chance = max(2.0, np.sqrt(2.0 * np.log(self.inner.p)) + 0.5)
        return float(score[i]), i, bool(size[i] >= chance * error[i])
