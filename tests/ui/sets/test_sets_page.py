"""The Data sets page, without a browser: estimated, run, stopped and gone on with; its rows, its global view, its owner."""

import json
import stat
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from data_sets import rows_of
from games import additive
from pages import TURNED, turned
from picture_files import encoded
from PIL import Image
from streamlit.testing.v1 import AppTest

from batch import Settings, explain_dataset, summarise
from batch import command as commands
from batch.kinds import Asked as AskedRow
from batch.kinds.text import TextAsker
from batch.progress import Quiet
from batch.row import seed_of
from batch.run import estimated, prepared
from model.image.images import read_image
from model.image.patches import patch_names
from ui.sets import ask, images, kept, work
from ui.sets.kept import Asked
from ui.sets.picture import maps_of, spans_of
from ui.shell.jobs import Job, Stopped

PAGE = str(Path(__file__).parents[3] / "ui" / "sets" / "page.py")
HOSTILE = "<b>bold</b> **stars** ![x](http://x/y.png)"
TEXTS = "name,text,stars\n" + "".join(
    f'r{i},"{text}",{i % 2 + 1}\n'
    for i, text in enumerate(
        ["the film is good", "a thin plot, but superb acting", "Bad", "one two three", HOSTILE.replace('"', "")]
    )
)
TABLE = "a,b,c\n" + "".join(f"{i % 7},{i % 3},{i % 7 + 2 * (i % 3)}\n" for i in range(24))
PROCESS = work.words
bench = partial(pages.bench, kind="sets")
finish = partial(pages.finish, kind="sets")


class Looks:
    """A classifier that sees how bright a picture is, and from where the light comes."""

    def __init__(self, settings):
        self.names = patch_names(settings.patches)

    def asked(self, rows):
        for path in rows:
            try:
                light = np.asarray(read_image(path.read_bytes(), path.name)).mean() / 255
                game, _, _ = additive(light * (np.arange(len(self.names)) - 3.0))
                game.labels = self.names
                yield AskedRow(game, "bright" if light > 0.5 else "dark")
            except ValueError as error:
                yield error


class Told(Quiet):
    def __init__(self):
        self.words = []

    def begin(self, done, total):
        self.done, self.total = done, total
        self.words.append({"event": "begin", "done": done, "rows": total})

    def rows(self, count):
        self.done += count
        self.words.append({"event": "rows", "done": self.done, "rows": self.total, "per_second": 2.0})


def here(command, folder, job):
    """What the process does, in this one."""
    options = vars(commands._parser().parse_args(command))
    dry, told = options.pop("dry_run", False), Told()
    source, out, _, _, _ = (options.pop(name, None) for name in ("source", "out", "command", "json", "every"))
    if dry:
        yield asdict(estimated(prepared(source, out, **options), out))
    else:
        explain_dataset(source, out, progress=told, **options)
        yield from told.words


@pytest.fixture(autouse=True)
def home(slot, tiny_gemma, monkeypatch, tmp_path):
    """A home of the test's own, one visitor, and the tiny model in this process."""
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(kept, "visitor", lambda: "me")
    monkeypatch.setattr(work, "words", here)
    monkeypatch.setattr("batch.kinds.text.TextKind.opened", lambda self: nullcontext(TextAsker(self, tiny_gemma)))
    monkeypatch.setattr("batch.kinds.text.weights_of", lambda model: "the tiny one")
    return tmp_path / "home"


def open_page():
    return AppTest.from_file(PAGE, default_timeout=60).run()


def upload(page, content, name):
    page.get("file_uploader")[0].set_value((name, content.encode() if isinstance(content, str) else content, "text/csv")).run()
    assert not page.exception
    return page


def asked_of_texts():
    page = upload(open_page(), TEXTS, "reviews.csv")
    page.text_area(key="sets-of-template").set_value("Review: {text} Sentiment:").run()
    page.text_input(key="sets-of-target").set_value(" positive").run()
    page.select_slider(key="sets-of-budget").set_value(32).run()
    page.selectbox(key="sets-of-id").set_value("name").run()
    return page


def started(page):
    finish(page.button(key="sets-estimate").click().run())
    return finish(page.button(key="sets-start").click().run())


