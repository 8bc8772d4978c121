"""The tables that the libraries are asked about, and one cell of the matrix: a file, a table, what the library says of it.

No module of Swing is imported here: the libraries are asked in environments of their own, old ones among them.
"""

import base64
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

ROWS, KEPT = 400, 48  # rows to learn from; rows that are kept with what the library says
CITIES, SIZES = ["Bern", "Oslo", "Rome", "Sao Paulo", "York"], [3, 4, 8, 10]


@dataclass
class Cell:
    """library, version, objective, missing, categories, kind : what distinguishes it;  format : of the file
    model : the file, see `packed`;  table : column → cells, None where missing;  levels : column → of pandas' categories
    margin, answer : of the rows, as the library's own predict gives them;  refused : a word of the sentence, "" for none
    """

    library: str
    version: str
    objective: str
    missing: str
    categories: str
    kind: str
    format: str
    model: str
    table: dict[str, list[Any]]
    margin: Any = None
    answer: Any = None
    refused: str = ""
    levels: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        parts = (self.library, self.version, self.objective, self.missing, self.categories, self.kind, self.format)
        return " ".join(part for part in parts if part)

    def record(self) -> dict[str, Any]:
        return {"name": self.name} | asdict(self)


def packed(data: bytes | str) -> str:
    """As JSON can hold it: text as it is, other bytes in base64 behind a mark that no text of a model begins with."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        text = "\0"
    return f"base64:{base64.b64encode(data).decode()}" if "\0" in text and isinstance(data, bytes) else text


def numbers(missing: str = "none", seed: int = 0) -> pd.DataFrame:
    """Three columns in steps of 0.1, so that cells lie on borders. missing : "none", "nan", "zero" or "minus one" """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.normal(size=ROWS).round(1) for name in ("age", "income", "score")})
    value = {"nan": np.nan, "zero": 0.0, "minus one": -1.0}.get(missing)
    if value is not None:
        frame = frame.mask(rng.random(frame.shape) < 0.15, value)
    return frame


def with_categories(frame: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """With a column of texts and one of whole numbers that are categories."""
    rng = np.random.default_rng(seed)
    return frame.assign(city=rng.choice(CITIES, ROWS), size=rng.choice(SIZES, ROWS))


def as_categories(frame: pd.DataFrame, ordered: bool = False) -> pd.DataFrame:
    """The same with pandas' categories."""
    kinds = {"city": pd.CategoricalDtype(CITIES), "size": pd.CategoricalDtype(SIZES, ordered=ordered)}
    return frame.astype({name: kind for name, kind in kinds.items() if name in frame})


def truth(frame: pd.DataFrame) -> np.ndarray:
    """A number that the columns tell about, missing cells too."""
    plain = frame[["age", "income", "score"]]
    y = plain["age"].fillna(0.7) * 1.5 + (plain["income"].fillna(-1.0) > 0.2) * 2.0 - np.abs(plain["score"].fillna(1.0))
    if "city" in frame:
        y = y + frame["city"].astype(str).isin(["Oslo", "York"]) * 1.5
    if "size" in frame:
        y = y + frame["size"].astype(str).isin(["4", "10"]) * 1.2
    return np.asarray(y + np.random.default_rng(5).normal(size=len(frame)) / 5, float)


def goal_of(kind: str, frame: pd.DataFrame) -> np.ndarray:
    """The target of one kind of objective."""
    y = truth(frame)
    if kind == "positive":
        return np.exp(y / 3.0)
    if kind == "two":
        return (y > np.median(y)).astype(int)
    if kind == "three":
        return np.digitize(y, np.quantile(y, [0.33, 0.66]))
    if kind == "share":
        return np.round(1.0 / (1.0 + np.exp(-y)), 3)
    if kind == "ranks":
        return np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75]))
    return y


def cells_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """The rows that are kept, as JSON can hold them."""
    kept = frame.head(KEPT)
    return {
        str(name): [None if pd.isna(cell) else cell.item() if isinstance(cell, np.generic) else cell for cell in kept[name]]
        for name in kept
    }


def listed(values: Any) -> Any:
    return None if values is None else np.asarray(values, float)[:KEPT].tolist()
