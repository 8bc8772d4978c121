"""What a run is of, written beside its rows, so that nothing else goes on with it."""

from dataclasses import asdict
from typing import Any

from batch.settings import Settings, flag

PATHS = ("model", "table")  # or hub ids: what lies there is compared by its bytes


def of_run(settings: Settings, data: str, source: str, kind: dict[str, str], rows: int) -> dict[str, Any]:
    """As JSON holds it. data : digest of the source;  kind : fingerprints of what the kind reads;  rows : of the source"""
    asked = asdict(settings) | {"rows_per_file": settings.part_rows}
    return {"settings": asked, "source": source, "data": data, "made_of": kind, "rows": rows}


def check_same(before: dict[str, Any], now: dict[str, Any], where: str) -> None:
    """ValueError where a run that was begun is not the one that is asked now, saying in what they differ."""
    try:
        for name, value in now["settings"].items():
            if name not in PATHS and before["settings"].get(name) != value:
                differs = f"{flag(name)} {_said(before['settings'].get(name))}, and now it is {_said(value)}"
                raise ValueError(_refusal(where, f"with {differs}"))
        if before["data"] != now["data"]:
            raise ValueError(
                _refusal(where, f"with other data ({before['source']}): {now['source']} differs from what it was of")
            )
        names = sorted({*before["made_of"], *now["made_of"]})
        other = [name for name in names if before["made_of"].get(name) != now["made_of"].get(name)]
        if other:
            raise ValueError(_refusal(where, f"with another {other[0]}: the bytes of what it is read from differ"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{where} holds a run of another version of Swing: name another folder") from error


def _said(value: object) -> str:
    return "left out" if value is None else repr(value) if isinstance(value, str) else str(value)


def _refusal(where: str, why: str) -> str:
    return f"{where} was begun {why}; ask for the same as then, or name another folder"
