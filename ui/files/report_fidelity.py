"""The report's section on fidelity: verdicts, measures, and the curves as a drawing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ui.draw.charts import FIRST, GREY, SECOND, THIRD
from ui.draw.colour import signed
from ui.draw.html import render
from ui.draw.judgements import said_of
from ui.names import INDICES, method_name
from xai import Attribution, Fidelity, Judgement
from xai.trust.fidelity import MapFidelity

# Told apart by their dashes as well: of the maps in turn, of a random order, of leave-one-out.
_MAPS, _RANDOM, _ONE_OUT = ((FIRST, "none"), (SECOND, "7 4")), (GREY, "2 3"), (THIRD, "12 3 2 3")
Style = tuple[str, str]  # colour, dashes
_WIDTH, _HEIGHT, _PAD = 460, 240, 34  # of a drawing in fidelity.html


def judgements_section(judgements: Sequence[Judgement], maps: Sequence[Attribution], parts: str, quantity: str) -> Markup:
    """What `xai.judge` found of each map. parts : what players are called;  quantity : what values are changes of"""
    told = [said_of(judgement, one, parts, quantity) for judgement, one in zip(judgements, maps)]
    named = [f"{INDICES[one.index]} · {method_name(one.index, one.method)}" for one in maps]
    return render("judgements", judged=[(name, one.headline, one.sentences) for name, one in zip(named, told)])


def fidelity_section(found: Fidelity) -> Markup:
    """What `xai.trust.fidelity` measured."""
    names = [f"{INDICES[one.index]} · {method_name(one.index, one.method)}" for one in found.maps]
    if found.exhaustive:
        where = f"Judged on all {found.held_out[0]:,} coalitions, those of the estimates among them."
    else:
        uniform, shapley = found.held_out
        where = f"Judged on {uniform} uniform and {shapley} Shapley-weighted coalitions, none of them seen before."
    cost = f"{where} {found.evaluations} evaluations, {found.reused} more were already known; {found.seconds:.1f} s."
    areas, drawings = ([], []) if found.random is None else _curves(found, names)
    return render(
        "fidelity",
        measures=[(name, _measures(one)) for name, one in zip(names, found.maps)],
        cost=cost,
        areas=areas,
        drawings=drawings,
    )


def _measures(one: MapFidelity) -> list[str]:
    return [
        f"{_number(getattr(law, what))} ± {_number(getattr(law, f'{what}_error'))}"
        for law in (one.uniform, one.shapley)
        for what in ("lds", "r2")
    ]


def _curves(found: Fidelity, names: list[str]) -> tuple[list[Any], list[Any]]:
    """Of each order its name, stroke and both areas; of each drawing its name, highest and lowest value, count and lines."""
    lines = [(name, one.curves, _MAPS[m % 2]) for m, (name, one) in enumerate(zip(names, found.maps))]
    lines += [("random order", found.random, _RANDOM), ("leave-one-out", found.leave_one_out, _ONE_OUT)]
    areas = [(name, style, signed(one.insertion_auc), signed(one.deletion_auc)) for name, one, style in lines if one]
    drawings = [
        (what.capitalize(), *_drawing(found.counts, [(getattr(one, what), style) for _, one, style in lines]))
        for what in ("insertion", "deletion")
    ]
    return areas, drawings


def _drawing(counts: list[int], lines: Sequence[tuple[list[float], Style]]) -> tuple[Any, ...]:
    heights = np.concatenate([height for height, _ in lines])
    low, high = float(heights.min()), float(heights.max())
    span = (high - low) or 1.0

    def place(count: int, height: float) -> str:
        x = _PAD + (_WIDTH - 2 * _PAD) * count / counts[-1]
        return f"{x:.1f},{_PAD + (_HEIGHT - 2 * _PAD) * (high - height) / span:.1f}"

    drawn = [(style, " ".join(map(place, counts, height))) for height, style in lines]
    return signed(high, 2), signed(low, 2), counts[-1], drawn


def _number(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.3f}".replace("-", "−")
