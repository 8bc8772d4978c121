"""The ledger: remembers every coalition that was evaluated, so that nothing is paid for twice."""

import functools
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xai import records
from xai.checks import check_coalitions
from xai.game import DEFAULT_BATCH, TRIED, Game, WeightedGame, check_game, check_values, rounding_of
from xai.records import Batch
from xai.typing import Bools, Bytes, Cancel, Floats, Progress

FIRST_BATCH = 32  # coalitions of a first call that somebody watches


class Cancelled(Exception):
    """Raised when `cancel()` said so; `ledger` holds everything evaluated until then."""

    def __init__(self, ledger: "Ledger") -> None:
        super().__init__(f"cancelled after {ledger.evaluations} evaluations; they are kept in the ledger")
        self.ledger = ledger


class Cost(NamedTuple):
    """What a ledger paid: distinct coalitions, seconds inside the game, and seconds per coalition (NaN for none)."""

    evaluations: int
    seconds: float
    seconds_per_evaluation: float


class Ledger:
    """Values of the coalitions of one game, evaluated at most once each.

    Parameters
    ----------
    game : callable with `n_players` and `labels` (see `xai.game`)
    batch_size : coalitions per call of the game; the game's own `batch_size` (or 64) when None
    path : a new file to which every batch is added as soon as it is paid, so that a kill loses one batch at most;
        `Ledger.load(path, game)` goes on with it. ValueError if the file exists
    on_batch : on_batch(packed, values, seconds), called with every batch as soon as it is paid, for who keeps it
        elsewhere: packed coalitions uint8 (m, bytes), values (m,) or (m, k); `fill` takes them back

    Attributes
    ----------
    evaluations : distinct coalitions the game has evaluated so far
    seconds : time spent inside the game
    """

    def __init__(
        self,
        game: Game,
        batch_size: int | None = None,
        path: str | PathLike[str] | None = None,
        on_batch: Callable[[Bytes, Floats, float], object] | None = None,
    ) -> None:
        self.game = game
        self.n_players, self.labels = check_game(game)
        self.batch_size = int(batch_size if batch_size else getattr(game, "batch_size", DEFAULT_BATCH))
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {self.batch_size}")
        self.seconds = 0.0
        self._row: dict[bytes, int] = {}  # packed coalition → row of the values
        self._values: list[Floats] = []  # one array per batch, in the order evaluated
        self._shape: tuple[int, ...] | None = None  # () for a scalar game, (k,) for k outputs
        self._lock = threading.RLock()  # progress() may save
        self._on_batch = on_batch
        self._journal: Path | None = None if path is None else Path(path)
        self._whole = 0  # bytes of the journal that are known to be good
        if self._journal is not None:
            try:
                with open(self._journal, "xb") as stream:
                    records.start(stream, self.labels, journal=True)
                    self._whole = stream.tell()
            except FileExistsError as error:
                raise ValueError(f"{path} exists; go on with it by Ledger.load(path, game), or name a new file") from error

    @property
    def evaluations(self) -> int:
        return len(self._row)

    @property
    def cost(self) -> Cost:
        """Evaluations, seconds and seconds per evaluation, those of a loaded file included."""
        per = self.seconds / self.evaluations if self.evaluations else float("nan")
        return Cost(self.evaluations, self.seconds, per)

    @functools.cached_property
    def rounding(self) -> Floats | None:
        """(k, k) covariance of what rounding adds to the game's columns, measured once; None where nothing is rounded."""
        rows, values = self.known()
        if len(rows) < 2 * TRIED:
            return rounding_of(self.game)
        some = np.linspace(2, len(rows) - 1, TRIED).astype(int)  # the first two are often v(no player) and v(all players)
        return rounding_of(self.game, rows[some], values[some])

    @property
    def n_outputs(self) -> int | None:
        """Columns of the game, None for a game with one value per coalition or before the first evaluation."""
        return self._shape[0] if self._shape else None

    def evaluate(self, coalitions: ArrayLike, progress: Progress | None = None, cancel: Cancel | None = None) -> Floats:
        """Values of `coalitions`, float64 (m,) or (m, k); the game is called for new ones only, in the order given.

        progress(done, total) is called after each batch, counting this call's new coalitions; the first batch of a ledger
        is small then, since somebody waits to see what it tells. cancel() is asked
        before each batch; True raises Cancelled. A game that fails, or returns something not finite, raises, and
        what earlier batches gave stays in the ledger.
        """
        coalitions = check_coalitions(coalitions, self.n_players)
        with self._lock:
            keys = self._keys(coalitions)
            new = self._new(keys)
            done = 0
            while done < len(new):
                if cancel is not None and cancel():
                    raise Cancelled(self)
                first = progress is not None and not self._values
                part = new[done : done + (min(FIRST_BATCH, self.batch_size) if first else self.batch_size)]
                self._pay(coalitions[part], [keys[i] for i in part])
                done += len(part)
                if progress is not None:
                    progress(done, len(new))
            return self._all_values()[[self._row[key] for key in keys]]

    def missing(self, coalitions: ArrayLike) -> int:
        """How many distinct coalitions of these the game would have to evaluate."""
        return len(self._new(self._keys(check_coalitions(coalitions, self.n_players))))

    def known(self) -> tuple[Bools, Floats]:
        """Everything paid so far: coalitions (m, n) and values (m,) or (m, k), in the order evaluated."""
        return self._unpack(self._packed()), self._all_values()

    def take(self, other: "Ledger") -> int:
        """Everything that another ledger of the same players holds and this one lacks; how many coalitions that is.

        It must be of the same game: values are believed, not evaluated again.
        """
        if other.labels != self.labels:
            raise ValueError(f"the other ledger is of {other.n_players} players, or of other labels than this one")
        coalitions, values = other.known()
        with self._lock:
            keys = self._keys(coalitions)
            new = self._new(keys)
            if new:
                self._keep(coalitions[new], values[new], [keys[i] for i in new], 0.0)
        return len(new)

    def weighted(self, weights: ArrayLike) -> "Ledger":
        """A ledger of the weighted sum of the output columns, weights (k,), that holds all this one holds."""
        game = WeightedGame(self.game, weights)
        other = Ledger(game, self.batch_size)
        coalitions, values = self.known()
        if len(coalitions):
            other._store(game.of(values), self._keys(coalitions))
        if self.rounding is not None:
            other.rounding = (game.weights @ self.rounding @ game.weights).reshape(1, 1)
        return other

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything paid so far to one file (`xai.records`), replacing it in one step.

        It is a copy as of now; only the file of `Ledger(game, path=…)` grows by itself.
        """
        path = Path(path)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        own = self._journal is not None and path.resolve() == self._journal.resolve()
        with self._lock if own else nullcontext():
            try:
                with open(part, "wb") as stream:
                    records.start(stream, self.labels, journal=own)
                    records.append(stream, self._packed(), self._all_values(), self.seconds)
                    size = stream.tell()
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            self._whole = size if own else self._whole

    @classmethod
    def load(cls, path: str | PathLike[str], game: Game) -> "Ledger":
        """Read a ledger's file and go on with `game`; ValueError if the file is not a ledger of this game.

        A last record that a kill has torn is left out. A ledger with a file of its own goes on writing to it.
        """
        ledger = cls(game)
        try:
            header, batches, whole = records.read(path)
            labels, journal = [str(label) for label in header["labels"]], bool(header["journal"])
        except FileNotFoundError:
            raise
        except Exception as error:
            raise ValueError(f"{path} is not a readable ledger ({type(error).__name__}: {error})") from error
        if labels != ledger.labels:
            raise ValueError(
                f"{path} was saved for a game of {len(labels)} players with other labels; "
                f"this game has {ledger.n_players}: load it with the game it was made with"
            )
        try:
            ledger.fill(batches)
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from error
        if sum(len(values) for _, values, _ in batches) != ledger.evaluations:
            raise ValueError(f"{path} is damaged: it holds a coalition twice")
        if journal:
            ledger._journal, ledger._whole = Path(path), whole
        return ledger

    def fill(self, batches: Iterable[Batch]) -> None:
        """Take over batches (packed, values, seconds) that `on_batch` was given; what is known already is left out."""
        for packed, values, seconds in batches:
            if packed.shape != (len(values), -(-self.n_players // 8)):
                raise ValueError(f"{packed.shape} coalitions and {values.shape} values do not match this game")
            coalitions = self._unpack(packed)
            keys = self._keys(coalitions)
            with self._lock:
                new = self._new(keys)
                self.seconds += seconds
                if new:
                    self._store(check_values(values, coalitions)[new], [keys[i] for i in new])

    def _pay(self, coalitions: Bools, keys: list[bytes]) -> None:
        started = time.perf_counter()
        values = self.game(coalitions)
        took = time.perf_counter() - started
        self.seconds += took
        self._keep(coalitions, check_values(values, coalitions), keys, took)

    def _keep(self, coalitions: Bools, values: Floats, keys: list[bytes], took: float) -> None:
        self._store(values, keys)
        if self._journal is not None:
            with open(self._journal, "r+b") as stream:
                stream.truncate(self._whole)  # what a kill or a full disk left of an earlier record
                stream.seek(self._whole)
                records.append(stream, np.packbits(coalitions, axis=1), values, took)
                self._whole = stream.tell()
        if self._on_batch is not None:
            self._on_batch(np.packbits(coalitions, axis=1), values, took)

    def _store(self, values: Floats, keys: list[bytes]) -> None:
        if self._shape is None:
            self._shape = values.shape[1:]
        if values.shape[1:] != self._shape:
            raise ValueError(f"the game returned {values.shape[1:]} outputs after returning {self._shape} before")
        rows = range(len(self._row), len(self._row) + len(keys))
        self._values.append(values)
        self._row.update(zip(keys, rows))

    def _all_values(self) -> Floats:
        if len(self._values) > 1:
            self._values = [np.concatenate(self._values)]
        return self._values[0] if self._values else np.zeros((0, *(self._shape or ())))

    def _keys(self, coalitions: Bools) -> list[bytes]:
        return [row.tobytes() for row in np.packbits(coalitions, axis=1)]

    def _new(self, keys: list[bytes]) -> list[int]:
        """Where each key that is not known stands first, in order."""
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        return sorted(i for key, i in first.items() if key not in self._row)

    def _packed(self) -> Bytes:
        return np.frombuffer(b"".join(self._row), dtype=np.uint8).reshape(self.evaluations, -(-self.n_players // 8))

    def _unpack(self, packed: Bytes) -> Bools:
        return np.unpackbits(packed, axis=1, count=self.n_players).view(bool)


def ledger_of(game: Game, ledger: Ledger | None, name: str = "the ledger") -> Ledger:
    """The ledger, a new one for None; ValueError for that of another game."""
    ledger = Ledger(game) if ledger is None else ledger
    if ledger.game is not game:
        raise ValueError(f"{name} belongs to another game; make one with Ledger(game), or pass the game it has")
    return ledger
