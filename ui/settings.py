"""What a request may hold, said once where its fields are declared.

The same declarations check settings that come from a link, a store or a file of somebody else's, give the widgets
their choices, bounds and lengths, and make the table in `docs/settings.md`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Allowed:
    """The values of one field, and how they stand in JSON.

    kind : "choice", "text", "number", "flag", "list" or "settings";  title : what a widget is called
    options : value → its name;  low, high : of a number;  most : characters of a text, or items of a list
    none : None is a value too;  each : of a list's items, one for all or one for each
    made, plain : from what JSON holds to the value, and back, where they are not the same
    before : what settings mean that were kept before there was this field; where it is that, they do not name it now either
    """

    kind: str
    title: str = ""
    options: Mapping[Any, str] | None = None
    low: int = 0
    high: int = 2**31 - 1
    most: int = 0
    none: bool = False
    each: "tuple[Allowed, ...]" = ()
    made: Callable[[Any], Any] | None = None
    plain: Callable[[Any], Any] | None = None
    before: Any = None

    def read(self, found: Any) -> Any:
        """The value that JSON holds; ValueError where it is not allowed."""
        if found is None and self.none:
            return None
        if self.kind == "list":
            found = self._items(found)
        elif self.kind != "settings" and not self._has(found):
            raise ValueError(f"{str(found)[:40]!r} is not allowed here, only {self.words()}")
        return found if self.made is None else self.made(found)

    def write(self, value: Any) -> Any:
        """As JSON can hold it."""
        if value is None:
            return None
        if self.plain is not None:
            return self.plain(value)
        if self.kind == "list":
            return [self._of_item(i).write(item) for i, item in enumerate(value)]
        return _PLAIN.get(self.kind, _same)(value)  # NumPy's own, which a widget may have been set to, are none of JSON's

    def words(self) -> str:
        """What is allowed, as an error and the documentation say it."""
        told = {
            "choice": ", ".join(str(option) or "“”" for option in self.options or ()),
            "text": f"text of at most {self.most:,} characters",
            "number": f"{self.low:,} to {self.high:,}",
            "flag": "true, false",
            "list": f"list of at most {self.most:,}",
            "settings": "settings of its own",
        }[self.kind]
        return told + (", or nothing" if self.none else "")

    def _has(self, found: Any) -> bool:
        if self.kind == "choice":
            return any(type(found) is type(option) and found == option for option in self.options or ())
        if self.kind == "text":
            return isinstance(found, str) and len(found) <= self.most
        if self.kind == "number":
            return type(found) is int and self.low <= found <= self.high
        return isinstance(found, bool)

    def _items(self, found: Any) -> tuple[Any, ...]:
        if not isinstance(found, (list, tuple)) or len(found) > self.most:
            raise ValueError(f"what should be a {self.words()} is none")
        if len(self.each) > 1 and len(found) != len(self.each):
            raise ValueError(f"a list holds {len(found)} values, and not {len(self.each)}")
        return tuple(self._of_item(i).read(item) for i, item in enumerate(found))

    def _of_item(self, i: int) -> "Allowed":
        return self.each[i if len(self.each) > 1 else 0]


def _same(value: Any) -> Any:
    return value


_PLAIN: dict[str, Callable[[Any], Any]] = {"number": int, "flag": bool}


class Settings:
    """A frozen dataclass whose fields were declared by the functions below. what : of an input, in an error's sentence."""

    what: ClassVar[str] = "a run"

    def to_settings(self) -> dict[str, Any]:
        """As JSON can hold it."""
        values = {name: (one, getattr(self, name)) for name, one in allowed(type(self)).items()}
        return {name: one.write(value) for name, (one, value) in values.items() if one.before is None or value != one.before}

    @classmethod
    def from_settings(cls, settings: Any) -> Self:
        """What `to_settings` gave; ValueError for anything else, for it may come from a file of somebody else's."""
        try:
            made = cls(**{name: _found(settings, name, one) for name, one in allowed(cls).items()})
            made.check()
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these are not the settings of {cls.what} ({error})") from error
        return made

    def check(self) -> None:
        """ValueError where values that are allowed alone are not together."""


def _found(settings: Any, name: str, one: Allowed) -> Any:
    return one.before if one.before is not None and name not in settings else one.read(settings[name])


def allowed(request: type[Settings]) -> dict[str, Allowed]:
    """What each field of a request may hold, in order."""
    return {one.name: one.metadata["allowed"] for one in fields(request)}  # type: ignore[arg-type]  # all are dataclasses


def choice(options: Iterable[Any] | Mapping[Any, str], default: Any, title: str = "", **more: Any) -> Any:
    """One of some values, which a mapping gives names. more : none, made, plain, before, as of `Allowed`"""
    named = options if isinstance(options, Mapping) else {option: str(option) for option in options}
    return _field(Allowed("choice", title, named, **more), default)


def string(most: int, default: Any = MISSING, title: str = "", none: bool = False, before: str | None = None) -> Any:
    """A text of at most so many characters. before : as of `Allowed`"""
    return _field(Allowed("text", title, most=most, none=none, before=before), default)


def number(low: int, high: int, default: Any, title: str = "", none: bool = False, before: int | None = None) -> Any:
    """A whole number from low to high. before : as of `Allowed`"""
    return _field(Allowed("number", title, low=low, high=high, none=none, before=before), default)


def flag(default: Any = MISSING, title: str = "", **more: Any) -> Any:
    """more : before, as of `Allowed`"""
    return _field(Allowed("flag", title, **more), default)


def listed(each: Any, most: int, default: Any = MISSING, title: str = "", **more: Any) -> Any:
    """At most so many items. each : one of these declarations; several for a list that holds just one of each"""
    parts: Sequence[Any] = each if isinstance(each, Sequence) else (each,)
    return _field(Allowed("list", title, most=most, each=tuple(one.metadata["allowed"] for one in parts), **more), default)


def nested(of: type[Settings], default: Any = MISSING, title: str = "") -> Any:
    """Settings of their own."""
    return _field(Allowed("settings", title, made=of.from_settings, plain=of.to_settings), default)


def _field(one: Allowed, default: Any) -> Any:
    return field(default=default, metadata={"allowed": one})
