"""A run as one HTML page that needs nothing else: no network, no script, no model. Every text in it is escaped."""

import json
from collections.abc import Callable
from dataclasses import replace
from html import escape

import numpy as np

from model.assets import ASSETS
from ui.draw.colour import ranks, shared_scale, signed
from ui.draw.sentences import agreed, cost, sums, tied
from ui.files.report_fidelity import fidelity_section
from ui.maps.picture import Picture
from ui.names import INDICES, method_name
from ui.runs.bundle import Bundle
from xai import Agreement, Attribution, agreement

Draw = Callable[[Attribution, float], str]
# The browser itself then refuses whatever a hostile text might have smuggled in.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html_report(bundle: Bundle, picture: Picture, made: str = "") -> str:
    """The report of a bundle's first attributions, two beside each other or one alone, drawn as on its page.

    made : when, in words. Numbers are shown to the digits of the pages; each cell's `data-value` holds all of them.
    """
    maps = list(combined(bundle).values())[:2]
    parts, quantity, draw, scale = picture.parts, picture.whole, picture.html, shared_scale(*maps)
    sections = [
        _opening(bundle, picture.answer, made),
        '<div class="panes">' + "".join(_pane(one, draw, scale) for one in maps) + "</div>",
        picture.legend(scale),
        f'<p class="small">One scale for all: equal colours mean equal values, changes of {escape(quantity)}.</p>',
        f"<p>{escape(sums(maps, parts, quantity))}</p>",
    ]
    found = agreement(*maps) if len(maps) == 2 else None
    if found is not None:
        sections.append(f"<h2>Where they differ</h2>{_difference(maps, found, draw, scale)}")
    sections.append(f"<h2>Numbers</h2>{_table(maps, found)}")
    if bundle.fidelity is not None:
        sections.append(fidelity_section(bundle.fidelity, parts, quantity))
    sections.append(f"<h2>Settings</h2>{_settings(bundle)}")
    return document(bundle.name, "".join(sections))


def document(title: str, body: str) -> str:
    """A whole HTML page of `body`, which is HTML already, in the reports' style."""
    style = "\n".join((ASSETS / name).read_text() for name in ("style.css", "report.css"))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} – Swing</title><style>{style}</style></head>\n"
        f"<body>{body}</body></html>\n"
    )


def combined(bundle: Bundle) -> dict[str, Attribution]:
    """The bundle's attributions with values (n,): their output columns weighted as the bundle says."""
    return {name: one.combine(bundle.weights) for name, one in bundle.attributions.items()}


def _opening(bundle, answer: str, made: str) -> str:
    told = [f"<h1>{escape(bundle.name)}</h1>"]
    if answer:
        told.append(f'<p class="swing-answer" dir="auto">{escape(answer)}</p>')
    cut = "This run was cancelled: the values are of what had been computed." if bundle.state == "partial" else ""
    model = f"Model {bundle.fingerprint}." if bundle.fingerprint else ""
    evaluated = f"{len(bundle.values)} coalitions were evaluated in all."
    return "".join([*told, f'<p class="small">{escape(" ".join(filter(None, [made, cut, model, evaluated])))}</p>'])


def _pane(one: Attribution, draw: Draw, scale) -> str:
    notes = " ".join(filter(None, [cost(one), tied(one), one.note]))
    return (
        f"<section><h3>{escape(INDICES[one.index])} · {escape(method_name(one.index, one.method))}</h3>"
        f'{draw(one, scale)}<p class="small">{escape(notes)}</p></section>'
    )


def _difference(pair, found: Agreement, draw: Draw, scale) -> str:
    names = [f"{INDICES[one.index]} ({method_name(one.index, one.method)})" for one in pair]
    change = replace(pair[0], values=found.difference, standard_error=found.standard_error)
    return (
        f'<p class="small">{escape(names[0])} minus {escape(names[1])}, on the same scale.</p>'
        f"{draw(change, scale)}<p>{escape(agreed(found, pair[0].labels))}</p>"
        f'<p class="small">{escape(found.assumption)}</p>'
    )


def _table(maps, found: Agreement | None) -> str:
    titles = [f"{INDICES[one.index]}<br>{escape(method_name(one.index, one.method))}" for one in maps]
    places = [ranks(one) for one in maps]
    head = "".join(f'<th class="n">{title}</th><th class="n">± error</th><th class="n">rank</th>' for title in titles)
    if found is not None:
        head += '<th class="n">difference</th><th class="n">in errors</th>'
    rows = []
    for i, label in enumerate(maps[0].labels):
        cells = [f'<td class="n">{i + 1}</td><td class="label" dir="auto">{escape(label)}</td>']
        for one, place in zip(maps, places):
            error = np.nan if one.standard_error is None else one.standard_error[i]
            cells += [_cell(one.values[i]), _cell(error, "{:.3f}"), f'<td class="n">{place[i]}</td>']
        if found is not None:
            cells += [_cell(found.difference[i]), _cell(found.in_errors[i], "{:+.1f}")]
        rows.append(f'<tr data-player="{i}">{"".join(cells)}</tr>')
    return (
        f'<div class="scroll"><table><thead><tr><th class="n">#</th><th>part</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        '<p class="small">± error is the standard error; ranks are by size. A dash: unknown.</p>'
    )


def _cell(number, form: str = "") -> str:
    if not np.isfinite(number):
        return '<td class="n">–</td>'
    shown = form.format(number).replace("-", "−") if form else signed(number)
    return f'<td class="n" data-value="{float(number)!r}">{shown}</td>'


def _settings(bundle) -> str:
    rows = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in bundle.settings.items()]
    body = "".join(f'<tr><td>{escape(name)}</td><td class="setting" dir="auto">{escape(value)}</td></tr>' for name, value in rows)
    return f'<div class="scroll"><table><tbody>{body}</tbody></table></div>'
