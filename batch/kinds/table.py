"""Rows of a table: columns are the players of a model, and where it is of trees, exact values are found for many rows at once."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from batch.kinds.contract import Asked
from batch.settings import Settings
from batch.sources.known import source_of
from batch.sources.source import Source
from xai.game import Game
from xai.typing import Bools, Floats

if TYPE_CHECKING:
    import pandas as pd

    from model.table.game import TableGame
    from model.table.model import TableModel

REFERENCE = 50_000  # rows, drawn where a table has more, that a model is fitted to or takes its background from


class RowGame:
    """A row's game, made when a coalition of more than the two ends is asked for: exact values need none of it."""

    batch_size = 4096

    def __init__(self, model: "TableModel", cells: Floats, values: dict[str, Floats], ends: Floats) -> None:
        """cells : of the row, (columns,);  values : index → (columns,) or (columns, classes)
        ends : v(no column), v(all), of the same outputs
        """
        self._model, self._cells, self._values, self._ends = model, cells, values, ends
        self.labels, self.n_players = model.labels, len(model.labels)
        self._game: TableGame | None = None

    def exact(self, index: str) -> Floats:
        return self._values[index]

    def __call__(self, coalitions: Bools) -> Floats:
        size = coalitions.sum(axis=1)
        if ((size == 0) | (size == self.n_players)).all():
            ends: Floats = self._ends[(size > 0).astype(int)]
            return ends
        if self._game is None:
            self._game = self._model.game_of(self._cells)
        found: Floats = self._game(coalitions)
        return found


@dataclass(frozen=True)
class TableKind:
    """model : fitted or read, and pickled to the processes that work;  made_of : fingerprints of what it came from"""

    settings: Settings
    model: "TableModel"
    made_of: dict[str, str]
    needs = None
    frames = True
    memory = 0.5e9

    def fingerprint(self) -> dict[str, str]:
        return self.made_of

    @contextmanager
    def opened(self) -> Iterator["TableAsker"]:
        yield TableAsker(self.model, self.settings.indices)


class TableAsker:
    def __init__(self, model: "TableModel", indices: tuple[str, ...]) -> None:
        self._model, self._indices = model, indices
        others = model.fitted.margins(model.background).mean(axis=0)
        self._nothing: Floats = others if len(model.outputs) > 1 else others[0]

    def asked(self, rows: Any) -> Iterator[Asked | Exception]:
        try:
            found = list(self._many(rows))
        except (ValueError, TypeError) as error:
            if len(rows) == 1:
                yield error
            else:
                for i in range(len(rows)):
                    yield from self.asked(rows.iloc[[i]])
        else:
            yield from found

    def _many(self, rows: "pd.DataFrame") -> Iterator[Asked]:
        model = self._model
        values = {index: model.exact(rows, index) for index in self._indices if model.closed}
        cells = model.encode(rows) if model.closed else None
        margins, outputs = model.predict(rows).margin, model.outputs
        for i in range(len(rows)):
            ends = np.stack([self._nothing, margins[i]])
            known = {index: values[index][i] for index in values}
            game: Game = model.game(rows.iloc[[i]]) if cells is None else RowGame(model, cells[i], known, ends)
            if len(outputs) == 1:
                yield Asked(game, outputs[0])
            else:
                best = int(np.argmax(margins[i]))
                yield Asked(game, outputs[best], [float(k == best) for k in range(len(outputs))])


def made(settings: Settings, source: Source) -> TableKind:
    """Fits a model, or reads one."""
    from model.table.model import TableModel

    other = None if settings.table is None else source_of(settings.table)
    frame = _reference(other or source, settings.seed)
    if settings.id is not None and settings.id in frame.columns:
        frame = frame.drop(columns=settings.id)
    made_of = {} if other is None else {"table": other.digest()}
    if settings.model is None:
        if settings.target is None:
            raise ValueError("say with --target which column is to be predicted, or bring a model with --model")
        model = TableModel.fit(frame, settings.target, seed=settings.seed)
        text = model.text or ""
        made_of["model"] = hashlib.sha256(text.encode()).hexdigest()[:32]
    else:
        try:
            data = Path(settings.model).read_bytes()
        except OSError as error:
            raise ValueError(f"the model {settings.model} cannot be read ({error.strerror})") from error
        model = TableModel.load(data, frame, settings.target, seed=settings.seed)
        made_of["model"] = hashlib.sha256(data).hexdigest()[:32]
    columns = [column.label for column in model.columns]
    first = next(source.frames(1 << 10), None)
    if first is None:
        raise ValueError(f"{source.name} has no rows")
    missing = [name for name in columns if name not in first.columns]
    if missing:
        raise ValueError(f"{source.name} has no column {missing[0]!r}, which the model needs")
    made_of["background"] = hashlib.sha256(_bytes(model.background)).hexdigest()[:32]
    return TableKind(settings, model, made_of)


def _bytes(background: "Floats | pd.DataFrame") -> bytes:
    import pandas as pd

    if isinstance(background, pd.DataFrame):  # of a model that reads cells as they are
        return pd.util.hash_pandas_object(background, index=False).to_numpy().tobytes()
    return background.tobytes()


def _reference(source: Source, seed: int) -> "pd.DataFrame":
    """All rows, or as many as are used, drawn from all of them."""
    import pandas as pd

    count = source.count(frames=True)
    chosen = np.arange(count)
    if count > REFERENCE:
        chosen = np.sort(np.random.default_rng([seed, 6]).choice(count, REFERENCE, replace=False))
    parts, first = [], 0
    for frame in source.frames(1 << 12):
        here = chosen[(chosen >= first) & (chosen < first + len(frame))] - first
        parts.append(frame.iloc[here] if len(here) < len(frame) else frame)
        first += len(frame)
    if not parts:
        raise ValueError(f"{source.name} has no rows")
    whole = pd.concat(parts, ignore_index=True)
    whole.attrs = dict(parts[0].attrs)
    return whole
