"""Sentence pairs for translation: the bundled few-shot pool and evaluation set, and those that a user uploads."""

from dataclasses import dataclass

from model.assets import ASSETS
from model.files.reader import read_columns
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


def read_pairs(content: str | bytes, most: int = MAX_EXAMPLES, filename: str = "the table") -> list[Pair]:
    """Pairs of an uploaded table with the columns source, target and, if it likes, origin; ValueError for any other."""
    table = {name.lower(): cells for name, cells in read_columns(content, filename, numbers=False).items()}
    missing = [name for name in ("source", "target") if name not in table]
    if missing:
        raise ValueError(
            f"the table has no column {' and no column '.join(missing)}; it has {', '.join(table)}: "
            "name the columns source and target in the first line"
        )
    rows = len(table["source"])
    if rows > most:
        raise ValueError(f"the table has {rows} pairs; at most {most} are read: leave some out")
    return [Pair(*row) for row in zip(table["source"], table["target"], table.get("origin", [""] * rows))]


def bundled_examples() -> list[Pair]:
    """Sixteen English–French examples from four origins, one of which is no French."""
    return read_pairs((FOLDER / "examples.csv").read_bytes())


def bundled_evaluation() -> list[Pair]:
    """Eight English–French pairs to judge translations by."""
    return read_pairs((FOLDER / "evaluation.csv").read_bytes(), MAX_EVALUATION)
