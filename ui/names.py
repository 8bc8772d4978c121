"""What the pages call the engine's indices and methods, and a text's parts and their absence."""

INDICES = {"banzhaf": "Banzhaf values", "shapley": "Shapley values"}
METHODS = {
    "banzhaf": {
        "kernel": "Kernel Banzhaf",
        "auto": "automatic choice",
        "orthogonal": "orthogonal pairs",
        "walsh": "Walsh posterior",
        "msr": "Maximum Sample Reuse",
        "monte_carlo": "Monte Carlo",
    },
    "shapley": {
        "kernelshap": "KernelSHAP",
        "auto": "automatic choice",
        "walsh": "Walsh posterior",
        "leverage": "Leverage SHAP",
        "permutation": "permutations",
    },
}
EXACT = "exact (the budget covers all coalitions)"
PLAYERS = {"word": "words", "token": "tokens", "sentence": "sentences", "line": "lines"}
ABSENT = {"remove": "removed from the prompt", "hole": "hidden, their places kept", "replace": "replaced by “ ...”"}


def method_name(index: str, method: str) -> str:
    return EXACT if method == "exact" else METHODS[index][method]
