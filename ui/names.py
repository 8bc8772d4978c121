"""What the pages call the engine's indices and methods, and which two a comparison begins with."""

from dataclasses import dataclass

from xai.exchange.map import INDEX_NAMES

INDICES = INDEX_NAMES
METHODS = {
    "banzhaf": {
        "auto": "automatic choice",
        "kernel": "Kernel Banzhaf",
        "orthogonal": "orthogonal pairs",
        "walsh": "Walsh posterior",
        "msr": "Maximum Sample Reuse",
        "monte_carlo": "Monte Carlo",
        "exact": "exact",
    },
    "shapley": {
        "kernelshap": "KernelSHAP",
        "auto": "automatic choice",
        "walsh": "Walsh posterior",
        "leverage": "Leverage SHAP",
        "permutation": "permutations",
        "orthogonal": "from the left map’s calls",
        "kernel": "from the left map’s calls",
        "exact": "exact",
    },
}
OTHERS = {"shap": "computed by shap", "shapiq": "computed by shapiq"}  # what `from_shap` and `from_shapiq` brought, of any index
MEANING = {
    "banzhaf": "How much a part changes {what} on average, when every other part is present or absent with equal chance.",
    "shapley": "How a part shares in the whole change of {what} from no part to all parts: averaged over every order "
    "in which the parts could be added; the shares sum to that change.",
}
PLAYERS = {"word": "words", "token": "tokens", "sentence": "sentences", "line": "lines", "turn": "turns of a conversation"}
ABSENT = {
    "remove": "removed from the prompt",
    "hole": "hidden, their places kept",
    "replace": "replaced by “ ...”",
    "read-once": "hidden from the question alone: cheap, not removal",
}
UNTIL = {
    "sentence": "the end of its first sentence or line",
    "line": "the end of its line, a chat model’s to its end",
    "end": "its end",
}


@dataclass(frozen=True)
class Pane:
    """One side of a comparison: an index and the method that estimates it."""

    index: str
    method: str

    def __str__(self) -> str:
        return f"{INDICES[self.index]} · {METHODS[self.index][self.method]}"

    @property
    def key(self) -> str:
        """As it stands in a link."""
        return f"{self.index}-{self.method}"

    @classmethod
    def of(cls, key: str) -> "Pane":
        """The pane of a key; ValueError for any other text."""
        index, _, method = str(key).partition("-")
        if method not in METHODS.get(index, ()):
            raise ValueError(f"{key!r} names no index and method; allowed are {[pane.key for pane in PANES]}")
        return cls(index, method)


NAMED = {pane.key: str(pane) for pane in (Pane(index, method) for index in METHODS for method in METHODS[index])}
# "exact" is what a pane becomes where the budget covers all coalitions: it is chosen only where it needs none of them.
# Nor is a map from the other one's calls: a plan has it beside the Banzhaf values that pay, by the method of `FREE`.
FREE = {"auto": "orthogonal", "orthogonal": "orthogonal", "kernel": "kernel", "walsh": "walsh"}
_BESIDE = {Pane("shapley", "orthogonal"), Pane("shapley", "kernel")}
PANES = [
    pane
    for pane in (Pane(index, method) for index in METHODS for method in METHODS[index] if method != "exact")
    if pane not in _BESIDE
]
DEFAULT_PANES = (Pane("banzhaf", "auto"), Pane("shapley", "kernelshap"))
EXACT_PANES = (Pane("banzhaf", "exact"), Pane("shapley", "exact"))  # of models with a closed form


def method_name(index: str, method: str) -> str:
    return OTHERS.get(method) or METHODS[index][method]
