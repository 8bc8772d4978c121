"""The Scaling page, without a browser: the engine's verdicts, refusals in one sentence, files that read back."""

import csv
import io
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from pages import TURNED, turned
from runs import read_runs
from streamlit.testing.v1 import AppTest

from benchmarks.scaling_samples import FOLDER
from ui.scaling.study import predict, read_size, size_text
from xai.scaling.fit import held_out
from xai.scaling.verdict import judge, rank

PAGE = str(Path(__file__).parents[3] / "ui" / "scaling" / "page.py")
HOSTILE = "<b>bold</b> **stars** ![x](http://x/y.png) $x$"
bench = partial(pages.bench, kind="scaling")
finish = partial(pages.finish, kind="scaling")


def open_page():
    return finish(AppTest.from_file(PAGE, default_timeout=60).run())


def upload(page, content, name="runs.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    page.get("file_uploader")[0].set_value((name, data, "text/csv")).run()
    return finish(page)


def sample(name):
    return read_runs((FOLDER / name).read_bytes())


def words(page):
    return " ".join(element.value for kind in ("markdown", "caption", "subheader") for element in page.get(kind))


def test_the_first_sample_is_judged_and_marked_synthetic(tmp_path):
    page = open_page()
    assert not page.exception
    verdict = judge(sample("aligned.csv")[0])
    assert page.success[0].value.startswith("**Fits: BLEU follows its law.**")
    assert "Nobody trained these models" in page.info[0].value
    found = bench(page).shown
    np.testing.assert_array_equal(found.verdicts[0].score.law.parameters["β"], verdict.score.law.parameters["β"])
    figure = page.get("plotly_chart")
    assert len(figure) == 2  # the score, and cross-entropy beside it
    table = page.dataframe[0].value
    assert table["parameter"].tolist() == ["log A", "α", "β", "E", "log A", "α"]
    assert f"{verdict.held_out.error:.1%}" in words(page)


@pytest.mark.slow
def test_a_misleading_cross_entropy_is_called_so():
    page = open_page()
    page.get("button_group")[0].set_value("Misaligned (synthetic)").run()
    page = finish(page)
    assert "trust BLEU, not cross-entropy" in page.error[0].value
    assert "BLEU is not extrapolated" in words(page)
    assert page.dataframe[-1].value["quantity"].tolist() == ["cross-entropy"]


@pytest.mark.slow
def test_data_sets_are_ranked_at_the_target_size():
    page = open_page()
    page.get("button_group")[0].set_value("Three data sets (synthetic)").run()
    page = finish(page)
    sets = sample("several.csv")
    assert page.dataframe[0].value["data set"].tolist() == [one.name for one in rank(sets, 1e12)]
    assert page.dataframe[0].value["predicted BLEU"][0] == f"{rank(sets, 1e12)[0].predicted:.4g}"
    page.text_input[0].set_value("300B").run()
    assert page.dataframe[0].value["predicted BLEU"][0] == f"{rank(sets, 3e11)[0].predicted:.4g}"
    page.text_input[0].set_value("a lot").run()
    assert "write it as 1e12 or 300B" in page.warning[0].value
    page.get("button_group")[1].set_value(2).run()
    assert "trust BLEU" in page.error[0].value
    assert not page.exception


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("size,BLEU\n1,2\n", "no column tokens"),
        ("tokens,BLEU\n1e9,high\n", "is not a number"),
        ("tokens,BLEU\n-1,3\n", "must be above 0; got -1"),
        (b"\xff\xfe\x00", "not text in an encoding"),
        ("data,tokens,BLEU\n" + "".join(f"d{i},1e9,20\n" for i in range(41)), "41 sets of runs; at most 40"),
        ("tokens,BLEU\n", "has no rows"),
    ],
)
def test_a_bad_table_is_one_sentence(content, sentence):
    page = upload(open_page(), content)
    assert not page.exception
    assert sentence in page.error[0].value.replace("\\", "")
    assert not page.get("plotly_chart")


def test_an_upload_is_judged_and_its_names_are_shown_as_they_are():
    rows = "".join(f'"{HOSTILE}",{size:.0f},{20 + np.log10(size):.3f}\n' for size in (1e9, 3e9, 1e10, 3e10, 1e11))
    page = upload(open_page(), f"data,tokens,chrF\n{rows}", "mine.csv")
    assert not page.exception
    assert not page.info
    assert page.success[0].value.startswith("**Fits: chrF follows its law")
    assert r"\<b\>bold" in page.subheader[0].value
    assert "no cross-entropy" in words(page)
    page = upload(page, "tokens,BLEU\n1e9,20\n1e10,25\n", "two.csv")
    assert "Too few points" in page.info[0].value