@pytest.mark.slow
def test_no_name_in_a_data_set_turns_the_page_around():
    page = upload(open_page(), f"{TURNED},{TURNED}2\na {TURNED},=1+1\nb c,x\nd e,y\n", f"{TURNED}.csv")
    page.text_area(key="sets-of-template").set_value(f"{{{TURNED}}} and {{{TURNED}2}}").run()
    page.text_input(key="sets-of-target").set_value(" yes").run()
    page.selectbox(key="sets-of-id").set_value(TURNED).run()
    assert turned(page) == []
    page.select_slider(key="sets-of-budget").set_value(32).run()
    page = started(page)
    assert not page.exception and turned(page) == []
    assert page.selectbox(key="sets-chosen").options[1].startswith(r"a\u202eb\u200bc.csv · texts")


def words(page):
    return " ".join(element.value for kind in ("markdown", "caption", "info", "error") for element in page.get(kind))


def test_texts_are_estimated_started_and_shown(monkeypatch):
    page = asked_of_texts()
    finish(page.button(key="sets-estimate").click().run())
    cost = next(one.value for one in page.markdown if "This will take" in one.value)
    assert "5 rows, told by the first 5" in cost and "1 of these have an error: There are 1 words" in cost
    page = finish(page.button(key="sets-start").click().run())
    assert not page.exception and not dict(page.query_params)
    (one,) = kept.mine()
    rows, summary = rows_of(one.out), summarise(one.out)
    assert "**5 of 5 rows** are done, 1 of them with an error" in words(page)
    table = next(element.value for element in page.dataframe if "mean magnitude" in element.value)
    (good,) = table[table["words"] == "good"].to_dict("records")
    assert good["mean"] == summary.view.whole["banzhaf"].players["good"].mean
    assert (good["rows"], good["share of rows"]) == (1, 0.25)
    drawn = pages.html(page)
    for index in ("banzhaf", "shapley"):
        assert all(f'data-value="{value:.6f}"' in drawn for value in rows[0][index])
        assert rows[0][f"{index}_judgement"]["headline"].split(";")[0].rstrip(".") in words(page).replace("\xa0", " ")
    assert "Review: " in drawn and "Sentiment:" in drawn
    went = []
    monkeypatch.setattr("streamlit.switch_page", went.append)
    page.button(key="sets-open").click().run()
    brought = pages.bench(page, "text").brought
    assert (
        went == ["ui/text/page.py"] and brought.prompt == "Review: the film is good Sentiment:" and brought.target == " positive"
    )
    page.number_input(key="sets-row").set_value(2).run()
    assert "Row 2 has no maps: There are 1 words" in words(page)
    page.number_input(key="sets-row").set_value(4).run()
    assert "&lt;" in pages.html(page) and "<b>bold" not in pages.html(page) and not page.exception


def test_what_was_not_estimated_is_not_started():
    page = asked_of_texts()
    finish(page.button(key="sets-estimate").click().run())
    page.text_input(key="sets-of-target").set_value(" negative")
    page.button(key="sets-start").click().run()  # in one go, as by a click out of the field
    assert kept.mine() == [] and page.button(key="sets-estimate") and not page.exception


@pytest.mark.slow
def test_rows_are_cut_into_slices_and_errors_told_by_sentence():
    page = started(asked_of_texts())
    (one,) = kept.mine()
    page.selectbox(key=f"sets-slice-{one.id}").set_value("stars").run()
    group = page.selectbox(key=f"sets-group-{one.id}-stars")
    assert [option for option in group.options if option.startswith("Slice")] == ["Slice: 1 (2)", "Slice: 2 (2)"]
    group.set_value(1).run()
    (said,) = [element.value for element in page.dataframe if "sentence" in element.value]
    assert said["rows"].tolist() == [1] and said["for example"].tolist() == ["r2"]
    assert not page.exception


@pytest.mark.slow
def test_a_table_is_explained_by_cards(monkeypatch):
    page = upload(open_page(), TABLE, "rows.csv")
    page.get("button_group")[0].set_value("table").run()
    assert page.selectbox(key="sets-of-column").value == "c"
    page = started(page)
    (one,) = kept.mine()
    rows = rows_of(one.out)
    assert len(rows) == 24 and rows[0]["evaluations"] >= 0 and "24 of 24 rows" in words(page)
    page.number_input(key="sets-row").set_value(5).run()
    drawn = pages.html(page)
    assert all(f'data-value="{value:.6f}"' in drawn for value in rows[5]["shapley"])
    assert not page.exception
    went = []
    monkeypatch.setattr("streamlit.switch_page", went.append)
    page.button(key="sets-open").click().run()
    there = pages.bench(page, "table")
    assert went == ["ui/table/page.py"] and not page.exception
    assert (there.brought.row, there.brought.target, there.brought.digest) == (5, "c", there.own.table.digest)
    assert there.own.table.frame.shape == (24, 3)


