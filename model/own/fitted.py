"""A model of somebody's own, fitted to the columns of a table at hand."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from model.own.meaning import Meaning, understood
from model.own.model import OwnModel
from model.own.places import judged_on, places_of, spelt
from model.own.way import Way
from model.table.columns import Column
from model.table.fitting import figures, guess
from model.table.links import units_of
from model.table.target import Target
from xai.typing import Ints

MOST_ASKED = 10_000  # rows of the table that are asked for, to judge the model and to find out what it answers
TRIED = 16  # of them in the handshake


def fitted(
    way: Way, frame: pd.DataFrame, target: Hashable | None, seed: int, background: int
) -> tuple[tuple[list[Column], Target, OwnModel, pd.DataFrame], dict[str, Any]]:
    """What a `model.table.model.TableModel` is made of: (columns, target, model, background rows), other attributes.

    background : how many rows lend absent cells. ValueError or TypeError with one sentence for a table, a target, or
    answers that do not fit.
    """
    columns, at, places = places_of(way, frame, target)
    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(len(frame))
    asked = np.sort(order[:MOST_ASKED])
    cells = frame.iloc[asked, places].reset_index(drop=True)
    truth = None if at is None else spelt(frame.iloc[asked, at], way)
    meaning = understood(way, cells, _tried(cells, rng), "prediction" if at is None else columns[at].label, truth)
    goal, notes = meaning.target, meaning.asker.notes
    left_out = [columns[i].label for i in range(len(columns)) if i not in places and i != at]
    if left_out:
        notes.append(f"The model does not read {', '.join(left_out[:8])}{', …' * (len(left_out) > 8)}.")
    chosen = [replace(columns[place], note="") for place in places]
    model = OwnModel(meaning.asker, cells.iloc[:0], chosen, meaning.link, _units(meaning, goal), meaning.joint)
    others = frame.iloc[order[:background], places].reset_index(drop=True)
    judged = {} if truth is None else _judged(meaning, model, goal, truth)
    return (chosen, goal, model, others), {"link": meaning.link, "notes": notes, **judged}


def _tried(cells: pd.DataFrame, rng: np.random.Generator) -> Ints:
    """Places of rows for the handshake, half of them with missing cells where there are such."""
    order = rng.permutation(len(cells))
    empty = cells.isna().any(axis=1).to_numpy()[order]
    return np.unique(np.concatenate([order[empty][: TRIED // 2], order])[:TRIED])


def _units(meaning: Meaning, goal: Target) -> str:
    if meaning.link == "identity":
        return goal.label if goal.n_outputs == 1 else "each output"
    if meaning.link == "share":
        return (
            f"1 where {goal.classes[1]} is predicted, else 0"
            if goal.n_outputs == 1
            else "1 for the class that is predicted, else 0"
        )
    if meaning.link == "each":
        return "log-odds of each class"
    return units_of(goal, meaning.link)


def _judged(meaning: Meaning, model: OwnModel, goal: Target, truth: pd.Series) -> dict[str, Any]:
    """rows, metrics and baseline of a `TableModel`."""
    y = goal.encode(truth.iloc[: len(meaning.answers)])
    known = ~np.isnan(y)
    rows = {"judged": int(known.sum()), "no target": int((~known).sum())}
    if not known.any():
        return {"rows": rows}
    margins, chances = model.told(meaning.answers[known])
    answers = margins[:, 0] if chances is None else chances
    found, base = figures(goal, y[known], answers), figures(goal, y[known], guess(goal, y[known], rows["judged"]))
    if meaning.link in ("step", "share"):  # it gives no probabilities
        found, base = ({"accuracy": one["accuracy"]} for one in (found, base))
    meaning.asker.notes.append(judged_on(rows["judged"]))
    return {"rows": rows, "metrics": found, "baseline": base}
