"""A kept run held against the one shown: the same parts on one scale, or a sentence on why not."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from streamlit.testing.v1 import AppTest

from ui.runs import kept
from ui.runs.listed import described
from ui.runs.store import Run
from xai import agreement

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")
bench = partial(pages.bench, kind="text")
finish = partial(pages.finish, kind="text")
html = pages.html


@pytest.fixture()
def page(ready):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    return finish(page)


def explain(page, text, after):
    page.text_area(key="text").set_value(text).run()
    page.text_area(key="after").set_value(after).run()
    page.button(key="explain").click().run()
    return finish(page)


def hold_against(page, name):
    box = page.selectbox(key="another")
    box.set_value(next(option for option in box.options if option.startswith(name + " ·"))).run()


def values_of(page, pane):
    drawn = html(page).split(f'data-pane="{pane}"')[1].split("</div>")[0]
    return [float(part.split('"')[0]) for part in drawn.split('data-value="')[1:]]


def told(page):
    return " ".join(each.value for each in [*page.markdown, *page.warning, *page.caption])


@pytest.mark.slow
def test_the_same_words_under_two_prompts(page):
    explain(page, "good fun film", ". Sentiment:")
    maps = bench(page).shown.comparison.focused()
    explain(page, "good fun film", ". Verdict:")
    now = bench(page).shown.comparison.focused()
    hold_against(page, "good fun film")
    assert not page.exception
    np.testing.assert_allclose(values_of(page, "another-True"), now[0].values, atol=1e-6)
    np.testing.assert_allclose(values_of(page, "another-False"), maps[0].values, atol=1e-6)
    found = agreement(now[0], maps[0]).spearman
    assert f"{abs(found):.2f}" in " ".join(metric.value for metric in page.metric)


@pytest.mark.slow
def test_other_parts_are_refused_with_the_reason(page):
    explain(page, "good fun film", ". Sentiment:")
    explain(page, "a good fun film", ". Sentiment:")
    hold_against(page, "good fun film")
    assert not page.exception
    assert "They cannot be compared: this run has 4 parts, the other 3." in told(page)
    explain(page, "a bad fun film", ". Sentiment:")
    explain(page, "a good fun play", ". Sentiment:")
    hold_against(page, "a bad fun film")
    assert "as many, but not the same" in told(page)


@pytest.mark.slow
def test_runs_are_found_by_their_words_and_forgotten_after_a_question(page):
    for text in ("alpha beta gamma", "delta beta eta", "one two three", "four five six"):
        explain(page, text, ". Sentiment:")

    def listed():
        return [each.label for each in page.expander if {"alpha", "delta", "one", "four"} & set(each.label.split())]

    assert len(listed()) == 4
    assert listed()[-1].endswith("alpha beta gamma")  # the newest first
    page.button_group(key="order-runs").set_value("by name").run()
    assert listed()[0].endswith("alpha beta gamma")
    owner = page.session_state["owner"]
    other = kept.store().create(owner, "data", "zero", {}, "")
    page.button_group(key="order-runs").set_value("by page").run()
    pages = [one.value for one in page.caption if one.value in ("**Data**", "**Text**")]
    assert pages == ["**Data**", "**Text**"] and "It opens on the Data page." in told(page)
    kept.store().delete(other, owner)
    page.text_input(key="find-run").set_value("BETA kernelshap").run()
    assert len(listed()) == 2
    page.text_input(key="find-run").set_value("nowhere").run()
    assert not listed() and "No run has all these words." in told(page)
    page.text_input(key="find-run").set_value("").run()
    assert "4 runs of this browser will be deleted" in told(page)
    page.button(key="forget").click().run()
    assert not page.exception and not listed()


@pytest.mark.slow
def test_values_of_another_quantity_are_said_to_be_so(page):
    explain(page, "good fun film", ". Sentiment:")
    explain(page, "good fun film", ". Verdict:")
    hold_against(page, "good fun film")
    assert "Values of this run are changes of" not in told(page)
    if len(bench(page).shown.about.tokens) > 1:
        next(group for group in page.button_group if str(group.key).startswith("tokens-")).set_value([0]).run()
        assert "Values of this run are changes of the log-probability of the chosen token" in told(page)


def kept_run(**settings):
    return Run("id", 0.0, 0.0, "a name", "table", settings, "model", "done", "", False, False, False, False, 96, 0)


def test_a_run_is_described_by_what_it_asked():
    exact = kept_run(model="trees", plan={"left": "banzhaf-exact", "right": "shapley-exact"})
    assert described(exact).startswith(
        "Table · trees · Banzhaf values · exact and Shapley values · exact · 96 evaluations · done"
    )
    text = kept_run(players="word", absent="remove", target=None, rather=" no", plan={"budget": 256, "seed": 3})
    assert described(text).startswith(
        "Table · Gemma 3 · parts: word · absent: remove · rather than “ no” · at most 256 a map, seed 3 · 96 evaluations"
    )
    assert described(kept_run(plan=None)).startswith("Table · Gemma 3 · 96 evaluations")
    assert described(replace(kept_run(), fingerprint="")).startswith("Table · 96 evaluations")
