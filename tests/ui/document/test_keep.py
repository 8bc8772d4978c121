"""What is kept of a document's study and taken along: its file, its numbers, its report; and what is not let in."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from hostile import ATTACKS
from PIL import Image
from studies import RETRIEVED, long_study, retrieved, started, study

from ui.document import tree
from ui.document.keep.bundle import from_bytes, to_bytes
from ui.document.keep.numbers import to_csv
from ui.document.keep.png import EDGE, HEIGHT, to_png
from ui.document.keep.report import html_report
from ui.document.keep.runs import RUNS
from ui.document.run import whole
from ui.draw.colour import on_white, shared_scale
from ui.draw.png import MARGIN, WIDTH
from ui.runs.bundle import read_bundle
from xai import Cancelled


@pytest.fixture(scope="module")
def found():
    return retrieved(budget=800)


def test_a_study_opens_from_its_file_as_it_was_without_a_model(found):
    data = to_bytes(found)
    again = from_bytes(data)
    assert again.request == found.request and again.text == found.text and again.outputs == found.outputs
    assert (again.target, again.model, again.state, again.judged) == (found.target, "a model", "done", found.judged)
    assert again.frontier == found.frontier and again.root.tokens == found.root.tokens
    for index, one in found.found.items():
        for path, node in one.nodes.items():
            other = again.found[index].nodes[path]
            np.testing.assert_array_equal(other.value, node.value)
            np.testing.assert_array_equal(other.standard_error, node.standard_error)
            np.testing.assert_array_equal(other.together, node.together)
            assert (other.label, other.opened, other.players) == (node.label, node.opened, node.players)
        assert [pair.paths for pair in again.found[index].redundant] == [pair.paths for pair in one.redundant]
    for mine, other in zip(found.ledger.known(), again.ledger.known()):
        np.testing.assert_array_equal(mine, other)
    assert to_bytes(again) == data
    with pytest.raises(ValueError, match="press Explain to ask the model again"):
        again.ledger.evaluate(np.arange(found.root.last)[None] % 2 == 0)


def _changed(data, change):
    """The file with its manifest changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        files = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, body in files.items():
            file.writestr(name, json.dumps(manifest) if name == "manifest.json" else body)
    return out.getvalue()


def _set(*keys):
    *way, last, value = keys

    def change(manifest):
        for key in way:
            manifest = manifest[key]
        manifest[last] = value

    return change


BANZHAF = "study", "trees", "banzhaf"


@pytest.mark.parametrize(
    "change",
    [
        _set("settings", "text", RETRIEVED + " more"),
        _set("settings", "text", ""),
        _set("settings", "budget", -1),
        _set("settings", 5),
        _set("study", 5),
        _set("study", "outputs", ["the answer"]),
        _set("study", "state", "preliminary"),
        _set("study", "words", "ends", [3, 2]),
        _set("study", "words", "tokens", 0, 10**40),
        _set("study", "words", "tokens", 0, "x"),
        _set("study", "trees", {}),
        _set("study", "trees", []),
        _set(*BANZHAF, "paths", 1, [99]),
        _set(*BANZHAF, "paths", 1, [-1]),
        _set(*BANZHAF, "paths", 1, []),
        _set(*BANZHAF, "opened", 0, False),
        _set(*BANZHAF, "value", 1, [1.0]),
        _set(*BANZHAF, "value", 1, ["x"] * 4),
        _set(*BANZHAF, "standard_error", 1, [-1.0] * 4),
        _set(*BANZHAF, "seconds", None),
        _set(*BANZHAF, "redundant", 0, "paths", [[0]]),
        _set("study", "judgements", "banzhaf", []),
        _set("study", "judgements", {"shapley": []}),
        _set("coalitions", [1, 2]),
        _set("version", 2),
        _set("format", "another"),
        _set("more", 1),
    ],
)
def test_a_file_that_says_anything_else_is_refused_in_one_sentence(found, change):
    with pytest.raises(ValueError, match=r"^This file cannot be opened as a Swing bundle: [^\n]*\.$"):
        from_bytes(_changed(to_bytes(found), change))


