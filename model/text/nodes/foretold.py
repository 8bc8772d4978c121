"""How many tokens sequences will take through the layers, told of coalitions alone: what begins alike is run once."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from xai.typing import Bools, Ints

Sharing = Literal["", "tree", "trail"]  # nothing; all that was run, as of `tree.Tree`; the sequence before, as of `trail.Trail`


class Asked(NamedTuple):
    """Coalitions of one call. here : bool (m, t), what of each token tells them apart;  run : bool (m, t), which are run"""

    here: Bools
    run: Bools


def tokens_of(calls: Sequence[Asked], last: int, sharing: Sharing) -> int:
    """Tokens that are new in these calls, one after the other; of each sequence the `last`, with all but one of them after
    the tokens of its coalition, are its own."""
    own = sum(int(call.run.sum()) + (last - 1) * len(call.run) for call in calls)
    if not sharing or not calls:
        return own
    if sharing == "tree":
        calls = [Asked(*(np.concatenate(both) for both in zip(*calls)))]
    ordered = [Asked(call.here[order], call.run[order]) for call in calls for order in [_in_order(call.here)]]
    here, run = (np.concatenate(both) for both in zip(*ordered))
    alike = np.arange(run.shape[1]) < _parted(here)[:, None]
    shared = np.minimum((run[1:] & alike).sum(axis=1), run[1:].sum(axis=1) - 1)
    return own - int(shared.sum())


def _in_order(here: Bools) -> Ints:
    """What begins alike stands together."""
    keys = [row.tobytes() for row in np.packbits(here, axis=1)]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _parted(here: Bools) -> Ints:
    """(m − 1,) the first token in which a row differs from the one before it."""
    other = here[1:] != here[:-1]
    places: Ints = np.where(other.any(axis=1), other.argmax(axis=1), here.shape[1])
    return places
