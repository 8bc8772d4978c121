"""What the answers of a model of somebody's own are: numbers, scores, or probabilities of which classes."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from model.own.asking import Asker, raw
from model.own.way import Way
from model.table.columns import cell_text
from model.table.links import CLIP
from model.table.target import Target, of_classes, understand_target
from xai.typing import Floats, Ints

MOST_ALONE = 300  # rows that are asked for where each takes a question of its own
_ROUNDING = 1e-3  # by which probabilities of all classes may miss 1: some models round them
_AGREEING = 0.99  # of rows, in which the largest score must be of the class that the model chooses: some may tie


class Meaning(NamedTuple):
    """asker : who is asked;  answers (rows, k) : of all rows, or the first
    link : from margins to answers, see `model.table.links`
    joint : do the probabilities of the classes add up to 1?
    """

    asker: Asker
    answers: Floats
    target: Target
    link: str
    joint: bool = True


def understood(way: Way, frame: pd.DataFrame, tried: Ints, label: str, cells: pd.Series | None) -> Meaning:
    """frame : rows with the model's columns, of which the handshake asks for those at `tried`;  label, cells : of the
    column that is predicted, where one is named. What is not plain goes to the asker's notes.

    ValueError where the answers cannot be explained, or not be of that column.
    """
    asker = Asker(way, frame, tried)
    if asker.alone:
        frame = frame.iloc[:MOST_ALONE]
    answers = asker(frame)
    says, width = way.says or _told(asker, answers, cells), answers.shape[1]
    if says == "scores" and way.classes is not None and not _tell_the_class(way, answers, frame):
        if way.labels is None:
            raise ValueError(f"{way.name} answers with {width} numbers for {len(way.classes)} classes; it must give one for each")
        asker = Asker(replace(way, ask=way.labels, says="labels"), frame, tried)
        asker.notes.append("The largest score is not always of the class that the model chooses: its choice is explained.")
        answers = asker(frame)
        says, width = "labels", answers.shape[1]
    if says == "numbers":
        return Meaning(asker, answers, _numbers(asker, width, label, cells), "identity")
    names = _names(asker, max(2, width), cells)
    if says == "probabilities":
        joint = _check_probabilities(asker, answers, len(names))
        link = "logistic" if joint and width == 2 else "each"
    else:
        joint, link = True, {"labels": "share", "scores": "step"}[says]
    scores = width if link == "each" else 0
    goal = Target(label, "classification", names, scores) if cells is None else of_classes(cells, label, names, scores)
    return Meaning(asker, answers, goal, link, joint)


def _tell_the_class(way: Way, answers: Floats, frame: pd.DataFrame) -> bool:
    """Is the largest score of the class that the model chooses?"""
    names = [cell_text(one) for one in way.classes or []]
    width = answers.shape[1]
    if width != len(names) and (width, len(names)) != (1, 2):
        return False
    if way.labels is None:
        return True
    best = answers.argmax(axis=1) if width > 1 else (answers[:, 0] > 0).astype(int)
    chosen = [cell_text(one) for one in np.asarray(raw(way.labels, frame, way.name), object).reshape(-1)]
    return bool(np.mean([names[i] == one for i, one in zip(best, chosen)]) >= _AGREEING)


def _are_shares(answers: Floats) -> bool:
    """Numbers from 0 to 1 that add up to 1 in every row."""
    return bool((answers >= 0).all() and (np.abs(answers.sum(axis=1) - 1.0) <= _ROUNDING).all())


def _told(asker: Asker, answers: Floats, cells: pd.Series | None) -> str:
    """What the answers are, of a model that does not say it."""
    width, classes = answers.shape[1], asker.way.classes
    if width > 1 and _are_shares(answers):
        return "probabilities"
    if classes is not None:
        return "scores"
    if width == 1 or cells is None or len(_classes_of(cells)) != width:
        return "numbers"
    asker.notes.append("The answers are no probabilities: they are taken for scores, and the class with the largest is chosen.")
    return "scores"


def _names(asker: Asker, count: int, cells: pd.Series | None) -> list[str]:
    """Of the classes, in the order of the answers' columns."""
    if asker.way.classes is not None:
        names = [cell_text(one) for one in asker.way.classes]
        if len(names) != count:
            raise ValueError(f"{asker.way.name} answers with {count} numbers for {len(names)} classes")
        return names
    if asker.named is not None:
        return asker.named
    names = [] if cells is None else _classes_of(cells)
    if len(names) == count:
        told = ", ".join(names[:4]) + ", …" * (count > 4)
        asker.notes.append(f"The model does not name its classes: they are taken in the order {told}.")
        return names
    if names:
        raise ValueError(f"{asker.way.name} answers for {count} classes; the column to predict has {len(names)}")
    return [str(i) for i in range(count)]


def _classes_of(cells: pd.Series) -> list[str]:
    """Of the column that is predicted; none where it holds other things than classes."""
    try:
        return understand_target(cells, "target", "classification").classes
    except ValueError:
        return []


def _check_probabilities(asker: Asker, answers: Floats, count: int) -> bool:
    """Do they add up to 1? ValueError where they are none."""
    name, notes = asker.way.name, asker.notes
    if answers.shape[1] != count:
        raise ValueError(f"{name} answers with {answers.shape[1]} numbers for {count} classes; it must give one for each")
    outside = answers[(answers < -_ROUNDING) | (answers > 1 + _ROUNDING)]
    if len(outside):
        raise ValueError(f"{name} answers with {outside[0]:.6g}, which is no probability")
    cut = int(((answers < CLIP) | (answers > 1 - CLIP)).any(axis=1).sum())
    told = f" In {cut:,} of {len(answers):,} rows one is." if cut else ""
    notes.append(f"Probabilities are explained as log-odds; one nearer to 0 or 1 than {CLIP:g} counts as that far away.{told}")
    joint = bool((np.abs(answers.sum(axis=1) - 1.0) <= _ROUNDING).all())
    if not joint:
        notes.append("The probabilities of the classes do not add up to 1: each stands for itself.")
    return joint


def _numbers(asker: Asker, width: int, label: str, cells: pd.Series | None) -> Target:
    """Of one or several numbers."""
    names, scores = (asker.named or []) if width > 1 else [], width if width > 1 else 0
    if cells is None:
        return Target(label, "regression", names, scores)
    if width > 1:
        raise ValueError(
            f"{asker.way.name} answers with {width} numbers for each row, which cannot be the one column {label!r}: "
            "give it without a column to predict, or a function that answers with one of them"
        )
    try:
        return understand_target(cells, label, "regression")
    except ValueError as error:
        asker.notes.append(f"The model is not judged, for it gives numbers: {error}.")
        return Target(label, "regression")
