"""Report, CSV and picture of a bundle: the same numbers as the page, everything escaped, nothing from elsewhere."""

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from drawn import BundlePicture
from games import FakeGame
from hostile import HOSTILE
from pages import bench, finish
from streamlit.testing.v1 import AppTest

from ui.draw.colour import colour, on_white, shared_scale, signed
from ui.draw.judgements import said_of
from ui.draw.markdown import said
from ui.draw.png import WIDTH, heatmaps_png
from ui.draw.sentences import agreed, cost, sums, tied
from ui.files.numbers import to_csv
from ui.files.report import combined, html_report
from ui.maps.spent import spent
from ui.runs.bundle import Bundle, read_bundle, write_bundle
from xai import Attribution, Ledger, agreement, explain, fidelity, judge

ROOT = Path(__file__).parents[3]


def bundled(page="text", judged=True, method=("kernel", "kernelshap"), budget=60):
    prompt = " ".join(["Always here:", *HOSTILE])
    spans, at = [], len("Always here:")
    for text in HOSTILE:
        spans.append([at, at + 1 + len(text)])
        at += 1 + len(text)
    weights = np.random.default_rng(0).normal(size=(7, 2))
    game = FakeGame(7, lambda z: np.tanh(z @ weights) * 3, HOSTILE)
    ledger = Ledger(game)
    maps = {index: explain(game, index, m, budget=budget, ledger=ledger) for index, m in zip(("banzhaf", "shapley"), method)}
    found = fidelity(ledger, list(maps.values()), 16) if judged else None
    judgements = tuple(judge(ledger, one) for one in maps.values()) if judged else ()
    shown = {"prompt": prompt, "target": " <b>yes</b>", "tokens": ["<b>", "yes"], "spans": spans} if page == "text" else {}
    settings = {"budget": budget, "absent": "remove", "<i>": {"x": ["</td>", 1.5]}}
    about = page, "<u>run</u>", "gemma & co", "done", settings, shown
    return Bundle(*about, ["a", "b"], [1.0, 1.0], maps, *ledger.known(), found, None, judgements)


class Reader(HTMLParser):
    """Tags, attributes, texts and rows of cells of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.rows, self.texts, self.cell = [], [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = [dict(attributes).get("data-value"), ""]
            self.rows[-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        self.texts.append(data)
        if self.cell is not None:
            self.cell[1] += data


def told(judgement, one, *words):
    found = said_of(judgement, one, *words)
    return found.headline, *found.sentences


def test_the_report_shows_the_bundle_s_numbers():
    bundle = bundled()
    words = "words", "the answer’s log-probability"
    page = html_report(read_bundle(write_bundle(bundle)), BundlePicture(bundle, *words), "On a Monday.")
    assert page == html_report(bundle, BundlePicture(bundle, *words), "On a Monday.")
    read = Reader(page)
    pair = [bundle.attributions[name].combine(np.ones(2)) for name in ("banzhaf", "shapley")]
    rows = [row for row in read.rows if len(row) == 10 and row[0][1].isdigit()]
    assert len(rows) == 7
    for i, row in enumerate(rows):
        assert row[1][1] == HOSTILE[i]
        for cells, one in ((row[2:5], pair[0]), (row[5:8], pair[1])):
            assert float(cells[0][0]) == one.values[i] and cells[0][1] == signed(one.values[i])
            assert float(cells[1][0]) == one.standard_error[i] and cells[1][1] == f"{one.standard_error[i]:.3f}"
        assert float(row[8][0]) == pair[0].values[i] - pair[1].values[i]
    text = " ".join("".join(read.texts).split())
    found = agreement(*pair)
    for sentence in (
        sums(pair, *words),
        agreed(found, HOSTILE),
        found.assumption,
        "On a Monday.",
        *(line for j, one in zip(bundle.judgements, pair) for line in told(j, one, *words)),
        *map(cost, pair),
        *map(tied, pair),
        f"{len(bundle.values)} coalitions were evaluated in all",
    ):
        assert " ".join(sentence.split()) in text
    assert [float(value) for tag, name, value in read.attributes if (tag, name) == ("span", "data-value")] == [
        pytest.approx(value, abs=1e-6) for value in [*pair[0].values, *pair[1].values, *found.difference]
    ]
    assert read.tags.count("svg") == 2 + 4 and read.tags.count("polyline") == 8
    assert signed(bundle.fidelity.maps[0].curves.insertion_auc) in text


def test_nothing_is_executed_and_nothing_comes_from_elsewhere():
    page = html_report(bundled(), BundlePicture(bundled()))
    read = Reader(page)
    assert not {"script", "img", "u", "i", "iframe", "link", "object", "form", "a"} & set(read.tags)
    assert {name for _, name, _ in read.attributes if name.startswith("on") or name in ("src", "href")} == set()
    assert "default-src 'none'" in page and page.count("<style>") == 1
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"url\(|@import|expression", style)
    assert "<script>alert" in "".join(read.texts)  # it is there to read


def test_other_pages_and_other_weights():
    bundle = bundled("table", judged=False)
    prompt, spans = BundlePicture(bundle).text(bundle.labels)
    assert [prompt[start:end] for start, end in spans] == HOSTILE
    page = html_report(replace(bundle, weights=[1.0, 0.0]), BundlePicture(bundle))
    first = bundle.attributions["shapley"].combine([1.0, 0.0])
    assert f'data-value="{float(first.values[0])!r}"' in page and "Fidelity" not in page
    one = replace(bundle, attributions={"left": bundle.attributions["shapley"]}, state="partial")
    page = html_report(one, BundlePicture(one))
    assert "This run was cancelled" in page and "Where they differ" not in page
    assert read_bundle(write_bundle(bundle)).page == "table"


def test_errors_that_are_unknown_are_dashes():
    bundle = bundled(budget=8)
    page = html_report(bundle, BundlePicture(bundle))
    assert ">–</td>" in page and "nan" not in page.lower()
    assert "standard errors are not known" in tied(combined(bundle)["shapley"])


def test_a_constant_game():
    game = FakeGame(4, lambda z: np.ones(len(z)))
    ledger = Ledger(game)
    maps = {index: explain(game, index, ledger=ledger) for index in ("banzhaf", "shapley")}
    judged = fidelity(ledger, list(maps.values()))
    judgements = tuple(judge(ledger, one) for one in maps.values())
    bundle = Bundle("table", "flat", "", "done", {}, {}, [""], [1.0], maps, *ledger.known(), judged, None, judgements)
    page = html_report(bundle, BundlePicture(bundle))
    assert "did not move" in page and "no order to compare" in page and "nan" not in page.lower()


def test_the_csv_keeps_every_digit_and_executes_nothing():
    bundle = bundled(budget=8)
    maps = combined(bundle)
    rows = list(csv.DictReader(io.StringIO(to_csv(maps, bundle.shown["spans"]), newline="")))
    assert [row["label"] for row in rows] == [
        "<script>alert(1)</script>",
        "'=HYPERLINK(“x”)",
        "\"'><img src=//evil.example/x>",
        "'@import",
        "'-2+3",
        "&amp;",
        "url(x)",
    ]
    for i, row in enumerate(rows):
        assert int(row["number"]) == i + 1  # as on the page
        assert float(row["banzhaf_value"]) == maps["banzhaf"].values[i]
        assert row["shapley_standard_error"] == ""
        assert [int(row["start"]), int(row["end"])] == bundle.shown["spans"][i]
    assert sorted(int(row["shapley_rank"]) for row in rows) == list(range(1, 8))


def ink(picture):
    """Which columns of pixels are not white."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def attribution(labels, values):
    return Attribution(np.array(values, float), None, labels, "banzhaf", "kernel", 0, 8, 8, 0.1, 0.0, 1.0)


