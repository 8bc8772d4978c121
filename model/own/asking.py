"""Answers of a model of somebody's own, checked: as many as rows, numbers, finite; and the handshake before the first map."""

import threading
from typing import Any

import numpy as np
import pandas as pd

from model.own.way import Ask, Way, as_array
from model.table.columns import cell_text
from xai.typing import Floats

ROWS = 8192  # asked for at a time
ALONE = 4  # rows that the handshake asks for one by one
CLOSE, CLOSE_SINGLE, OF_SPREAD = 1e-9, 1e-5, 1e-5  # of the largest answer, and of their spread: rounding, no other answer
_lock = threading.RLock()  # nobody says whether a model may be asked from two threads at once


class Asker:
    """frame → answers, float64 (rows, k), of which k is found by the handshake.

    alone : rows are asked for one by one;  notes : what the handshake found, sentences
    named : of the answers' columns, where they have names
    """

    def __init__(self, way: Way, frame: pd.DataFrame, rows: "np.typing.NDArray[np.int64]") -> None:
        """rows : places of the frame's that the handshake asks for; ValueError where the model cannot be explained"""
        self.way, self.alone, self._width = way, False, 0
        self.notes: list[str] = list(way.notes)
        self.named: list[str] | None = None
        self._shake(frame.iloc[rows].reset_index(drop=True))

    def __call__(self, frame: pd.DataFrame) -> Floats:
        size = 1 if self.alone else ROWS
        parts = [self._part(frame.iloc[start : start + size]) for start in range(0, len(frame), size)]
        return np.concatenate(parts) if parts else np.zeros((0, self._width))

    def _part(self, frame: pd.DataFrame) -> Floats:
        found = self._numbers(raw(self.way.ask, frame.reset_index(drop=True), self.way.name), len(frame))
        if self._width and found.shape[1] != self._width:
            raise ValueError(f"{self.way.name} answers with {found.shape[1]} numbers for a row, and gave {self._width} before")
        return found.astype(float)

    def _numbers(self, answers: Any, rows: int) -> Floats:
        """(rows, k), in the answers' own precision; ValueError for another shape, texts, or what is not finite."""
        name = self.way.name
        if self.way.says == "labels":
            answers = self._one_hot(np.asarray(answers, object).reshape(-1))
        found = _array(answers, name)
        if found.ndim < 2:
            found = found.reshape(-1, 1)
        if found.ndim != 2 or len(found) != rows or not found.shape[1]:
            raise ValueError(
                f"{name} answers with shape {found.shape} for {rows} rows; it must be ({rows},) or ({rows}, classes)"
            )
        if not np.isfinite(found).all():
            bad = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
            raise ValueError(f"{name} answers with {found[bad].tolist()} for a row; answers must be finite numbers")
        return found

    def _one_hot(self, labels: Any) -> Floats:
        classes = self.way.classes or []
        places = {cell_text(one): i for i, one in enumerate(classes)}
        texts = [cell_text(one) for one in labels]
        unknown = next((text for text in texts if text not in places), None)
        if unknown is not None:
            raise ValueError(f"{self.way.name} answers with {unknown!r}, which is none of its classes")
        return np.eye(len(classes))[[places[text] for text in texts]]

    def _shake(self, rows: pd.DataFrame) -> None:
        """Shape, determinism, a row alone and in another company, and whether what is given is altered."""
        name, before = self.way.name, rows.copy()
        given = rows.copy()
        answers = raw(self.way.ask, given, name, copy=False)
        if isinstance(answers, pd.DataFrame) and all(isinstance(one, str) for one in answers.columns):
            self.named = [str(one) for one in answers.columns]
        first = self._numbers(answers, len(rows))
        self._width = first.shape[1]
        if not _equal(given, before):
            self.notes.append("The model alters the rows that it is given: it is given copies.")
        if not close(first, self._part(rows)):
            raise ValueError(f"{name} gives other answers to the same rows asked again: fix the seed of its chance")
        few = rows.iloc[:ALONE]
        single = np.concatenate([self._part(few.iloc[[i]]) for i in range(len(few))])
        if not close(first, self._part(rows.iloc[::-1])[::-1]) or not close(first[: len(few)], single):
            self.alone = True
            if not close(single, self(few)):
                raise ValueError(f"{name} gives other answers to the same row asked again: fix the seed of its chance")
            self.notes.append("The model's answer to a row depends on the rows beside it: rows are asked for one by one.")


def raw(ask: Ask, frame: pd.DataFrame, name: str, copy: bool = True) -> Any:
    """What the model answers; ValueError with one sentence where it raises anything."""
    try:
        with _lock:
            return ask(frame.copy() if copy else frame)
    except Exception as error:  # whatever a model raises
        told = " ".join(str(error).split())
        first = told.split(". ")[0][:300] or type(error).__name__
        raise ValueError(f"{name} does not take these rows: {first}") from error


def _array(answers: Any, name: str) -> Floats:
    """As numbers, (rows,) or (rows, k)."""
    if isinstance(answers, list) and answers and all(np.ndim(one) == 2 for one in answers):
        raise ValueError(f"{name} answers for {len(answers)} columns at once: give a function that answers for one of them")
    if isinstance(answers, (pd.Series, pd.DataFrame)):
        given = answers.to_numpy()
        answers = as_array(pd.DataFrame(answers)).reshape(answers.shape) if given.dtype == object else given
    elif hasattr(answers, "detach"):  # a tensor of torch
        answers = answers.detach().cpu().numpy()
    try:
        found = np.asarray(answers)
        if found.dtype.kind not in "fiub" and not (found.dtype == object and not _has_text(found)):
            raise TypeError
        return found if found.dtype.kind == "f" else found.astype(float)
    except (ValueError, TypeError):
        raise ValueError(
            f"{name} answers with {_shown(answers)}, which is no array of numbers; it must give some for each row"
        ) from None


def _has_text(found: Any) -> bool:
    return any(isinstance(one, (str, bytes)) for one in found.reshape(-1)[:100])


def _shown(answers: Any) -> str:
    return " ".join(repr(answers).split())[:60]


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return bool(one.columns.equals(other.columns) and one.equals(other))


def close(one: Floats, other: Floats) -> bool:
    """Are they the same answers, but for rounding?"""
    if one.shape != other.shape:
        return False
    single = min(one.dtype.itemsize, other.dtype.itemsize) < 8
    most = (CLOSE_SINGLE if single else CLOSE) * float(np.abs(one).max()) + OF_SPREAD * float(np.ptp(one))
    return bool(np.abs(one - other).max() <= most)
