"""What a file of trees says: its trees, the columns they read, and how their sum becomes an answer."""

from dataclasses import dataclass

from xai.trees.exact import TreeEnsemble


@dataclass(frozen=True)
class TreeModel:
    """A tree model from a file.

    ensemble : its trees;  names : of its columns, as the file has them, or None
    link : from raw margin to answer: "identity", "exp", "logistic" or "softmax";  slope : of the logistic
    levels : for each column of categories, in the order of the columns, its levels; None where the file names none
    """

    ensemble: TreeEnsemble
    names: list[str] | None
    link: str
    slope: float = 1.0
    levels: list[list[object]] | None = None