def plain_picture(light):
    return encoded(Image.new("RGB", (60, 40), (light, light, light)), "PNG")


@pytest.fixture()
def looks(monkeypatch):
    monkeypatch.setattr("batch.kinds.image.ImageKind.opened", lambda self: nullcontext(Looks(self.settings)))
    monkeypatch.setattr("batch.kinds.image.ImageKind.fingerprint", lambda self: {"model": "one that sees light"})


def coloured(page):
    """Values of the patches in each figure: the one of all rows, then those of a row."""
    drawn = [json.loads(one.proto.spec)["data"][0] for one in page.get("plotly_chart")]
    return [pages.numbers(one["z"]) for one in drawn if one["type"] == "heatmap"]


def test_pictures_are_brought_run_and_shown_with_their_patches(looks, monkeypatch):
    page = open_page()
    several = [("light.png", plain_picture(250)), ("dark.png", plain_picture(20)), ("dark.png", plain_picture(100))]
    several.append(("none.png", b"\x89PNG\r\n\x1a\n and nothing"))
    page.get("file_uploader")[1].set_value([(name, data, "image/png") for name, data in several]).run()
    assert "4 pictures" in words(page) and not page.exception
    page.selectbox(key="sets-of-grid").set_value(4).run()
    page.select_slider(key="sets-of-budget").set_value(64).run()
    page = started(page)
    assert not page.exception
    (one,) = kept.mine()
    rows = rows_of(one.out)
    assert [row["id"] for row in rows] == ["2-dark.png", "dark.png", "light.png", "none.png"]
    assert [row["output"] for row in rows] == ["dark", "dark", "bright", None] and "damaged or cut short" in rows[3]["error"]
    assert "4 of 4 rows" in words(page) and "1 of them with an error" in words(page)
    table = next(element.value for element in page.dataframe if "picture" in element.value)
    assert [link[:22] for link in table["picture"]] == ["data:image/jpeg;base64"] * 3 + [""]
    assert len(set(table["picture"])) == 4
    np.testing.assert_allclose(coloured(page)[1], rows[0]["banzhaf"])
    np.testing.assert_allclose(coloured(page)[0], np.mean([row["banzhaf"] for row in rows[:3]], axis=0))
    group = page.selectbox(key=f"sets-group-{one.id}-None")
    assert group.options == ["All rows (3)", "Answer: dark (2)", "Answer: bright (1)"]
    group.set_value(1).run()
    mean = np.mean([row["banzhaf"] for row in rows[:2]], axis=0)
    np.testing.assert_allclose(coloured(page)[0], mean)
    went = []
    monkeypatch.setattr("streamlit.switch_page", went.append)
    page.button(key="sets-open").click().run()
    brought = pages.bench(page, "image").brought
    assert went == ["ui/image/page.py"] and not page.exception
    assert (brought.grid, brought.absent, brought.plan.budget, brought.plan.stop) == (4, "mean", 64, True)
    assert brought.plan.seed == seed_of(0, "2-dark.png") and page.session_state["pictures"][brought.source].name == "2-dark.png"


@pytest.mark.slow
def test_a_folder_of_pictures_of_this_machine_is_read_where_it_lies(looks, monkeypatch, tmp_path):
    monkeypatch.setattr(ask, "is_local", lambda: True)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name, light in (("deep/à.png", 200), ("b.png", 30)):
        (tmp_path / "in" / name).write_bytes(plain_picture(light))
    page = open_page()
    page.text_input(key="sets-path").set_value(str(tmp_path / "in")).run()
    page.select_slider(key="sets-of-budget").set_value(32).run()
    page = started(page)
    (one,) = kept.mine()
    assert one.asked.source == str(tmp_path / "in") and [row["id"] for row in rows_of(one.out)] == ["b.png", "deep/à.png"]
    page.number_input(key="sets-row").set_value(1).run()
    assert "(deep/à.png): “bright”" in words(page).replace("\\", "") and not page.exception
    (tmp_path / "in" / "b.png").write_bytes(plain_picture(31))
    again = AppTest.from_file(PAGE, default_timeout=60).run()
    again.selectbox(key="sets-chosen").set_value(one.id).run()
    assert "its picture is not shown, because the data are not those of the run any more" in words(again)
    assert not again.exception and "sets-open" not in [button.key for button in again.button]
    assert images._read.cache_info().currsize and images._small.cache_info().currsize
    page.button(key="sets-delete").click().run()
    assert (tmp_path / "in" / "b.png").exists() and not one.folder.exists()
    assert "pictures" not in words(page) and not images._small.cache_info().currsize


