"""Rows of Arrow: Parquet files, and a directory that Hugging Face's `datasets` saved; read batch by batch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batch.sources.source import Place, check_names, digest_of

if TYPE_CHECKING:
    import pandas as pd

ROWS = 1024  # of a batch


class _Arrow:
    """What both share: batches of Arrow become dicts, or frames."""

    name: str
    columns: list[str]
    _places: list[Place]

    def digest(self) -> str:
        return digest_of(self._places)

    def batches(self, needs: list[str] | None, most: int) -> Iterator[Any]:
        """pyarrow.RecordBatch of at most `most` rows."""
        raise NotImplementedError

    def rows(self, needs: list[str] | None) -> Iterator[dict[str, Any]]:
        for batch in self.batches(needs, ROWS):
            yield from batch.to_pylist()

    def frames(self, most: int) -> "Iterator[pd.DataFrame]":
        import pandas as pd
        import pyarrow as pa

        for batch in self.batches(None, most):
            nested = [field.name for field in batch.schema if pa.types.is_nested(field.type)]
            if nested:
                raise ValueError(f"the column {nested[0]!r} of {self.name} holds lists or records; give single values")
            frame = batch.to_pandas()
            for i, field in enumerate(batch.schema):  # float64 would not keep large ones apart
                if pa.types.is_integer(field.type) and batch.column(i).null_count:
                    frame.isetitem(i, pd.array(batch.column(i).to_pylist(), dtype="Int64"))
            yield frame


@contextmanager
def _one_sentence(name: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{name} cannot be read ({str(error).splitlines()[0][:200]})") from error


class Parquet(_Arrow):
    def __init__(self, places: list[Place], name: str) -> None:
        self.name, self._places = name, places
        self._counts, columns = [], []
        for place in places:
            with self._opened(place) as file:
                self._counts.append(int(file.metadata.num_rows))
                columns.append([str(one) for one in file.schema_arrow.names])
        other = next((place.name for place, own in zip(places, columns) if own != columns[0]), None)
        if other is not None:
            raise ValueError(f"{other} has other columns than {places[0].name}: every file of a folder needs the same")
        self.columns = columns[0]
        check_names(self.columns, name)

    @contextmanager
    def _opened(self, place: Place) -> Iterator[Any]:
        from pyarrow import parquet

        with _one_sentence(place.name), place.open() as stream:
            yield parquet.ParquetFile(stream, thrift_string_size_limit=1 << 24)

    def count(self, frames: bool = False) -> int:
        return sum(self._counts)

    def batches(self, needs: list[str] | None, most: int) -> Iterator[Any]:
        for place in self._places:
            with self._opened(place) as file:
                yield from file.iter_batches(most, columns=needs, use_threads=False)


class Saved(_Arrow):
    """What `Dataset.save_to_disk` wrote: Arrow streams, and a file that names them."""

    def __init__(self, place: Place) -> None:
        self.name, folder = place.name, place.local
        try:
            state = json.loads((folder / "state.json").read_text())
            files = [str(one["filename"]) for one in state["_data_files"]]
            indexed = state.get("_indices_files")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.name}/state.json does not say which files the data set has") from error
        if indexed:
            raise ValueError(f"{self.name} is a selection of rows of other files: save it after flatten_indices()")
        if not files or any("/" in one or one.startswith(".") for one in files):
            raise ValueError(f"{self.name}/state.json names no files of this folder")
        self._places = [Place(str(folder / one)) for one in files]
        with self._stream(self._places[0]) as reader:
            self.columns = [str(one) for one in reader.schema.names]
        check_names(self.columns, self.name)

    @contextmanager
    def _stream(self, place: Place) -> Iterator[Any]:
        import pyarrow as pa

        with _one_sentence(place.name), pa.memory_map(str(place.local)) as mapped, pa.ipc.open_stream(mapped) as reader:
            yield reader

    @cached_property
    def _count(self) -> int:
        return sum(batch.num_rows for batch in self.batches(None, 1 << 62))

    def count(self, frames: bool = False) -> int:
        return self._count

    def batches(self, needs: list[str] | None, most: int) -> Iterator[Any]:
        for place in self._places:
            with self._stream(place) as reader:
                for batch in reader:
                    batch = batch if needs is None else batch.select(needs)
                    for start in range(0, batch.num_rows, most):
                        yield batch.slice(start, most)
