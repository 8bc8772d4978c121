"""A checkpoint's tensors read one by one: it is told how far that is, it can be ended there, and nothing is read twice as wide.

transformers maps a checkpoint's files into memory, asks for all tensors at once and says nothing until the last is there. Here
each is read into memory of its own when it is asked for, and may be told into the network what type its weights shall have.
torch is imported.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

Told = Callable[[float], None]  # share of the bytes that are read; what it raises ends the reading
Ready = Callable[[Any, set[str]], None]  # the network without its weights, types of its matrices as safetensors names them


class _Told:
    """What was read of so many bytes, by several threads; once its end was asked for nothing more is read."""

    def __init__(self, total: int, told: Told) -> None:
        self._total, self._told, self._read = total, told, 0
        self._lock = threading.Lock()
        self._ended: BaseException | None = None

    def check(self) -> None:
        if self._ended is not None:
            raise self._ended

    def add(self, size: int) -> None:
        with self._lock:
            self.check()
            self._read += size
            try:
                self._told(self._read / self._total)
            except BaseException as error:
                self._ended = error
                raise


class Stored:
    """A tensor of a safetensors file: what transformers takes for one, and reads by `[...]`."""

    def __init__(self, part: Any, told: _Told) -> None:
        self.part, self.told = part, told

    def __getitem__(self, at: Any) -> Any:
        self.told.check()
        found = self.part[at]
        self.told.add(found.nbytes)
        return found

    def get_shape(self) -> list[int]:
        shape: list[int] = self.part.get_shape()
        return shape

    def get_dtype(self) -> str:
        return str(self.part.get_dtype())


def read_network(architecture: type[Any], source: Any, ready: Ready, told: Told, places: dict[str, Any], **options: Any) -> Any:
    """A network of a transformers class with the weights of a directory or hub id, as `from_pretrained(source, **options)`.

    places : part of the network → the device that its weights are read to; "" is the whole
    ready : is given the network once it is built and before any weight is read; a weight takes the type that its place has then
    told : called from several threads, one at a time

    Whatever `ready` or `told` raises is raised here, and what was read is let go of. ValueError where weights are missing.
    """

    class Reading(architecture):  # type: ignore[misc]  # a class that is not known before
        @staticmethod
        def _load_pretrained_model(model: Any, state: Any, files: list[str], how: Any) -> Any:
            with contextlib.ExitStack() as opened:
                stored = _stored(files, opened, told)
                ready(model, {str(one.get_dtype()) for one in stored.values() if len(one.get_shape()) > 1})
                return architecture._load_pretrained_model(model, stored, files, replace(how, device_map=places))

    Reading.__name__, Reading.__module__ = architecture.__name__, architecture.__module__
    network: Any
    network, found = Reading.from_pretrained(source, use_safetensors=True, output_loading_info=True, **options)
    if missing := sorted(found["missing_keys"]):  # which transformers fills with what chance says
        raise ValueError(f"its files lack {len(missing)} of its weights, {missing[0]!r} among them")
    network.__class__ = architecture
    return network


def _stored(files: list[str], opened: contextlib.ExitStack, told: Told) -> dict[str, Stored]:
    from safetensors import SafetensorError, safe_open

    read = _Told(sum(Path(file).stat().st_size for file in files), told)
    parts: dict[str, Any] = {}
    for file in files:
        try:
            whole = opened.enter_context(safe_open(file, framework="pt", backend="pread"))
        except SafetensorError as error:
            raise ValueError(f"{Path(file).name} is damaged: {error}") from error
        parts |= {name: whole.get_slice(name) for name in whole.keys()}  # noqa: SIM118  # it is no dictionary
    return {name: Stored(part, read) for name, part in parts.items()}