def test_the_picture_holds_the_whole_text():
    bundle = bundled()
    maps = combined(bundle)
    prompt, spans = BundlePicture(bundle).text(bundle.labels)
    scale = shared_scale(*maps.values())
    picture = heatmaps_png(prompt, spans, maps, scale)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and picture == heatmaps_png(prompt, spans, maps, scale)
    pixels = ink(picture)
    assert pixels.shape[1] == WIDTH
    assert (pixels[:, :30] == 255).all() and (pixels[:, -30:] == 255).all()  # nothing runs into the margins
    colours = {tuple(pixel) for pixel in pixels.reshape(-1, 3)}
    for one in maps.values():
        for value in one.values:
            assert on_white(value, scale) in colours


def test_long_texts_are_wrapped_and_never_cut():
    label = "pneumonoultramicroscopic" * 20
    prompt = f"{label}\n\n\tand 日本 {'word ' * 200}"
    spans = [[0, len(label)], [len(label) + 3, len(label) + 6]]
    one = attribution([label, "and"], [1.0, -0.5])
    title = "A very long title " * 12
    pixels = ink(heatmaps_png(prompt, spans, {title: one}, 1.0))
    assert pixels.shape[0] > 14 * 52
    assert (pixels[:, -30:] == 255).all()
    strong = (pixels == on_white(1.0, 1.0)).all(axis=2)
    assert strong[: -3 * 52].any(axis=1).sum() > 6 * 30  # the label's box goes on over several lines
    small = ink(heatmaps_png("", [], {"": attribution(["x"], [0.0])}, 1.0))
    assert small.shape[1] == WIDTH


def test_pictures_have_the_colours_of_the_page():
    for value in (-2.0, -0.3, 0.0, 0.7, 2.0, 9.0):
        red, green, blue, strength = re.findall(r"[\d.]+", colour(value, 2.0))
        want = [255 + float(strength) * (int(part) - 255) for part in (red, green, blue)]
        np.testing.assert_allclose(on_white(value, 2.0), want, atol=0.6)


def test_sentences():
    a = attribution(["x", "y"], [1.0, 2.0])
    b = replace(a, index="shapley", method="kernelshap", values=np.array([1.0, -1.0]), standard_error=np.array([0.0, 0.0]))
    assert "Banzhaf values sum to +3.000. Shapley values sum to +0.000. Banzhaf values need not" in sums([a, b], "parts", "v")
    assert "need not" not in sums([b], "parts", "v")
    assert "“y” by +3.000 (error unknown)" in agreed(agreement(a, b), a.labels)
    assert "“y” by +3.000 (both exact)" in agreed(agreement(replace(a, standard_error=np.zeros(2)), b), a.labels)
    assert tied(b) == "Not separable at this budget: ranks 1–2."
    assert json.loads(json.dumps(tied(replace(b, values=np.array([1.0, 2.0]))))).startswith("Every rank is separable")


def test_the_page_s_report_says_what_the_calls_told_and_saved(ready, monkeypatch):
    saved = {}
    monkeypatch.setattr("ui.files.take_away.save", lambda label, data, *_, **__: saved.update({label: data}))
    page = finish(AppTest.from_file(str(ROOT / "ui" / "text" / "page.py"), default_timeout=60).run(), "text")
    told = spent(bench(page, "text").shown.comparison)
    assert any("cost no further evaluation" in line for line in told)
    report, captions = unescape(saved["Report (HTML)"]()), [one.value for one in page.caption]
    for line in told:
        assert f"<p>{line}</p>" in report and said(line) in captions
