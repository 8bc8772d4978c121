"""Exact tree values beside shap's, woodelf-explainer's and shapiq's tree explainers, on the same trees, rows and background.

    python -m benchmarks.trees              1,000 rows × 100 background rows × 100 trees, and other shapes
    python -m benchmarks.trees --quick      the first case alone
    … --cases "census (14), 255 leaves"     some, by how their names begin

woodelf-explainer and shapiq 1.8 run in an environment of their own (Python 3.12 or newer), which the first call makes in
build/trees, or says in a sentence why it cannot and goes on with shap's C++ TreeExplainer; so does XGBoost, which grows the
trees of two cases. Each has one thread. A peer's explainer is set up before it is timed, as our file is read before; then all
take turns, and the medians of three are shown. Values that differ by more than 1e-9 of the largest stand with that
difference, outside the ratio. shap has no Banzhaf values. "path": the peers' path-dependent values, which need no background
and are another game's; we have none.
"""

import json
import platform
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import shap
from threadpoolctl import threadpool_limits

from benchmarks.field.side import SHAPIQ, Process, side_python
from benchmarks.parts.command import header, options, row, timed
from benchmarks.parts.games import Table, boosted, communities, shipped_csv
from model.trees.readers import content_of, read_trees
from xai.checks import INDICES

AGREE = 1e-9  # largest difference, relative to the largest value
TURNS, LIMIT = 3, 30.0  # seconds of one call
PACKAGES = (SHAPIQ, "woodelf-explainer==0.4.8", "numpy==2.4.6", "lightgbm==4.7.0", "xgboost-cpu==3.2.0")
PEERS = {
    "woodelf": ("woodelf", "interventional"),
    "shapiq": ("shapiq", "interventional"),
    "woodelf, path": ("woodelf", "pathdependent"),
    "shapiq, path": ("shapiq", "pathdependent"),
}


@dataclass
class Case:
    name: str
    table: Table
    rows: int = 1000
    background: int = 100
    trees: int = 100
    leaves: int = 31
    xgboost: bool = False


def cases(quick: bool) -> list[Case]:
    census = shipped_csv("adult_census", "class", ">50K")
    first = [Case("census (14)", census)]
    if quick:
        return first
    california = shipped_csv("california_housing", "MedHouseVal")
    return [
        *first,
        Case("california (8)", california),
        Case("communities (99)", communities()),
        Case("census (14), one baseline row", census, background=1),
        Case("census (14), 500 trees", census, rows=200, trees=500),
        Case("census (14), 255 leaves", census, rows=200, leaves=255),
        Case("census (14), much background", census, background=10_000),
        Case("census (14), many rows", census, rows=10_000),
        Case("census (14), one row", census, rows=1),
        Case("census (14), XGBoost", census, xgboost=True),
        Case("california (8), XGBoost", california, xgboost=True),
    ]


class Files:
    """A case's model, rows and background in a folder, and the process of the peers, None where there is none."""

    def __init__(self, folder: Path, peers: Process | None) -> None:
        self.folder, self.peers = folder, peers
        self.data, self.out = str(folder / "data.npz"), str(folder / "values.npy")

    def write(self, case: Case) -> None:
        order = np.random.default_rng(0).permutation(len(case.table.features))
        self.rows = case.table.features[order[: case.rows]]
        self.background = case.table.features[order[-case.background :]]
        np.savez(self.data, rows=self.rows, background=self.background)
        self.model, self.booster = str(self.folder / ("model.json" if case.xgboost else "model.txt")), None
        if case.xgboost:
            table = {"features": case.table.features, "target": case.table.target, "classify": case.table.classify}
            np.savez(self.folder / "table.npz", **table)
            self.ask(fit=str(self.folder / "table.npz"), trees=case.trees, leaves=case.leaves)
        else:
            self.booster = boosted(case.table, case.trees, case.leaves)
            self.booster.save_model(self.model)
        self.ensemble = read_trees(content_of(Path(self.model))).ensemble

    def ask(self, **task) -> dict:
        if self.peers is None:
            return {"failed": "not installed"}
        whole = task | {"model": self.model, "data": self.data, "out": self.out, "limit": LIMIT}
        self.peers.say(json.dumps(whole).encode() + b"\n")
        return self.peers.hear()

    def ours(self, index: str) -> tuple[float, np.ndarray]:
        seconds, values = timed(self.ensemble.values, self.rows, self.background, index)
        return seconds, values[:, :, 0]

    def shap(self, index: str) -> tuple[float | str, np.ndarray | None]:
        if index != "shapley" or self.booster is None:
            return "–", None
        explainer = shap.TreeExplainer(self.booster, self.background, feature_perturbation="interventional")
        values = partial(explainer.shap_values, check_additivity=False)
        foretold = timed(values, self.rows[:10])[0] / len(self.rows[:10]) * len(self.rows)
        return (f"about {foretold:.0f}", None) if foretold > LIMIT else timed(values, self.rows)

    def peer(self, name: str, index: str) -> tuple[float | str, np.ndarray | None]:
        said = self.ask(way=PEERS[name], index=index)
        if "seconds" in said:
            return said["seconds"], np.load(self.out)
        return f"about {said['slow']:.0f}" if "slow" in said else said["failed"], None


