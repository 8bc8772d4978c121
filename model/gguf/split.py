"""A model in one GGUF file, or in several that llama-gguf-split or a converter made of it: any one of them finds the others.

Each part is a GGUF file with a header of its own; the first says what the model is, each where its own tensors lie.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.gguf.header import Header, Tensor, read_header
from model.gguf.source import Source

NAMED = re.compile(r"-(\d{5})-of-(\d{5})(?=\.gguf$)", re.IGNORECASE)
NUMBER, COUNT, TENSORS = "split.no", "split.count", "split.tensors.count"


@contextmanager
def open_gguf(paths: tuple[Path, ...], name: str) -> Iterator[tuple[Source, Header]]:
    """The bytes of a model's file, or of all its parts one behind the other, and its header, whose tensors lie in those.

    paths : the file, any one of its parts, or pieces of one file in their order;  name : what sentences call it
    ValueError for what is damaged or lacks a part; OSError where a file cannot be opened.
    """
    with Source(paths, name) as source:
        header = read_header(source)
        if _is_whole(header):
            yield source, header
            return
    parts = _beside(paths, header)
    joined = _joined(parts, header)
    with Source(parts, name) as source:
        yield source, joined


def parts_of(path: Path) -> list[Path]:
    """The files that a model lies in, of which one is given; ValueError and OSError as of `open_gguf`."""
    with Source((path,), path.name) as source:
        header = read_header(source)
    return [path] if _is_whole(header) else _beside((path,), header)


def _is_whole(header: Header) -> bool:
    return header.fields.get(COUNT) is None or _stated(header, COUNT) in (0, 1)  # 0 of one that was joined again


def first_part(path: Path) -> Path:
    """The first of the files that a name says that a model lies in, which stands for all of them; the path itself of others."""
    return _numbered(path, 1)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(NAMED.sub(rf"-{number:05d}-of-\2", path.name))


def _beside(paths: tuple[Path, ...], header: Header) -> list[Path]:
    """All parts of the model that one part belongs to, in their order."""
    count, number = _stated(header, COUNT), _stated(header, NUMBER)
    if not 0 <= number < count:
        raise ValueError(f"{header.name} states that it is part {number + 1} of {count} of a model: it is damaged")
    named = NAMED.search(paths[0].name)
    if len(paths) > 1 or named is None or (int(named[1]), int(named[2])) != (number + 1, count):
        wanted = f"its name must end in -{number + 1:05d}-of-{count:05d}.gguf for the others to be found"
        raise ValueError(f"{header.name} is part {number + 1} of {count} of a model: {wanted}")
    parts = [_numbered(paths[0], one + 1) for one in range(count)]
    for one, part in enumerate(parts, 1):
        if not part.is_file():
            raise ValueError(f"{header.name} is in {count} parts, and part {one}, {part.name}, is not beside it")
    return parts


def _joined(parts: list[Path], given: Header) -> Header:
    """One header of all parts, of which one was read before."""
    headers, tensors, begin = [], dict[str, Tensor](), 0
    for number, part in enumerate(parts):
        with Source([part], str(part)) as source:
            header = given if number == given.fields[NUMBER] else read_header(source)
            size = source.size
        if (_stated(header, NUMBER), _stated(header, COUNT)) != (number, len(parts)):
            raise ValueError(f"{header.name} does not state that it is part {number + 1} of {len(parts)}: it is of another model")
        if twice := sorted(tensors.keys() & header.tensors.keys()):
            raise ValueError(f"{header.name} has the tensor {twice[0]!r}, as an earlier part has: it is of another model")
        tensors |= {name: tensor._replace(at=begin + tensor.at) for name, tensor in header.tensors.items()}
        headers.append(header)
        begin += size
    if (count := _stated(headers[0], TENSORS)) != len(tensors):
        raise ValueError(f"{given.name} has {len(tensors)} tensors in its {len(parts)} parts, and states {count}")
    return headers[0]._replace(name=given.name, tensors=tensors)


def _stated(header: Header, key: str) -> int:
    value = header.fields.get(key)
    if type(value) is not int:
        raise ValueError(f"{header.name} states {key} = {value!r:.40}; a whole number is expected")
    return value