@pytest.mark.slow
def test_a_cancelled_run_keeps_what_is_written_and_goes_on(monkeypatch):
    def cut(command, folder, job):
        yield from here([*command, "--limit=8"], folder, job)
        while not job.cancelling:
            job._stop.wait(0.02)
        raise Stopped

    page = upload(open_page(), "text\n" + "".join(f"one two three {i}\n" for i in range(12)), "many.csv")
    page.select_slider(key="sets-of-budget").set_value(32).run()
    page.text_input(key="sets-of-target").set_value(" yes").run()
    finish(page.button(key="sets-estimate").click().run())
    monkeypatch.setattr(work, "words", cut)
    page.button(key="sets-start").click().run()
    job = bench(page).job
    assert job.alone and "goes on when you close this page" in words(page)
    other = AppTest.from_file(PAGE, default_timeout=60).run()  # another tab of this browser
    other.selectbox(key="sets-chosen").set_value(kept.mine()[0].id).run()
    assert bench(other).job is job
    page.button(key="cancel").click().run()
    page = finish(page)
    (one,) = kept.mine()
    assert len(rows_of(one.out)) == 8 and "**8 of 12 rows** are done" in words(page)
    monkeypatch.setattr(work, "words", here)
    page = finish(page.button(key="sets-go-on").click().run())
    assert "**12 of 12 rows** are done" in words(page) and "sets-go-on" not in [button.key for button in page.button]
    settings = json.loads((one.out / "_run.json").read_text())["settings"]
    explain_dataset(one.asked.source, one.folder / "plain", **settings, workers=1)
    assert rows_of(one.out) == rows_of(one.folder / "plain")


def test_a_data_set_is_its_browsers_alone_and_is_deleted_whole(home, monkeypatch):
    page = started(asked_of_texts())
    (one,) = kept.mine()
    for path in (home / "sets").rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or path.is_relative_to(one.out)  # which this process wrote
    assert stat.S_IMODE(one.folder.stat().st_mode) == 0o700
    monkeypatch.setattr(kept, "visitor", lambda: "another")
    other = AppTest.from_file(PAGE, default_timeout=60)
    other.session_state["sets-chosen"] = one.id
    other.query_params["sets-chosen"] = one.id
    other.run()
    assert kept.mine() == [] and not other.selectbox and not other.exception and "data-value" not in pages.html(other)
    assert kept.forget() == 0 and one.folder.exists()
    monkeypatch.setattr(kept, "visitor", lambda: "me")
    page.button(key="sets-delete").click().run()
    assert not page.exception and not list((home / "sets").rglob("*.csv")) and not one.folder.exists()


