"""The report's section on fidelity: verdicts, measures, and the curves as a drawing. Escaped like the rest."""

from html import escape

import numpy as np

from ui.draw.charts import FIRST, GREY, SECOND, THIRD
from ui.draw.colour import signed
from ui.names import INDICES, method_name
from xai import Fidelity, verdict

# Told apart by their dashes as well: of the maps in turn, of a random order, of leave-one-out.
_MAPS, _RANDOM, _ONE_OUT = ((FIRST, "none"), (SECOND, "7 4")), (GREY, "2 3"), (THIRD, "12 3 2 3")
_WIDTH, _HEIGHT, _PAD = 460, 240, 34


def fidelity_section(found: Fidelity, parts: str, quantity: str) -> str:
    """What `xai.trust.fidelity` measured. parts : what players are called;  quantity : what values are changes of."""
    names = [f"{INDICES[one.index]} · {method_name(one.index, one.method)}" for one in found.maps]
    told = [
        f'<p class="verdict"><b>{escape(name)}</b>: {escape(verdict(found, m, parts, quantity))}</p>'
        for m, name in enumerate(names)
    ]
    if found.exhaustive:
        where = f"Judged on all {found.held_out[0]:,} coalitions, those of the estimates among them."
    else:
        uniform, shapley = found.held_out
        where = f"Judged on {uniform} uniform and {shapley} Shapley-weighted coalitions, none of them seen before."
    cost = f"{where} {found.evaluations} evaluations, {found.reused} more were already known; {found.seconds:.1f} s."
    drawn = _curves(found, names) if found.random is not None else ""
    return f'<h2>Fidelity</h2>{"".join(told)}{_measures(found, names)}<p class="small">{escape(cost)}</p>{drawn}'


def _measures(found: Fidelity, names) -> str:
    rows = []
    for name, one in zip(names, found.maps):
        cells = "".join(
            f'<td class="n">{_number(getattr(law, what))} ± {_number(getattr(law, f"{what}_error"))}</td>'
            for law in (one.uniform, one.shapley)
            for what in ("lds", "r2")
        )
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    head = "".join(f'<th class="n">{what}, {law}</th>' for law in ("uniform", "Shapley") for what in ("LDS", "R²"))
    return _table(f"<th></th>{head}", rows)


def _curves(found: Fidelity, names) -> str:
    lines = [(name, one.curves, _MAPS[m % 2]) for m, (name, one) in enumerate(zip(names, found.maps))]
    lines += [("random order", found.random, _RANDOM), ("leave-one-out", found.leave_one_out, _ONE_OUT)]
    rows = [
        f'<tr><td><svg width="34" height="10"><line x2="34" y1="5" y2="5" {_stroke(style)}/></svg> {escape(name)}</td>'
        f'<td class="n">{signed(one.insertion_auc)}</td><td class="n">{signed(one.deletion_auc)}</td></tr>'
        for name, one, style in lines
    ]
    panels = ""
    for what in ("insertion", "deletion"):
        drawing = _drawing(found.counts, [(getattr(one, what), style) for _, one, style in lines])
        panels += f"<section><h3>{what.capitalize()}</h3>{drawing}</section>"
    return (
        _table('<th>area under</th><th class="n">insertion</th><th class="n">deletion</th>', rows)
        + '<p class="small">A good order makes the insertion area large and the deletion area small.</p>'
        f'<div class="panes">{panels}</div>'
    )


def _table(head: str, rows: list[str]) -> str:
    body = "".join(rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _drawing(counts, lines) -> str:
    heights = np.concatenate([height for height, _ in lines])
    low, high = float(heights.min()), float(heights.max())
    span = (high - low) or 1.0

    def place(count, height):
        x = _PAD + (_WIDTH - 2 * _PAD) * count / counts[-1]
        return f"{x:.1f},{_PAD + (_HEIGHT - 2 * _PAD) * (high - height) / span:.1f}"

    drawn = "".join(
        f'<polyline fill="none" {_stroke(style)} points="{" ".join(map(place, counts, height))}"/>' for height, style in lines
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><text x="2" y="{_PAD - 12}">{signed(high, 2)}</text>'
        f'<text x="2" y="{_HEIGHT - 8}">{signed(low, 2)}</text>'
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 8}" text-anchor="end">0 … {counts[-1]}</text>{drawn}</svg>'
    )


def _stroke(style) -> str:
    return f'stroke="{style[0]}" stroke-width="2" stroke-dasharray="{style[1]}"'


def _number(value) -> str:
    return "–" if not np.isfinite(value) else f"{value:.3f}".replace("-", "−")
