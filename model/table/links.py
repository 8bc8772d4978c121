"""From the sums of trees to an answer: numbers, or probabilities of classes. Which link a file asks for, it says itself."""

from collections.abc import Callable

import numpy as np

from model.table.target import Target
from xai.typing import Floats

NUMBERS: dict[str, tuple[Callable[[Floats], Floats], str]] = {  # of one sum: what answers, and what the sum is called
    "identity": (lambda sums: sums, "{}"),
    "exp": (np.exp, "logarithm of {}"),
    "square": (lambda sums: np.sign(sums) * sums**2, "square root of {}"),
    "softplus": (lambda sums: np.logaddexp(0.0, sums), "logarithm of e to the {}, less 1"),
    "logistic": (lambda sums: 1.0 / (1.0 + np.exp(-sums)), "log-odds of {}"),
}
CLASSES = ("logistic", "step", "share", "softmax", "each")
LINKS = (*NUMBERS, *(link for link in CLASSES if link not in NUMBERS))
CLIP = 1e-9  # a probability nearer to 0 or 1 counts as that far away, where log-odds are made of it


def numbers_of(sums: Floats, link: str, slope: float = 1.0) -> Floats:
    """The numbers that a regression's sums stand for, in their own shape."""
    with np.errstate(over="ignore"):
        found: Floats = NUMBERS[link][0](slope * sums if link == "logistic" else sums)
    return found


def shares_of(sums: Floats, link: str, slope: float = 1.0) -> Floats:
    """(rows, classes) from raw sums (rows, outputs). One sum is of the second of two classes.

    softmax : of all;  each : a logistic of its own, which need not add up to 1 (one against all);  share : the sums are
    the shares themselves, as forests give them;  step : the class whose side of 0 it is, or whose sum is the largest
    """
    with np.errstate(over="ignore"):
        if link == "softmax" and sums.shape[1] > 1:
            found = np.exp(sums - sums.max(axis=1, keepdims=True))
            return np.asarray(found / found.sum(axis=1, keepdims=True))
        if link == "share":
            found = sums
        elif link == "step":
            found = (sums > 0).astype(float) if sums.shape[1] == 1 else np.eye(sums.shape[1])[sums.argmax(axis=1)]
        else:
            found = 1.0 / (1.0 + np.exp(-slope * sums))
    return np.column_stack([1.0 - found[:, 0], found[:, 0]]) if sums.shape[1] == 1 else found


def units_of(target: Target, link: str, slope: float = 1.0) -> str:
    """What a margin is, in words."""
    one = target.n_outputs == 1
    if target.kind == "regression":
        return NUMBERS[link][1].format(target.label) if one else f"{NUMBERS[link][1].format('each output')}, a sum of the trees"
    if link == "share":
        return f"probability of {target.classes[1]}" if one else "probability of each class"
    if not one:
        return "raw score of each class"
    if link == "step":
        return f"raw score of {target.classes[1]}"
    return f"log-odds of {target.classes[1]}" + (f", divided by {slope:g}" if slope != 1.0 else "")