def test_forgetting_everything_deletes_data_sets(home):
    kept.begin(Asked(str(kept.bring("mine.csv", b"text\n1\n")), "mine", {"kind": "text"}))
    text = AppTest.from_file(str(Path(PAGE).parents[1] / "text" / "page.py"), default_timeout=60).run()
    assert "1 data set of this browser will be deleted" in " ".join(one.value for one in text.sidebar.markdown)
    text.sidebar.button(key="forget").click().run()
    assert not text.exception and not list((home / "sets").rglob("*.csv")) and kept.mine() == []


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("", "none.csv", "is empty: it has no rows"),
        (b"\x89PNG\r\n\x1a\n0000", "picture.csv", "icture.csv is no table"),
        ("{}", "one.json", "one JSON value"),
        (b"PAR1 and no more", "half.parquet", "alf.parquet cannot be read"),
        ("no object\n", "lines.jsonl", "no line that is a JSON object"),
    ],
)
def test_a_file_that_is_no_data_set_is_one_sentence(content, name, sentence):
    page = upload(open_page(), content, name)
    assert sentence in page.error[0].value.replace("\\", "") and not page.selectbox


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{nothing}", "There is no column 'nothing': write one of {name}, {text}, {stars}"),
        ("plain", "There is no field in the prompt yet"),
        ("{text", "has a brace too many or too few"),
        ("{text!r}", "may hold names of columns in braces"),
        ("{text} {text}", "must stand in the template once"),
    ],
)
def test_a_template_that_does_not_fit_is_one_sentence(template, sentence):
    page = asked_of_texts()
    page.text_area(key="sets-of-template").set_value(template).run()
    if "once" in sentence:
        page = finish(page.button(key="sets-estimate").click().run())
    said = " ".join(one.value for one in [*page.warning, *page.error]).replace("\\", "")
    assert sentence in said and not page.exception


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        ("localhost", {"Host": "localhost:8501"}, True),
        ("127.0.0.1", {"Host": "127.0.0.1:8501"}, True),
        ("::1", {"Host": "[::1]:8501"}, True),
        (None, {"Host": "localhost:8501"}, False),
        ("0.0.0.0", {"Host": "localhost:8501"}, False),
        ("localhost", {"Host": "swing.example.org"}, False),
        ("localhost", {"Host": "localhost", "X-Forwarded-For": "10.0.0.1"}, False),
        ("localhost", {}, False),
    ],
)
def test_files_of_the_server_are_named_by_its_own_user_alone(monkeypatch, address, headers, local):
    monkeypatch.setattr(ask.st, "get_option", lambda name: address)
    monkeypatch.setattr(type(ask.st.context), "headers", property(lambda self: headers))
    assert ask.is_local() is local


@pytest.mark.slow
def test_a_file_of_this_machine_is_read_where_it_lies(monkeypatch, tmp_path):
    assert not any(one.key == "sets-path" for one in open_page().text_input)
    monkeypatch.setattr(ask, "is_local", lambda: True)
    (tmp_path / "rows.csv").write_text(TEXTS)
    page = open_page()
    page.text_input(key="sets-path").set_value(str(tmp_path / "nothing.csv")).run()
    assert "nothing.csv cannot be read" in page.error[0].value.replace("\\", "")
    page.text_input(key="sets-path").set_value(str(tmp_path / "rows.csv")).run()
    page.text_input(key="sets-of-target").set_value(" yes").run()
    page = started(page)
    (one,) = kept.mine()
    assert one.asked.source == str(tmp_path / "rows.csv") and len(rows_of(one.out)) == 5
    (tmp_path / "rows.csv").write_text(TEXTS.replace("good", "fine"))
    again = AppTest.from_file(PAGE, default_timeout=60).run()
    again.selectbox(key="sets-chosen").set_value(one.id).run()
    assert "the data are not those of the run any more" in words(again) and "Review" not in pages.html(again)
    page.button(key="sets-delete").click().run()
    assert (tmp_path / "rows.csv").exists() and not one.folder.exists()


@pytest.mark.slow
def test_what_the_command_line_wrote_is_shown_and_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(ask, "is_local", lambda: True)
    (tmp_path / "rows.csv").write_text(TABLE)
    explain_dataset(
        tmp_path / "rows.csv", tmp_path / "out", "table", target="c", workers=1, limit=8, rows_per_file=4, judge=False
    )
    page = open_page()
    page.text_input(key="sets-path").set_value(str(tmp_path / "out")).run()
    assert not page.exception and "**8 of 24 rows** are done" in words(page) and "are not shown" not in words(page)
    page.selectbox(key="sets-chosen").set_value("").run()
    page.text_input(key="sets-path").set_value("").run()
    page.text_input(key="sets-path").set_value(str(tmp_path / "out")).run()
    (one,) = kept.mine()
    page = finish(page.button(key="sets-go-on").click().run())
    assert not page.exception and len(rows_of(tmp_path / "out")) == 24
    assert "stays where it is" in words(page)
    page.button(key="sets-delete").click().run()
    assert not page.exception and kept.mine() == [] and len(rows_of(tmp_path / "out")) == 24


def test_a_model_on_a_server_explains_no_texts(slot):
    slot.server = "http://localhost:1/v1"
    page = upload(open_page(), TEXTS, "reviews.csv")
    assert "runs on another server" in page.warning[0].value and "sets-estimate" not in [one.key for one in page.button]


