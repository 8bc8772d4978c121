"""What the engine's indices and methods are called on the pages."""

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
EXACT = "exact, all coalitions"


def method_name(index: str, method: str) -> str:
    return EXACT if method == "exact" else METHODS[index][method]