def test_no_name_in_a_table_turns_the_page_or_the_report_around():
    from ui.scaling.export import to_html

    rows = "".join(f"{TURNED}{i},{size:.0f},{20 + np.log10(size):.3f}\n" for i in (1, 2) for size in (1e9, 3e9, 1e10, 3e10, 1e11))
    page = upload(open_page(), f"data,tokens,BLEU\n{rows}", f"{TURNED}.csv")
    assert not page.exception and not page.error and turned(page) == []
    assert not {*"\u202e\u200b"} & {*to_html(bench(page).shown, 1e12)}


def test_an_extrapolation_that_cannot_hold_is_doubted():
    rows = "".join(f"{size:.0f},{5 * (size / 1e9) ** 0.5:.3f}\n" for size in (1e9, 2e9, 5e9, 1e10, 2e10))
    page = upload(open_page(), f"tokens,BLEU\n{rows}", "steep.csv")
    assert [warning.value.split(".")[0] for warning in page.warning] == [
        "BLEU cannot exceed 100: the law cannot hold up to this size"
    ]
    page.text_input[0].set_value("4e12").run()
    assert page.warning[0].value.startswith("That is 200 times the largest measured size.")


@pytest.mark.slow
def test_files_hold_every_number_and_read_back():
    from ui.scaling.export import to_csv, to_html

    page = open_page()
    page.get("button_group")[0].set_value("Three data sets (synthetic)").run()
    found = bench(finish(page)).shown
    rows = list(csv.DictReader(io.StringIO(to_csv(found, 1e12))))
    for i, runs in enumerate(found.sets):
        mine = [row for row in rows if row["data set"] == runs.name]
        out = held_out(runs.tokens, runs.score)
        scores = [float(r["value"]) for r in mine if r["what"] in ("measured", "held out") and r["quantity"] == "BLEU"]
        assert scores == runs.score.tolist()
        errors = [float(r["value"]) for r in mine if r["what"] == "held-out error"]
        assert errors[0] == out.error
        ahead = [r for r in mine if r["what"] == "extrapolated" and r["quantity"] == "BLEU"]
        assert len(ahead) == (found.verdicts[i].kind == "fits")
        if ahead:
            assert float(ahead[0]["low"]) == predict(found.verdicts[i].score, 1e12).law[0]
    report = to_html(found, 1e12)
    assert "Nobody trained" not in report and "nobody trained these models" in report
    assert "<script" not in report
    hostile = bench(upload(page, f'data,tokens,BLEU\n"{HOSTILE}",1e9,20\n"=1+1",1e9,21\n')).shown
    assert "<b>bold" not in to_html(hostile, 1e12)
    assert "'=1+1" in to_csv(hostile, 1e12)


@pytest.mark.parametrize(("text", "size"), [("1e12", 1e12), ("300B", 3e11), (" 2,000,000 ", 2e6), ("1.5 t", 1.5e12)])
def test_sizes_are_read_as_people_write_them(text, size):
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "many", "-5", "nan", "inf", "1e30", "B", "1,5T", "0,001"])
def test_sizes_that_are_none(text):
    with pytest.raises(ValueError, match="write it as 1e12"):
        read_size(text)


def test_sizes_are_said():
    assert [size_text(x) for x in (1e12, 3e11, 2.5e6, 900)] == ["1T tokens", "300B tokens", "2.5M tokens", "900 tokens"]


@pytest.mark.slow
def test_plots_in_files_are_of_every_set_and_of_one():
    from PIL import Image

    from ui.scaling.export import to_html
    from ui.scaling.plots import plots_png

    page = open_page()
    found = bench(upload(page, (FOLDER / "several.csv").read_bytes())).shown
    whole, one = (Image.open(io.BytesIO(plots_png(found, 1e12, chosen))) for chosen in (None, [2]))
    assert whole.size[0] == one.size[0]
    assert whole.size[1] == pytest.approx(3 * one.size[1], abs=3)
    assert whole.convert("L").getextrema()[0] < 50
    only_score = bench(upload(page, f"tokens,BLEU,data\n1e9,20,{HOSTILE}\n2e9,21,{HOSTILE}\n")).shown
    assert Image.open(io.BytesIO(plots_png(only_score, 1e12))).size[0] < whole.size[0]
    assert to_html(found, 1e12, "", lambda i: plots_png(found, 1e12, [i])).count("<img") == 3
