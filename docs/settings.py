"""Every setting of every kind, as `docs/settings.md` lists them: `python -m docs.settings > docs/settings.md` writes it."""

import json
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path

from ui.runs.comparison import Plan
from ui.settings import Allowed, Settings, allowed

HEAD = """# Settings

What a request may hold: in a link, in a kept run, in a bundle. It is declared once, where the fields of a request are
(`ui/<kind>/request.py`, `ui/runs/comparison.py`), and read by `ui/settings.py`. Some values that are allowed alone are not
together: the request's own `check` says so. This page is written by `python -m docs.settings > docs/settings.md`.
"""


def requests() -> list[type[Settings]]:
    """Every class of settings: the plan, which all kinds share, then those of each kind."""
    modules = [
        import_module(f"ui.{file.parent.name}.request")
        for file in sorted((Path(__file__).parents[1] / "ui").glob("*/request.py"))
    ]
    found = [(one, module) for module in modules for one in vars(module).values() if isinstance(one, type)]
    return [Plan, *(one for one, module in found if issubclass(one, Settings) and one.__module__ == module.__name__)]


def page() -> str:
    """The whole of `docs/settings.md`."""
    return "\n".join([HEAD, *map(table, requests())])


def table(request: type[Settings]) -> str:
    """One class of settings: a line for each field."""
    rows = [f"## {request.__name__}", "", str(request.__doc__).split("\n")[0], ""]
    rows += ["| field | title | allowed | default |", "|---|---|---|---|"]
    defaults = {one.name: one.default for one in fields(request)}  # type: ignore[arg-type]  # all are dataclasses
    for name, one in allowed(request).items():
        cells = f"`{name}`", one.title or "–", words(one), default(one, defaults[name])
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def words(one: Allowed) -> str:
    """What is allowed, and in a list what its items are."""
    if one.kind == "list":
        count = f"exactly {len(one.each)}" if len(one.each) > 1 else f"at most {one.most:,}"
        return f"list of {count}: {', '.join(dict.fromkeys(map(words, one.each)))}"
    if one.kind == "settings":
        return "a [plan](#plan)"
    return one.words()


def default(one: Allowed, value: object) -> str:
    if value is MISSING:
        return "must be given"
    return "its defaults" if one.kind == "settings" else f"`{json.dumps(one.write(value), ensure_ascii=False)}`"


if __name__ == "__main__":
    print(page(), end="")
