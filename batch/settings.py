"""What a run over a data set may be asked: one declaration for the flags, `swing.toml`, Python and what a resume compares."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from model.text.prompt import PLAYERS
from model.text.text_game import ABSENT as ABSENT_TEXT
from xai.checks import check_whole
from xai.estimators.methods import METHODS

KINDS = ("text", "table", "image")
INDICES = ("both", "banzhaf", "shapley")
ABSENT = {"text": ABSENT_TEXT, "image": ("mean", "blur", "black")}
ROWS_PER_FILE = {"text": 64, "image": 64, "table": 4096}


def _asked(default: Any, help: str, of: tuple[str, ...] = KINDS, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": help, "of": of, "choices": choices})


@dataclass(frozen=True)
class Settings:
    """What decides the values of a run: two runs of equal settings, data and weights give the same to the last bit.

    ValueError with one sentence for what is not allowed, a setting of another kind among it.
    """

    kind: str = _asked(MISSING, "what a row is: text, table or image", choices=KINDS)
    model: str | None = _asked(
        None,
        "text: a checkpoint's directory or hub id; table: a file of trees, or ONNX; left out: the bundled one, trees fitted here",
    )
    template: str = _asked("{text}", "the prompt, with fields of the row in braces", ("text",))
    explain: str | None = _asked(None, "the field whose parts are players; left out: the template's only one", ("text",))
    target: str | None = _asked(
        None, "text: the answer, fields allowed, left out: the model's own; table: the column to predict", ("text", "table")
    )
    against: str | None = _asked(None, "another answer, whose log-probability is taken off", ("text",))
    players: str = _asked("word", "what the parts are", ("text",), tuple(PLAYERS))
    absent: str | None = _asked(None, "what becomes of absent parts; left out: remove, or of pictures mean", ("text", "image"))
    grid: str = _asked("7x7", "rows x columns of patches", ("image",))
    table: str | None = _asked(
        None, "the table that a model is fitted to, or takes its background from; left out: the rows themselves", ("table",)
    )
    index: str = _asked("both", "which values", choices=INDICES)
    banzhaf_method: str = _asked("auto", "how Banzhaf values are estimated", choices=tuple(METHODS["banzhaf"]))
    shapley_method: str = _asked("auto", "how Shapley values are estimated", choices=tuple(METHODS["shapley"]))
    budget: int = _asked(256, "most evaluations for each index of a row")
    stop_when_sure: bool = _asked(False, "end a row's estimate at the first look that is sure")
    judge: bool = _asked(True, "judge each map on held-out coalitions")
    seed: int = _asked(0, "of all that is drawn; each row's own comes from it and the row's id")
    id: str | None = _asked(
        None, "the column that names rows; left out: their numbers from 0, or files' names", ("text", "table")
    )
    rows_per_file: int | None = _asked(None, "rows that are committed together; left out: 64, of tables 4096")

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.metadata["choices"] and value not in one.metadata["choices"]:
                raise ValueError(f"{flag(one.name)} must be one of {', '.join(one.metadata['choices'])}; got {value!r}")
            if self.kind not in one.metadata["of"] and value != one.default:
                raise ValueError(f"{flag(one.name)} is of {' and '.join(one.metadata['of'])}, and these rows are of {self.kind}")
            self._check_type(one.name, one.default, value)
        allowed = ABSENT.get(self.kind, ())
        if self.absent is not None and self.absent not in allowed:
            raise ValueError(f"--absent must be one of {', '.join(allowed)} for {self.kind}; got {self.absent!r}")
        if self.budget < 8:
            raise ValueError(f"--budget must be at least 8 evaluations; got {self.budget}")
        if self.rows_per_file is not None and self.rows_per_file < 1:
            raise ValueError(f"--rows-per-file must be at least 1; got {self.rows_per_file}")

    @staticmethod
    def _check_type(name: str, default: object, value: object) -> None:
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise ValueError(f"{flag(name)} is true or false; got {value!r}")
        elif isinstance(default, int) or name == "rows_per_file":
            if value is not None:
                check_whole(flag(name), value)
        elif value is not None and not isinstance(value, str):
            raise ValueError(f"{flag(name)} must be a text; got {value!r}")

    @property
    def part_rows(self) -> int:
        """Rows of a part."""
        return self.rows_per_file or ROWS_PER_FILE[self.kind]

    @property
    def indices(self) -> tuple[str, ...]:
        return ("banzhaf", "shapley") if self.index == "both" else (self.index,)

    @property
    def absence(self) -> str:
        return self.absent or {"text": "remove", "image": "mean"}[self.kind]

    @property
    def patches(self) -> tuple[int, int]:
        """(rows, columns) of patches; ValueError for what is no grid."""
        sides = self.grid.lower().replace("×", "x").split("x")
        if len(sides) != 2 or not all(side.strip().isdecimal() for side in sides):
            raise ValueError(f"--grid is rows x columns, as 7x7; got {self.grid!r}")
        return int(sides[0]), int(sides[1])


def flag(name: str) -> str:
    """A setting's name on the command line."""
    return f"--{name.replace('_', '-')}"
