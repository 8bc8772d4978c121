"""The figure of the accuracy benchmark: error against budget, Banzhaf above, Shapley below. No computing here."""

from pathlib import Path

GAMES = ("gemma remove (10)", "adult (trees, 14)", "cancer (trees, 30)", "digits (trees, 64)")
# Okabe & Ito's colours, which colour-blind readers can tell apart, and a marker each.
LINES = {
    "banzhaf": {
        "auto": ("Swing", "#0072B2", "o"),
        "kernel": ("Kernel Banzhaf (paper)", "#D55E00", "s"),
        "shapiq regression, paired": ("shapiq, paired regression", "#009E73", "^"),
        "shapiq SVARM": ("shapiq, SVARM", "#CC79A7", "v"),
        "monte_carlo": ("Monte Carlo", "#777777", "x"),
        "msr": ("Maximum Sample Reuse", "#E69F00", "+"),
    },
    "shapley": {
        "auto": ("Swing", "#0072B2", "o"),
        "shap KernelExplainer": ("shap, KernelExplainer", "#D55E00", "s"),
        "shapiq KernelSHAP, paired": ("shapiq, paired KernelSHAP", "#009E73", "^"),
        "leverage": ("Leverage SHAP", "#CC79A7", "v"),
        "permutation": ("antithetic permutations", "#777777", "x"),
    },
}
_FLOOR = 1e-9  # below, a line leaves the panel: the budget covers the game


def draw(cells, path: Path) -> None:
    """Medians as lines, quartiles of Swing's as a band, for GAMES or the first four that were measured."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    there = list(dict.fromkeys(c.game for c in cells))
    games = [game for game in GAMES if game in there]
    games = (games + [game for game in there if game not in games])[:4]
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with plt.rc_context(style):
        figure, axes = plt.subplots(2, len(games), figsize=(3.1 * len(games), 5.6), squeeze=False, layout="constrained")
        for row, index in enumerate(LINES):
            for axis, game in zip(axes[row], games):
                panel(axis, [c for c in cells if c.game == game and c.index == index], LINES[index])
                axis.set_title(game if row == 0 else "")
            axes[row][0].set_ylabel(f"{index.capitalize()}\nrelative squared error")
            axes[row][-1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
        for axis in axes[1]:
            axis.set_xlabel("evaluations per player")
        figure.savefig(path, dpi=100)
        plt.close(figure)


def panel(axis, cells, lines) -> None:
    for method, (label, colour, marker) in lines.items():
        found = [c for c in cells if c.method == method and not c.noise and c.status == "ok" and c.error > _FLOOR]
        x = [c.budget / c.n for c in found]
        mine = method == "auto"
        width, above = (2.2, 3) if mine else (1.2, 2)
        y = [c.error for c in found]
        axis.plot(x, y, color=colour, marker=marker, ms=4, lw=width, label=label, zorder=above)
        if mine:
            axis.fill_between(x, [c.error_25 for c in found], [c.error_75 for c in found], color=colour, alpha=0.18, lw=0)
    axis.set_xscale("log")
    axis.set_yscale("log")
    ticks = sorted({c.budget / c.n for c in cells if c.budget != int(2.5 * c.n)})  # 2.5 would stand on the label of 2
    axis.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axis.minorticks_off()
    axis.grid(axis="y", color="#dddddd", lw=0.6)
