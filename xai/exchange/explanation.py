"""A shap.Explanation that remembers to hold Banzhaf values, so that nobody reads them back as Shapley values."""

from typing import Any

from shap import Explanation


class BanzhafExplanation(Explanation):  # type: ignore[misc]  # shap has no types
    """What `to_shap` makes of Banzhaf values; p : with which probability other players are present."""

    p = 0.5

    def __copy__(self) -> Any:
        made = super().__copy__()
        made.__class__, made.p = BanzhafExplanation, self.p
        return made
