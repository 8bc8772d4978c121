"""A Table page's result as a bundle and back: the same values, no model; and nothing else is let in."""

import json
from dataclasses import replace

import pytest
from pages import Quiet

from ui.files.report import html_report
from ui.kind_page import run
from ui.names import Pane
from ui.runs import comparison_bundle
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison import Plan
from ui.table.kind import TableKind
from ui.table.request import TableRequest
from ui.table.run import subject
from ui.table.source import sample
from xai import Ledger

KIND = TableKind()


@pytest.fixture(scope="module", params=["Diabetes", "Wine"])
def result(request):
    source = sample(request.param)
    plan = Plan(Pane("banzhaf", "kernel"), Pane("shapley", "permutation"), budget=64)
    asked = TableRequest(source.name, source.digest, True, source.target, left_out=("age", "alcohol"), plan=plan)
    return run(asked, subject(source, asked, Quiet()), Quiet(), Ledger)


def to_bundle(result):
    return comparison_bundle.to_bundle(KIND.key, result, KIND.name(result.request), KIND.fingerprint(result.request))


def from_bundle(bundle):
    return comparison_bundle.from_bundle(KIND, bundle)


def test_a_result_comes_back_bit_for_bit_without_its_model(result):
    bundle = to_bundle(result)
    data = write_bundle(bundle)
    again = from_bundle(read_bundle(data))
    assert again.request == result.request
    assert again.to_record() == result.to_record()
    assert write_bundle(to_bundle(again)) == data
    for index, values in result.about.exact.items():
        assert again.about.exact[index].tobytes() == values.tobytes()
    report = html_report(bundle, KIND.picture(result))
    assert "raises it" in report and "likely" not in report


def test_settings_come_back_and_others_are_refused(result):
    settings = json.loads(json.dumps(result.request.to_settings()))
    assert TableRequest.from_settings(settings) == result.request
    bad = [
        {"model": "pickle"},
        {"row": -1},
        {"row": True},
        {"background": 7},
        {"kinds": [["a", "text"]]},
        {"kinds": 3},
        {"left_out": [1]},
        {"target": 5},
        {"sample": "yes"},
        {"plan": {}},
        {"table": "x" * 3000},
        {"kind": "cluster"},
    ]
    for change in bad:
        with pytest.raises(ValueError, match="not the settings of a table"):
            TableRequest.from_settings(settings | change)


def test_hostile_records_are_refused(result):
    bundle = to_bundle(result)
    with pytest.raises(ValueError, match="not of the Table page"):
        from_bundle(replace(bundle, page="text"))
    about = bundle.shown["about"]
    for change in (
        {"exact": {"banzhaf": [[1.0]]}},
        {"exact": {"owen": []}},
        {"cells": ["a"]},
        {"metrics": 3},
        {"classes": "yes"},
        {"exact": {"banzhaf": [["x"]]}},
        {"rows": [["a", "b"]]},
    ):
        with pytest.raises(ValueError):
            from_bundle(replace(bundle, shown={"about": about | change}))
    for shown in ({}, {"about": None}, {"about": []}):
        with pytest.raises(ValueError):
            from_bundle(replace(bundle, shown=shown))


def test_cells_of_an_upload_are_left_out_unless_they_may_be_kept(result):
    asked = replace(result, request=replace(result.request, sample=False), about=replace(result.about, private=True))
    assert asked.to_record()["about"]["cells"] == []
    assert asked.about.to_shown()["about"]["cells"] == result.about.cells
    again = KIND.result(asked.to_record(), asked.request, lambda labels: result.comparison.ledger)
    assert again.about.private
    assert again.about.cells == [] and again.about.says == ""