def test_damaged_files_and_those_of_other_pages_are_refused(found):
    data = to_bytes(found)
    for wrong in (b"", b"PK", data[:200], data[: len(data) // 2]):
        with pytest.raises(ValueError, match="^This file cannot be opened as a Swing bundle"):
            from_bytes(wrong)
    maps = _changed(data, lambda manifest: manifest.update(format="swing-bundle", page="text"))
    with pytest.raises(ValueError, match="it is of the Text page; open it there"):
        from_bytes(maps)
    with pytest.raises(ValueError, match="cannot be opened"):
        read_bundle(data)


def test_what_is_not_settled_is_not_taken_along():
    going_on = started(RETRIEVED, [lambda z: z.sum(axis=1)])
    for make in (to_bytes, html_report, to_png):
        with pytest.raises(ValueError, match="still going on"):
            make(going_on)


def test_numbers_add_up_in_every_opened_part_and_every_output(found):
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert {row["output"] for row in rows} == set(found.outputs)
    assert len(rows) == len(found.outputs) * len(set().union(*(one.nodes for one in found.found.values())))
    for index in found.found:
        opened = [row for row in rows if row[f"{index}_sum"]]
        assert len(opened) == len(found.outputs) * sum(node.opened for node in found.found[index].nodes.values())
        for row in opened:
            below = [r for r in rows if r["output"] == row["output"] and r["part"].rpartition("/")[0] == row["part"].rstrip("/")]
            below = [r for r in below if r["part"] != row["part"]]
            total = sum(float(one[f"{index}_value"]) for one in below)
            assert total == pytest.approx(float(row[f"{index}_children"]), abs=1e-9)
            both = total + float(row[f"{index}_acting_together"])
            assert both == pytest.approx(float(row[f"{index}_value"]), abs=1e-9)
            assert float(row[f"{index}_sum"]) == pytest.approx(both, abs=1e-9)
            assert float(row[f"{index}_standard_error"]) >= 0
    names = {row["label"] for row in rows}
    assert {"[1] The ferry", "[4] The bakery", "the whole document"} <= names
    first = next(row for row in rows if row["label"] == "[2] The lighthouse" and row["kind"] == "passage")
    assert RETRIEVED[int(first["start"]) : int(first["end"])].startswith("[2] The lighthouse")


def test_the_report_holds_tree_sums_sentences_and_judgements(found):
    report = str(html_report(found, "Made today."))
    for index in found.found:
        change = tree.value(found.found[index].nodes[()], 0)
        assert f"{change:+.3f}" in report
    assert report.count('class="swing-minimap"') == 2 and report.count("<td>unsupported</td>") == 1
    assert "The captain is Ingrid." in report and "How right the maps are" in report and "stand for each other" in report
    assert "http" not in report.replace("http-equiv", "") and "<script" not in report


def test_the_picture_holds_strips_parts_and_scale_in_their_colours(found):
    data = to_png(found)
    assert data == to_png(found)
    pixels = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    maps = tree.maps(found, 0)
    scale = shared_scale(*maps.values())
    tops = np.flatnonzero((pixels[:, MARGIN : WIDTH - MARGIN] == EDGE).all(axis=(1, 2)))  # a strip's upper and lower edges
    assert len(tops) == 4 and tops[1] - tops[0] == HEIGHT - 1
    tokens = np.cumsum([0, *(found.root.at(path).tokens for path in found.frontier)]) * (WIDTH - 2 * MARGIN) / found.root.tokens
    for top, one in zip(tops[::2], maps.values()):
        for i in np.flatnonzero(np.abs(one.values) > 1.0):
            middle = MARGIN + int((tokens[i] + tokens[i + 1]) / 2)
            assert tuple(pixels[top + HEIGHT // 2, middle]) == on_white(one.values[i], scale)
    assert (pixels[0] == 255).all() and (pixels < 60).any()  # dark on white


def test_two_hundred_pages_are_a_bounded_picture():
    image = Image.open(io.BytesIO(to_png(long_study(budget=300))))
    assert image.width == WIDTH and image.height < 6000


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_document_is_shown_and_not_obeyed(attack):
    text = f"# {attack}\n\n{attack} is here. And more.\n\nTitle: {attack}\nText."
    hostile = study(text, [lambda z: z.sum(axis=1)] * 3, ["the answer", attack, "b."], target=f" {attack}. b.", budget=32)
    report = str(html_report(hostile, ""))
    for tag in ("<script>alert", "<img src=//evil", "<svg onload", "<b>bold", "<i>"):
        assert tag not in report
    assert to_png(hostile)
    for row in csv.reader(io.StringIO(to_csv(hostile))):
        assert not any(cell.lstrip(" ").startswith(("=", "+", "@", "\t")) for cell in row)


@pytest.mark.slow
def test_a_cancelled_study_keeps_the_first_tree_and_nothing_else():
    class Stops:
        def __init__(self, after):
            self.left, self.latest = after, None

        def cancelled(self):
            self.left -= 1
            return self.left < 0

        def tell(self, *_):
            pass

        def publish(self, result):
            self.latest = result

    columns = [lambda z: z.sum(axis=1) + 3.0 * z[:, 5] * z[:, 17]]
    with pytest.raises(Cancelled):
        whole(started(RETRIEVED, columns), None, Stops(0))
    states = {}
    for after in range(1, 60):
        one = None
        try:
            one = whole(started(RETRIEVED, columns), None, Stops(after))
        except Cancelled:
            continue
        states.setdefault((one.state, len(one.found), bool(one.judged)), one)
    assert set(states) == {("partial", 1, False), ("partial", 2, False), ("done", 2, True)}
    for one in states.values():
        assert to_bytes(from_bytes(to_bytes(one))) == to_bytes(one) and to_csv(one) and html_report(one)


def test_a_run_of_the_store_needs_its_text(found):
    settings = {name: value for name, value in found.request.to_settings().items() if name != "text"}
    assert RUNS.read(settings, found.request.text.encode()) == found.request
    for wrong in (None, b"\xff"):
        with pytest.raises(ValueError):
            RUNS.read(settings, wrong)
    with pytest.raises(ValueError):
        RUNS.read([], b"text")
