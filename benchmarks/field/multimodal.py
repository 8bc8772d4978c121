"""`auto` against mllm-shap 0.8 on pictures and questions, answered by the small Gemma 3 of `assets/shapes`.

    python -m benchmarks.field.multimodal                  all games: docs/multimodal.csv
    python -m benchmarks.field.multimodal --runs 6 --out build

mllm-shap reads texts and sounds: it has no players in pictures and no model that sees them. Its estimators know masks and
payoffs only, so they are what is compared: its own classes, at their defaults, in an environment of its own (Python 3.12 or
newer, made in build/multimodal), play the games of drawn scenes here. A game's value is the log-probability of the right
answer. All 2^n coalitions are evaluated once, which takes minutes, and kept there; errors are against the exact values.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.field.side import MLLM_SHAP, Side, side_python
from benchmarks.field.table import report
from benchmarks.parts.command import options, write_csv
from benchmarks.parts.estimators import ours
from benchmarks.parts.exact import TableGame, every_coalition
from benchmarks.parts.measure import Cell, budgets_of, measure
from benchmarks.shapes import CHECKPOINT, questions_for_games
from model import load_gemma

FACTORS, LIMIT = (2.5, 5, 10, 20, 40), 5.0  # evaluations per player; processor seconds that one call may take
GAMES = {  # name → which scenes, with equally many players, and how they are asked about
    "3 × 4 patches, pixel": ((0, 1, 2), {"grid": (3, 4), "absent": "pixel"}),
    "3 × 4 patches, strict": ((0, 1, 2), {"grid": (3, 4), "absent": "strict"}),
    "2 × 3 patches and words, strict": ((2,), {"grid": (2, 3), "absent": "strict", "words": True}),
}
PEERS = {
    "banzhaf": {"Monte Carlo": "MonteCarlo", "Kernel Banzhaf": "KernelBanzhaf", "ProxySHAP": "Proxy"},
    "shapley": {
        "Neyman (its default)": "Neyman",
        "complementary": "Complementary",
        "Monte Carlo": "MonteCarlo",
        "Leverage SHAP": "Leverage",
        "ProxySHAP": "Proxy",
    },
}


def scenes(folder: Path) -> dict[str, Callable[[], list[TableGame]]]:
    """Name → its games; scenes are drawn, and the model is loaded, only where a table is missing."""
    loaded: list = []

    def seen(number: int):
        if not loaded:
            gemma = load_gemma(str(CHECKPOINT))
            loaded.append((gemma, questions_for_games(gemma, 1 + max(max(numbers) for numbers, _ in GAMES.values()))))
        gemma, pairs = loaded[0]
        return gemma, *pairs[number]

    def games(name: str) -> list[TableGame]:
        numbers, asked = GAMES[name]
        return [TableGame(table(folder / f"{name.replace(' ', '_')}-{i}.npy", partial(seen, i), asked)) for i in numbers]

    return {name: partial(games, name) for name in GAMES}


def table(path: Path, seen: Callable, asked: dict) -> np.ndarray:
    """The values of all coalitions, from the file or written to it."""
    if not path.exists():
        gemma, scene, question = seen()
        game = gemma.image_game(scene.image, question.text, question.answer, **asked)
        print(f"{path.stem}: {question.text!r}, {question.answer!r}, {2**game.n_players} coalitions", file=sys.stderr, flush=True)
        np.save(path, game(every_coalition(game.n_players)).sum(axis=1))
    return np.load(path)


def estimators_of(side: Side) -> dict[str, dict]:
    """Index → name → estimator: ours, and mllm-shap's."""
    return {
        index: {"auto": ours(index, "auto")}
        | {name: side.peer(f"{kind}Estimator", index.capitalize(), LIMIT) for name, kind in peers.items()}
        for index, peers in PEERS.items()
    }


def main() -> None:
    given = options(__doc__, runs=30, out=Path("docs"), side=Path("build/multimodal"))
    try:
        side = Side(side_python(given.side, MLLM_SHAP), "mllm_shap")
    except RuntimeError as reason:
        sys.exit(str(reason))
    games = {name: made() for name, made in scenes(given.side).items()}
    threadpool_limits(1)
    cells: list[Cell] = []
    for index, methods in estimators_of(side).items():
        for name, played in games.items():
            for budget in budgets_of(played[0].n_players, FACTORS):
                for method in methods:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        cells.append(measure(index, name, played, budget, method, given.runs, LIMIT, estimators={index: methods}))
    side.close()
    given.out.mkdir(parents=True, exist_ok=True)
    write_csv(given.out / "multimodal.csv", [asdict(cell) for cell in cells])
    report(cells, f"mllm-shap {side.version}")


if __name__ == "__main__":
    main()
