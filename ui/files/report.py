"""A run as one HTML page that needs nothing else: no network, no script, no model."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup

from ui.draw.colour import ranks, shared_scale, signed
from ui.draw.html import render
from ui.draw.sentences import agreed, cost, exactly, sums, tied
from ui.files.report_fidelity import fidelity_section, judgements_section
from ui.maps.picture import Picture
from ui.names import INDICES, method_name
from ui.runs.bundle import Bundle
from xai import Agreement, Attribution, agreement

Draw = Callable[[Attribution, float], Markup]
Cell = tuple[str | None, object]


def html_report(bundle: Bundle, picture: Picture, made: str = "", spent: Sequence[str] = ()) -> Markup:
    """The report of a bundle's first attributions, two beside each other or one alone, drawn as on its page.

    made : when, in words;  spent : sentences of `ui.maps.spent`, as on the page
    Numbers are shown to the digits of the pages; each cell's `data-value` holds all of them.
    """
    maps = list(combined(bundle).values())[:2]
    parts, quantity, draw, scale = picture.parts, picture.whole, picture.html, shared_scale(*maps)
    found, named = agreement(*maps) if len(maps) == 2 else None, [picture.named(one) for one in maps]
    facts = list(picture.facts.items())
    settings = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in bundle.settings.items()]
    return render(
        "report",
        title=bundle.name,
        target=picture.answer or None,
        about=_about(bundle, made),
        panes=[_pane(one, draw, scale) for one in maps],
        legend=picture.legend(scale),
        quantity=quantity,
        sums=sums(maps, parts, quantity),
        spent=spent,
        difference=None if found is None else _difference(maps, found, picture, scale),
        rows=_rows(maps, found),
        judgements=judgements_section(bundle.judgements, named, parts, quantity) if bundle.judgements else "",
        fidelity="" if bundle.fidelity is None else fidelity_section(bundle.fidelity),
        settings=settings + facts,
    )


def combined(bundle: Bundle) -> dict[str, Attribution]:
    """The bundle's attributions with values (n,): their output columns weighted as the bundle says."""
    return {name: one.combine(bundle.weights) for name, one in bundle.attributions.items()}


def _about(bundle: Bundle, made: str) -> str:
    cut = "This run was cancelled: the values are of what had been computed." if bundle.state == "partial" else ""
    model = f"Model {bundle.fingerprint}." if bundle.fingerprint else ""
    return " ".join(filter(None, [made, cut, model, f"{len(bundle.values)} coalitions were evaluated in all."]))


def _pane(one: Attribution, draw: Draw, scale: float) -> tuple[str, str, Markup, str]:
    notes = " ".join(filter(None, [cost(one), exactly(one) or tied(one), one.note]))
    return INDICES[one.index], method_name(one.index, one.method), draw(one, scale), notes


def _difference(pair: list[Attribution], found: Agreement, picture: Picture, scale: float) -> dict[str, Any]:
    change = replace(pair[0], values=found.difference, standard_error=found.standard_error)
    return {
        "names": [f"{INDICES[one.index]} ({method_name(one.index, one.method)})" for one in pair],
        "drawn": picture.html(change, scale),
        "agreed": agreed(found, picture.names(pair[0].labels)),
        "assumption": found.assumption,
    }


def _rows(maps: list[Attribution], found: Agreement | None) -> list[tuple[str, list[Cell]]]:
    """Each player's label and cells: all digits of a number, where it is one that is known, and what is shown."""
    places, rows = [ranks(one) for one in maps], []
    for i, label in enumerate(maps[0].labels):
        cells: list[Cell] = []
        for one, place in zip(maps, places):
            error = np.nan if one.standard_error is None else one.standard_error[i]
            cells += [_cell(one.values[i]), _cell(error, "{:.3f}"), (None, place[i])]
        if found is not None:
            cells += [_cell(found.difference[i]), _cell(found.in_errors[i], "{:+.1f}")]
        rows.append((label, cells))
    return rows


def _cell(number: float, form: str = "") -> Cell:
    if not np.isfinite(number):
        return None, "–"
    return repr(float(number)), form.format(number).replace("-", "−") if form else signed(number)
