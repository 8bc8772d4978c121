"""The Scaling page, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from xai.runs import read_runs
from xai.scaling_verdict import judge

ROOT = Path(__file__).parents[2]
PAGE = str(ROOT / "ui" / "scaling_page.py")


def test_the_first_sample_fits_and_says_so():
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    assert page.success[0].value.startswith("**Fits")
    assert len(page.get("plotly_chart")) == 2


def test_a_misaligned_set_is_not_to_be_judged_by_cross_entropy():
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    page.get("button_group")[0].set_value("Misaligned (synthetic)").run()
    runs = read_runs((ROOT / "assets" / "samples" / "scaling" / "misaligned.csv").read_bytes())
    assert judge(runs[0]).kind == "misaligned"
    assert "not cross\\-entropy" in page.warning[0].value


def test_several_sets_are_ranked_at_the_target_size():
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    page.get("button_group")[0].set_value("Three to rank (synthetic)").run()
    table = page.dataframe[0].value
    assert list(table["verdict"])[-1] == "misaligned"
    at = float(table["predicted"].iloc[0])
    page.slider(key="scaling-target").set_value(13.0).run()
    assert float(page.dataframe[0].value["predicted"].iloc[0]) > at


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no rows"),
        (b"tokens,BLEU\n", "no rows"),
        (b"size,quality\n1,2\n", "no column"),
        (b"tokens,BLEU\n1e9,twenty\n", "twenty"),
        (b"tokens,BLEU\n-5,20\n", "above 0"),
    ],
)
def test_a_bad_table_is_one_sentence(content, sentence):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    page.get("file_uploader")[0].set_value(("runs.csv", content, "text/csv")).run()
    assert not page.exception
    assert sentence in page.warning[0].value
