"""From a row's game to what is written of it: values of both indices, what they are worth, or the sentence of an error."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from batch.kinds.contract import Asked, Asker
from batch.settings import Settings
from batch.sources.chunks import Chunk
from xai import Attribution, Judgement, Ledger, explain, judge
from xai.closed import closed_form, is_closed
from xai.trust.held_out import draw

HELD_OUT = 32  # coalitions of each law that both maps of a row are judged on
FEW = 10  # players up to which a game with a closed form is judged on all its coalitions: sooner than a sample is drawn again
LONGEST = 500  # characters of an error's sentence
Record = dict[str, Any]


def records(asker: Asker, chunk: Chunk, settings: Settings, told: Callable[[], object] | None = None) -> Iterator[Record]:
    """One record for each row of a chunk, whatever fails in it. told : called after each"""
    started = time.perf_counter()
    for i, asked in enumerate(asker.asked(chunk.rows)):
        record: Record = {"row": chunk.first + i, "id": chunk.ids[i], "error": None}
        try:
            if isinstance(asked, Exception):
                raise asked
            record |= explained(asked, settings, seed_of(settings.seed, chunk.ids[i]))
        except MemoryError:
            raise
        except Exception as error:  # a row that fails must not end a night's run
            record["error"] = sentence_of(error)
        now = time.perf_counter()
        record["seconds"] = now - started
        started = now
        yield record
        if told is not None:
            told()


def seed_of(seed: int, id: str) -> int:
    """A row's own seed: by its name, so that neither order nor neighbours matter."""
    return int.from_bytes(hashlib.sha256(f"{seed} {id}".encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1


def sentence_of(error: Exception) -> str:
    said = " ".join(str(error).split())[:LONGEST]
    return said if isinstance(error, (ValueError, TypeError)) and said else f"{type(error).__name__}: {said}".rstrip(": ")


def explained(asked: Asked, settings: Settings, seed: int) -> Record:
    """Values and judgements of one game, by one ledger."""
    ledger = Ledger(asked.game)
    whole = [_map(ledger, index, settings, seed, asked.weights) for index in settings.indices]
    maps = [one.combine(_weights(one, asked.weights)) for one in whole]
    found: Record = {"output": asked.output, "players": ledger.labels}
    found["empty_value"], found["full_value"] = float(maps[0].empty_value), float(maps[0].full_value)
    for one in maps:
        error = one.standard_error
        found[one.index] = _numbers(one.values)
        found[f"{one.index}_error"] = None if error is None else _numbers(error)
        found[f"{one.index}_method"] = one.method
    if settings.judge:
        held = draw(ledger, whole, _held_out(ledger), seed)
        for one in whole:
            found[f"{one.index}_judgement"] = _judged(judge(ledger, one, asked.weights, seed, held))
    return found | {"evaluations": ledger.evaluations}


def _held_out(ledger: Ledger) -> int:
    n = ledger.n_players
    return 2 ** (n - 1) if n <= FEW and is_closed(ledger.game) else HELD_OUT


def _map(ledger: Ledger, index: str, settings: Settings, seed: int, weights: list[float] | None) -> Attribution:
    method = settings.banzhaf_method if index == "banzhaf" else settings.shapley_method
    if method in ("auto", "exact") and is_closed(ledger.game):
        known = closed_form(ledger, index, seed)
        assert known is not None
        return known
    stop = settings.stop_when_sure
    return explain(ledger.game, index, method, settings.budget, seed, ledger, stop_when_sure=stop, weights=weights)


def _weights(one: Attribution, weights: list[float] | None) -> list[float]:
    return weights or [1.0] * int(np.prod(one.values.shape[1:]))


def _numbers(values: Any) -> list[float | None]:
    return [_number(value) for value in values.tolist()]


def _number(value: float) -> float | None:
    return value if value == value else None


def _judged(found: Judgement) -> Record:
    names = ("first", "first_three", "order", "expected_error", "additive", "chance", "kept")
    low, high = map(_number, found.additive_interval)
    numbers = {name: _number(getattr(found, name)) for name in names}
    return {"worth": found.worth, "headline": found.headline, **numbers, "additive_low": low, "additive_high": high}