def test_the_oldest_go_first_where_there_is_no_room(monkeypatch):
    data_sets = [kept.begin(Asked(str(kept.bring(f"{i}.csv", b"text\n" * 100)), f"{i}", {"kind": "text"})) for i in range(3)]
    for one in kept._folders(kept._own()):
        if not (one / kept.ASKED).exists():
            kept.drop(str(one / "data" / "x"))
    for i, one in enumerate(data_sets):
        kept.os.utime(one.folder, (i + 1, i + 1))
    whole = sum(file.stat().st_size for one in data_sets for file in one.folder.rglob("*") if file.is_file())
    monkeypatch.setattr(kept, "MOST_BYTES", whole - 1)
    kept.new_folder()
    assert [one.folder.exists() for one in data_sets] == [False, True, True]


@pytest.mark.parametrize("name", ["../../evil.csv", ".hidden", "a/b\\c.csv", "x" * 300 + ".csv", "", "\u202egnp.csv", "日本.csv"])
def test_a_files_name_leads_nowhere(home, name):
    path = kept.bring(name, b"text\n1\n")
    assert path.resolve().is_relative_to(home.resolve()) and path.parent.name == "data" and not path.name.startswith(".")


def test_only_what_was_brought_is_dropped(home, tmp_path):
    path, other = kept.bring("a.csv", b"text\n1\n"), tmp_path / "data"
    other.mkdir()
    (other / "mine.csv").write_text("text\n1\n")
    for name in (
        "",
        str(other / "mine.csv"),
        "s3://bucket/a.csv",
        f"{path.parent}/../../../../../data/mine.csv",
        str(path.parent),
    ):
        kept.drop(name)
        assert not kept.is_brought(name) and path.exists() and (other / "mine.csv").exists()
    kept.drop(str(path))
    assert not path.parents[1].exists()


def test_parts_lie_where_they_follow_each_other():
    prompt = "Review: one two. three Sentiment:"
    assert spans_of(["one", "two", ".", "three"], prompt, 8, 22) == [(8, 11), (12, 15), (15, 16), (17, 22)]
    assert spans_of(["one", "three"], prompt, 8, 22) is None
    assert spans_of(["one", "two", "."], prompt, 8, 22) is None
    assert spans_of(["one", "four"], prompt, 8, 22) is None


def test_a_row_has_the_judgement_that_stands_in_it():
    judged = dict.fromkeys(["first", "first_three", "order", "additive", "kept"], 0.95) | {"expected_error": 0.1, "chance": None}
    judged |= {"additive_low": 0.1, "additive_high": 0.3, "worth": "order", "headline": "as it was"}
    row = {"players": ["a", "b"], "banzhaf": [1.0, None], "banzhaf_error": None, "banzhaf_method": "auto", "shapley": None}
    row |= {"banzhaf_judgement": judged, "evaluations": 3, "seconds": 0.1, "empty_value": 0.0, "full_value": 1.0}
    ((one, found),) = maps_of(row, Settings("text"))
    assert found.worth == "order" and found.additive_interval == (0.1, 0.3) and np.isnan(found.chance)
    assert one.values[0] == 1.0 and np.isnan(one.values[1]) and one.standard_error is None


@pytest.mark.slow
def test_the_process_says_what_it_does_and_what_it_refuses(home, monkeypatch, tmp_path):
    monkeypatch.setattr(work, "words", PROCESS)
    (tmp_path / "rows.csv").write_text(TABLE)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / kept.ASKED).write_text("{}")
    asked = Asked(str(tmp_path / "rows.csv"), "rows", {"kind": "table", "target": "c", "rows_per_file": 16})
    job, told = Job(None), []
    tell = job.tell
    monkeypatch.setattr(job, "tell", lambda done, total, sentence: told.append(sentence) or tell(done, total, sentence))
    work.compute(tmp_path / "run", asked, job)
    assert told[1].startswith("0 of 24 rows")  # said at the beginning; the rest, where it took a second, by and by
    assert all(" of 24 rows" in sentence for sentence in told[1:]) and told[-1] == job.sentence
    explain_dataset(asked.source, tmp_path / "plain", **asked.settings, workers=1)
    assert rows_of(tmp_path / "run" / "out") == rows_of(tmp_path / "plain")
    with pytest.raises(ValueError, match="none.csv cannot be read"):
        work.compute(tmp_path / "run", Asked(str(tmp_path / "none.csv"), "", asked.settings), job)
    job.cancel()
    with pytest.raises(Stopped):
        work.compute(tmp_path / "run", asked, job)