def compare(case: Case, index: str, files: Files) -> list[str]:
    """One row of the table."""
    ways = {"Swing": files.ours, "shap": files.shap, **{name: partial(files.peer, name) for name in PEERS}}
    took: dict[str, list] = {name: [] for name in ways}
    values = {}
    for _ in range(TURNS):
        for name, way in ways.items():
            if not (took[name] and isinstance(took[name][0], str)):  # what cannot be done once is not tried again
                seconds, values[name] = way(index)
                took[name].append(seconds)
    mine, off = values["Swing"], {}
    for name in ("shap", "woodelf", "shapiq"):
        if values[name] is not None:
            off[name] = float(np.abs(values[name] - mine).max() / np.abs(mine).max())
    cells = {name: seconds[0] if isinstance(seconds[0], str) else median(seconds) for name, seconds in took.items()}
    equal = [cells[name] for name in off if off[name] <= AGREE]
    ratio, largest = (f"{cells['Swing'] / min(equal):.2g}", max(x for x in off.values() if x <= AGREE)) if equal else ("–", 0.0)
    cells |= {name: f"{cells[name]:.3g}, off by {far:.0e}" for name, far in off.items() if far > AGREE}
    shape = f"{case.rows:,} × {case.background:,} × {case.trees}"
    shown = [cell if isinstance(cell, str) else f"{cell:.3g}" for cell in cells.values()]
    return [case.name, shape, index, *shown[:4], ratio, f"{largest:.0e}", *shown[4:]]


def process_of_peers(folder: Path) -> Process | None:
    try:
        peers = Process(side_python(folder, PACKAGES), Path(__file__).with_name("peers.py"))
    except RuntimeError as reason:
        print(f"Without woodelf-explainer, shapiq and XGBoost: {reason}", file=sys.stderr, flush=True)
        return None
    print(", ".join(f"{name} {version}" for name, version in peers.first["versions"].items()), "there")
    return peers


def main() -> None:
    given = options(__doc__, quick=False, cases=[], side=Path("build/trees"))
    threadpool_limits(1)
    print(f"shap {shap.__version__}, numpy {np.__version__}, Python {platform.python_version()} here")
    peers = process_of_peers(given.side)
    warm = Table(np.random.default_rng(0).normal(size=(200, 3)), np.arange(200.0), np.zeros(3, bool))
    read_trees(boosted(warm).model_to_string()).ensemble.values(warm.features, warm.features[:2])  # compiles the loops
    heads = ["case (columns)", "rows × background × trees", "index", "Swing [s]", "shap C++ [s]", "woodelf [s]", "shapiq [s]"]
    print()
    header(*heads, "ours / the best's", "largest difference", "woodelf, path [s]", "shapiq, path [s]")
    with TemporaryDirectory() as folder:
        files = Files(Path(folder), peers)
        for case in cases(given.quick):
            if (peers is None and case.xgboost) or (given.cases and not case.name.startswith(tuple(given.cases))):
                continue
            files.write(case)
            for index in INDICES:
                row(*compare(case, index, files))
    if peers is not None:
        peers.close()


if __name__ == "__main__":
    main()
