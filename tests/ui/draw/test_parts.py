"""Parts have numbers where texts alone do not tell them apart, the same ones in maps, charts, sentences and files."""

import re
from dataclasses import replace

import numpy as np
import pytest
from drawn import BundlePicture
from games import FakeGame

from ui.draw.charts import reach_of
from ui.draw.parts import MANY, are_numbered, numbered
from ui.files.report import combined, html_report
from ui.runs.bundle import Bundle
from xai import Ledger, explain, judge

REPEATED = ["is", "it", "is", "what", "it", "is"]


@pytest.mark.parametrize(
    ("labels", "found"),
    [(["a", "b"], False), (["a", "a"], True), (list(map(str, range(MANY - 1))), False), (list(map(str, range(MANY))), True)],
)
def test_numbers_stand_where_texts_tell_too_little(labels, found):
    assert are_numbered(labels) == found
    assert are_numbered(labels, None) == (len(set(labels)) < len(labels))


def test_they_count_from_one():
    assert numbered(["a"] * 12)[::11] == ["¹a", "¹²a"]
    assert numbered(["red", "red"], 66) == ["⁶⁶red", "⁶⁷red"]


def bundled(words):
    text = " ".join(words)
    spans = [[m.start(), m.end()] for m in re.finditer(r"\S+", text)]
    game = FakeGame(len(words), lambda z: z @ (1.0 + np.arange(len(words))), words)
    ledger = Ledger(game)
    maps = {"left": explain(game, "banzhaf", ledger=ledger), "right": explain(game, "shapley", ledger=ledger)}
    maps["right"] = replace(maps["right"], values=maps["right"].values[::-1])
    shown = {"prompt": text, "target": "x", "tokens": ["x"], "spans": spans}
    judgements = tuple(judge(ledger, one) for one in maps.values())
    return Bundle("text", "one", "", "done", {}, shown, ["x"], [1.0], maps, *ledger.known(), None, None, judgements)


@pytest.mark.parametrize(("words", "name"), [(REPEATED, "⁶is"), (["here", "they", "differ"], "differ")])
def test_chart_sentences_and_report_call_a_part_the_same(words, name):
    bundle = bundled(words)
    picture, maps = BundlePicture(bundle), list(combined(bundle).values())
    chart = picture.chart(picture.named(maps[0]), reach_of(maps))
    assert chart.layout.yaxis.ticktext[0] == chart.data[0].customdata[0][0] == name  # the last is the largest
    assert chart.data[0].ids[0] == str(len(words) - 1)
    report = html_report(bundle, picture)
    assert ('data-number="' in report) == (words is REPEATED)
    if words is REPEATED:
        assert len(re.findall('data-player="5" data-number="6"', report)) == 3  # both maps and their difference
    assert f"“{name}” by " in report  # they differ most on it
    assert f'<td class="n">{len(words)}</td><td class="label" dir="auto">{words[-1]}</td>' in report


def test_the_picture_file_has_them_too():
    bundle = bundled(REPEATED)
    maps = combined(bundle)
    scale = reach_of(list(maps.values()))
    with_numbers = BundlePicture(bundle).png(maps, scale)

    class Without(BundlePicture):
        def has_numbers(self, labels):
            return False

    assert with_numbers != Without(bundle).png(maps, scale)
