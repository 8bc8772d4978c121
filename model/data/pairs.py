"""Sentence pairs for translation: the bundled few-shot pool and evaluation set, and those that a user uploads."""

from dataclasses import dataclass
from itertools import combinations

from model.assets import ASSETS
from model.data.pair_columns import NEEDED, PairColumns, named_columns
from model.files.reader import check_columns, read_cells
from model.text.prompt import check_text

FOLDER = ASSETS / "samples" / "translation"
MAX_EXAMPLES, MAX_EVALUATION, MAX_CHARACTERS = 64, 64, 500


@dataclass(frozen=True)
class Pair:
    """A sentence, its translation, and where the pair comes from ("" where that is not said)."""

    source: str
    target: str
    origin: str = ""

    def __post_init__(self) -> None:
        for what in ("source", "target"):
            text = getattr(self, what)
            check_text(text, f"{what} sentence")
            object.__setattr__(self, what, " ".join(text.split()))
            if not text.strip():
                raise ValueError(f"the {what} sentence of a pair is empty: write it, or leave the pair out")
            if len(text) > MAX_CHARACTERS:
                raise ValueError(f"a {what} sentence has {len(text)} characters; at most {MAX_CHARACTERS} are read: shorten it")
        if len(self.origin) > MAX_CHARACTERS:
            raise ValueError(f"an origin has {len(self.origin)} characters; at most {MAX_CHARACTERS} are read: shorten it")


@dataclass(frozen=True)
class PairTable:
    """A table that holds pairs in some of its columns.

    names : of the columns, as the first line has them, "" or one name twice included;  columns : cells under each name
    first : the line that names are read from, if there is one
    """

    names: list[str]
    columns: list[list[str]]
    first: list[str] | None

    def with_first(self) -> "PairTable":
        """The same where the first line is a row like the others."""
        if self.first is None:
            return self
        return PairTable(_numbered(len(self.names)), [[one, *cells] for one, cells in zip(self.first, self.columns)], None)

    def pairs(self, chosen: PairColumns, most: int = MAX_EXAMPLES) -> list[Pair]:
        """The pairs of some columns; ValueError with one sentence, and the row where it is a row's."""
        titled = {"source": chosen.source, "reference translation": chosen.target, "origin": chosen.origin}
        for (one, at), (other, at_too) in combinations(titled.items(), 2):
            if at is not None and at == at_too:
                name = self.names[at][:60] or f"column {at + 1}"
                raise ValueError(f"the column {name!r} is chosen as {one} and as {other}: choose another for one of them")
        rows = len(self.columns[0])
        if rows > most:
            raise ValueError(f"the table has {rows} pairs; at most {most} are read: leave some out")
        origins = [""] * rows if chosen.origin is None else self.columns[chosen.origin]
        found = []
        for i, row in enumerate(zip(self.columns[chosen.source], self.columns[chosen.target], origins)):
            try:
                found.append(Pair(*row))
            except ValueError as error:
                raise ValueError(f"row {i + 1}: {error}") from error
        return found


def read_pair_table(content: str | bytes, filename: str = "the table") -> PairTable:
    """The table that a file holds, whatever its columns are called; ValueError with one sentence for fewer than two."""
    names, columns = read_cells(content, filename, numbers=False)
    check_columns(names, filename, "give a sentence and its translation in a column each")
    return PairTable(names, columns, None if names == _numbered(len(names)) else names)


def _numbered(count: int) -> list[str]:
    """Names of columns that have none, as the reader gives them."""
    return [f"column {i + 1}" for i in range(count)]


def read_pairs(content: str | bytes, most: int = MAX_EXAMPLES, filename: str = "the table") -> list[Pair]:
    """Pairs of a table with the columns source, target and, if it likes, origin; ValueError for any other."""
    table = read_pair_table(content, filename)
    chosen = named_columns(table.names)
    if chosen is None:
        names = [name.lower() for name in table.names]
        wrong = [f"{'more than one' if name in names else 'no'} column {name}" for name in NEEDED if names.count(name) != 1]
        raise ValueError(
            f"the table has {' and '.join(wrong)}; it has {', '.join(names)}: "
            "name the columns source and target in the first line"
        )
    return table.pairs(chosen, most)


def bundled_examples() -> list[Pair]:
    """Sixteen English–French examples from four origins, one of which is no French."""
    return read_pairs((FOLDER / "examples.csv").read_bytes())


def bundled_evaluation() -> list[Pair]:
    """Eight English–French pairs to judge translations by."""
    return read_pairs((FOLDER / "evaluation.csv").read_bytes(), MAX_EVALUATION)
