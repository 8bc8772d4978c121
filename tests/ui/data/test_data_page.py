"""The Data page's states, without a browser, on a tiny random model: its numbers are the API's."""

import csv
import io
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from pages import TURNED, turned
from runs import read_scored_runs
from streamlit.testing.v1 import AppTest
from words import source_word_game, word_matrix

from benchmarks.scaling_samples import FOLDER
from model.data.pairs import Pair
from model.data.translation import TranslationGame
from ui.data import scored_runs
from ui.data.files import matrix_csv, measures_csv
from ui.data.kind import DataKind
from ui.data.picture import ExamplesPicture
from ui.data.request import ExamplesRequest, matrices, measured, request_of
from ui.files.report import html_report
from ui.names import Pane
from ui.runs import kept
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison import Plan
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.runs.store import RunStore
from ui.shell.model_slot import ModelSlot
from ui.shell.visitor import visitor
from ui.text.samples import SAMPLES
from xai import explain
from xai.data_scores import next_runs, source_values

PAGE = str(Path(__file__).parents[3] / "ui" / "data" / "page.py")
HOSTILE = "<b>bold</b> **stars** $x$"
EXAMPLES = "source,target,origin\ngood dog,fox,a\none two,four five,b\nlazy fox,hello,a\nworld,seven,c\n"
EVALUATION = "source,target\nbrown dog,the fox jumps\nten,eleven twelve\n"
bench = partial(pages.bench, kind="data")
finish = partial(pages.finish, kind="data")
html = pages.html


class Slot(ModelSlot):
    """A slot that loads nothing; tests set its state."""

    def start(self):
        pass


@pytest.fixture()
def ready(monkeypatch, tmp_path, tiny_gemma):
    slot, store = Slot(), RunStore(tmp_path / "runs.sqlite")
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    monkeypatch.setattr("ui.runs.kept.store", lambda: store)
    monkeypatch.setattr("ui.text.run.answer", lambda gemma, prompt: " the lazy dog")
    slot.gemma, slot.seconds_per_token = tiny_gemma, 1e-4
    yield slot
    store.close()


def open_page(mode=None, **query):
    page = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    if mode:  # not to be chosen while a run goes on
        finish(page).get("button_group")[0].set_value(mode).run()
    return finish(page)


def press_explain(page):
    page.button(key="explain").click().run()
    return finish(page)


def upload(page, place, content):
    data = content if isinstance(content, bytes) else content.encode()
    page.get("file_uploader")[place].set_value(("mine.csv", data, "text/csv")).run()
    return page


def brought(ready):
    page = open_page()
    upload(page, 0, EXAMPLES)
    return upload(page, 1, EVALUATION)


def words(page):
    kinds = ("markdown", "caption", "warning", "info")
    return " ".join(element.value for kind in kinds for element in page.get(kind))


def pairs(text):
    return tuple(Pair(*row) for row in list(csv.reader(io.StringIO(text)))[1:])


def direct(gemma):
    return TranslationGame(gemma, pairs(EXAMPLES), pairs(EVALUATION), players="origin")


@pytest.mark.slow
def test_the_bundled_set_and_its_cost_are_there_at_once(ready):
    page = open_page()
    assert not page.exception
    assert "at most 16 evaluations" in words(page)
    assert page.dataframe[0].value.shape == (16, 3)
    assert page.dataframe[1].value.shape == (8, 3)


@pytest.mark.slow
def test_both_measures_and_both_indices_are_those_of_the_api(ready):
    page = press_explain(brought(ready))
    assert not page.exception
    assert not page.error
    result, game = bench(page).shown, direct(ready.gemma)
    for measure in ("cross-entropy", "chrF", "BLEU"):
        for one in measured(result, measure):
            expected = explain(game, one.index, "exact").combine(game.weights(measure))
            np.testing.assert_allclose(one.values, expected.values, atol=2e-4)
            assert one.labels == ["a", "b", "c"]
    assert result.comparison.ledger.evaluations == 8
    assert len(page.get("plotly_chart")) >= 4
    assert "point in opposite directions" in words(page) or "harms by" in words(page)
    assert result.about.written[1] == tuple(game.translations(np.full(3, present))[1] for present in (False, True))
    page.button_group(key="data-measure").set_value("chrF").run()
    assert "points of chrF" in words(page)
    assert bench(page).shown.comparison.ledger.evaluations == 8
    rows = list(csv.DictReader(io.StringIO(measures_csv(result))))
    assert float(rows[1]["shapley_chrF_value"]) == measured(result, "chrF")[1].values[1]


def test_players_may_be_single_examples(ready):
    page = brought(ready)
    page.selectbox(key="data-players-True").set_value("example").run()
    assert "at most 16 evaluations" in words(page)
    page = press_explain(page)
    assert bench(page).shown.comparison.ledger.labels == ["good dog", "one two", "lazy fox", "world"]
    assert "<b>hello</b>" in html(page)


@pytest.mark.slow
def test_uploaded_pairs_are_kept_only_where_the_user_says_so(ready):
    page = press_explain(brought(ready))
    assert not kept.store().runs(visitor())
    assert bench(page).run is None
    page.checkbox(key="data-keep").check().run()
    page = press_explain(page)
    run = pages.shared(page, "data")
    assert bench(page).shown.comparison.ledger.evaluations == 8  # what was paid stays paid
    other = open_page(run=run)
    assert not other.exception
    np.testing.assert_array_equal(bench(other).shown.comparison.maps[0].values, bench(page).shown.comparison.maps[0].values)
    assert "those of the run that was opened" in words(other)
    assert bench(other).shown.request.same_game == bench(page).shown.request.same_game
    assert "other data or settings" not in words(other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("source\na\n", "one column only"),
        ("source,target\na,\n", "target sentence of a pair is empty"),
        (b"\xff\xfe", "not text in an encoding"),
        ("source,target\n" + "a,b\n" * 65, "65 pairs; at most 64"),
    ],
)
def test_bad_pairs_are_one_sentence_and_no_run(ready, content, sentence):
    page = upload(open_page(), 0, content)
    assert not page.exception
    assert sentence in page.error[0].value
    assert not [button for button in page.button if button.key == "explain"]


def test_one_player_is_refused_in_one_sentence(ready):
    page = upload(open_page(), 0, "source,target\ngood dog,fox\n")
    assert "only one player" in page.warning[0].value
    assert page.button(key="explain").disabled


@pytest.mark.slow
def test_what_a_file_says_is_escaped(ready):
    page = upload(brought(ready), 0, f'source,target,origin\n"{HOSTILE}",fox,"{HOSTILE}"\nworld,seven,b\n')
    page = press_explain(page)
    assert not page.exception
    assert "<b>bold" not in html(page)
    assert "**stars**" not in words(page).replace("**Banzhaf", "").replace("**Shapley", "")


def test_the_matrix_is_that_of_the_api_and_choosing_words_costs_nothing(ready):
    page = open_page("words")
    page.text_input(key="words-sentence").set_value("She said hello world").run()
    page = press_explain(page)
    assert not page.exception
    assert not page.error
    result = bench(page).shown
    text = result.request
    game = source_word_game(ready.gemma, text.before, text.text, text.after, "the lazy dog")
    expected = word_matrix(ready.gemma, game, budget=64)
    (_, banzhaf, _), (_, shapley, _) = matrices(result)
    assert result.about.words == expected.target
    np.testing.assert_allclose(banzhaf, expected.banzhaf, atol=2e-4)
    np.testing.assert_allclose(shapley, expected.shapley, atol=2e-4)
    paid = result.comparison.ledger.evaluations
    assert paid == 16
    page.get("button_group")[1].set_value([1]).run()
    drawn = html(page).split('data-pane="l"')[1].split("</div>")[0]
    shown = [float(part.split('"')[0]) for part in drawn.split('data-value="')[1:]]
    np.testing.assert_allclose(shown, banzhaf[:, 1], atol=6e-7)
    assert bench(page).shown.comparison.ledger.evaluations == paid
    rows = list(csv.DictReader(io.StringIO(matrix_csv(result))))
    assert len(rows) == 2 * banzhaf.size
    assert [float(row["value"]) for row in rows[: banzhaf.size]] == banzhaf.reshape(-1).tolist()
    again = open_page(run=pages.shared(page, "data"))
    np.testing.assert_array_equal(matrices(bench(again).shown)[0][1], banzhaf)
    assert again.text_input(key="words-sentence").value == "She said hello world"


def test_a_typed_translation_is_explained_and_an_empty_one_refused(ready):
    page = open_page("words")
    page.radio(key="words-whose").set_value("A translation I type").run()
    assert "target is empty" in page.warning[0].value
    page.text_input(key="words-target").set_value("hello dog").run()
    page = press_explain(page)
    assert bench(page).shown.about.words == ["hello", "dog"]


@pytest.mark.slow
def test_bleu_is_counted_as_chinese_needs_it_and_its_signature_is_shown(ready):
    chinese = "source,target\nbrown dog,我喜欢。\nten,今天天气很好。\n"
    page = upload(upload(open_page(), 0, EXAMPLES), 1, chinese)
    assert "The references are Chinese: BLEU reads them by sacrebleu’s tokenizer zh." in words(page)
    page = press_explain(page)
    result = bench(page).shown
    signature = TranslationGame(ready.gemma, pairs(EXAMPLES), pairs(chinese), "origin").signatures["BLEU"]
    assert "tok:zh" in signature and result.about.signatures["BLEU"] == signature
    page.button_group(key="data-measure").set_value("BLEU").run()
    assert "tok:zh" in words(page)
    bundle = to_bundle("data", result, "name", "model")
    again = from_bundle(DataKind(), read_bundle(write_bundle(bundle)))
    assert again.about.signatures == result.about.signatures
    assert signature in html_report(bundle, DataKind().picture(again))
    assert replace(result.request, tokenizer="13a").same_game != result.request.same_game


def test_runs_of_before_there_were_tokenizers_were_counted_by_the_usual_one(ready):
    result = bench(press_explain(brought(ready))).shown
    settings, record = result.request.to_settings(), result.about.to_record()
    assert "tokenizer" not in settings and "tok:13a" in record.pop("signatures")["BLEU"]
    about = type(result.about).from_record(record, result.request, result.comparison)
    assert DataKind().picture(replace(result, about=about)).facts == {}
    assert "tokenizer is 13a" in replace(ExamplesPicture(result.request), measure="BLEU").unit


def test_results_of_both_kinds_come_back_from_a_bundle_bit_for_bit(ready):
    for page in (press_explain(brought(ready)), press_explain(open_page("words"))):
        result = bench(page).shown
        data = write_bundle(to_bundle("data", result, "name", "model"))
        again = from_bundle(DataKind(), read_bundle(data))
        assert again.to_record() == result.to_record()
        assert again.request == result.request
        assert write_bundle(to_bundle("data", again, "name", "model")) == data


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"players": "line"},
        {"languages": ["one"]},
        {"examples": [["a", "b"]]},
        {"evaluation": [["a", "", ""]]},
        {"plan": {"left": "x"}},
        {"uploaded": 1},
        {"examples": 3},
    ],
)
def test_settings_of_somebody_else_are_checked(change):
    plan = Plan(Pane("banzhaf", "auto"), Pane("shapley", "auto"), 16)
    request = ExamplesRequest(examples=pairs(EXAMPLES), evaluation=pairs(EVALUATION), plan=plan)
    assert request_of(request.to_settings()) == request
    with pytest.raises(ValueError, match="these are not the settings"):
        request_of(request.to_settings() | change)


def test_scored_runs_are_valued_and_what_is_open_is_said(ready):
    page = open_page("sources")
    assert not page.exception
    runs = read_scored_runs((FOLDER / "scored-runs.csv").read_bytes())
    found, table = source_values(runs), page.dataframe[0].value
    assert table["source"].tolist() == runs.sources
    assert table["value"][0] == f"{found.values[0, 0]:+.2f}"
    assert table["value"].tolist().count("not identifiable") == 2
    assert "always in together" in page.warning[0].value
    assert "Synthetic" in page.info[0].value
    plan = page.dataframe[1].value
    np.testing.assert_array_equal(plan[runs.sources].to_numpy(), next_runs(runs.coalitions, 4).coalitions)
    page.slider(key="scored-next").set_value(2).run()
    assert len(page.dataframe[1].value) == 2


def test_scored_runs_of_a_file(ready):
    page = open_page("sources")
    upload(page, 0, f'"{HOSTILE}",b,BLEU,chrF\n0,0,1,2\n1,0,2,4\n0,1,4,5\n1,1,5,7\n')
    assert not page.exception
    assert page.dataframe[0].value["value"].tolist()[0] == "+1.00"
    page.selectbox(key="scored-measure").set_value("chrF").run()
    assert page.dataframe[0].value["value"].tolist()[0] == "+2.00"
    upload(page, 0, "a,b,loss\n0,0,1\n1,0,2\n0,1,4\n1,1,5\n")
    assert "Less is better here" in words(page)
    upload(page, 0, "a,b\n1,0\n")
    assert "No column holds scores" in page.error[0].value


def test_no_name_of_a_source_turns_the_page_around(ready):
    page = upload(open_page("sources"), 0, f"{TURNED},=b,{TURNED}2\n0,0,1\n1,0,2\n0,1,4\n1,1,5\n")
    assert not page.exception and turned(page) == [] and page.dataframe[0].value["source"][0] == r"a\u202eb\u200bc"


def test_no_pair_turns_the_page_around(ready):
    page = upload(brought(ready), 0, f"source,target,origin\n{TURNED},fox,{TURNED}\nworld,seven,b\n")
    page = press_explain(page)
    assert not page.exception and turned(page) == []


def test_scored_runs_are_read_once_and_stay_in_their_session(ready, monkeypatch):
    read, original = [], scored_runs.read_columns
    monkeypatch.setattr(scored_runs, "read_columns", lambda content, name: read.append(name) or original(content, name))
    table = "a,b,loss\n0,0,1\n1,0,2\n0,1,4\n1,1,5\n"
    page = open_page("sources")
    read.clear()
    upload(page, 0, table)
    page.slider(key="scored-next").set_value(2).run()
    assert len(read) == 1
    upload(open_page("sources"), 0, table)
    assert len(read) == 3  # the sample too: nothing of one session's is found by another


@pytest.mark.slow
def test_what_was_seen_before_translations_is_not_taken_for_paid(ready, monkeypatch):
    looked = threading.Event()

    def broken(*_):
        assert looked.wait(60)
        raise ValueError("The writing stopped.")

    page = brought(ready)
    with monkeypatch.context() as patched:
        patched.setattr("ui.data.run.subject", broken)
        page.button(key="explain").click().run()
        job = bench(page).job
        while not job.version and not job.over:
            time.sleep(0.01)
        page.run()
        assert "settle as the run goes on" in words(page)
        looked.set()
        page = finish(page)
    assert not page.exception and [error.value for error in page.error] == ["The writing stopped."]
    assert bench(page).shown.comparison.state == "preliminary"
    assert "ended before it was whole" in words(page) and "settle as the run goes on" not in words(page)
    page = press_explain(page)
    found, game = bench(page).shown, direct(ready.gemma)
    assert found.comparison.state == "done" and found.comparison.ledger.evaluations == 8
    for one in measured(found, "BLEU"):
        np.testing.assert_allclose(one.values, explain(game, one.index, "exact").combine(game.weights("BLEU")).values, atol=1e-6)


def test_a_browser_that_sees_a_later_run_alone_takes_the_sample_too(ready):
    page = open_page("words")
    for _ in range(2):
        assert page.text_input(key="words-sentence").proto.default == SAMPLES[1].text
        assert page.text_area(key="words-before").proto.default == SAMPLES[1].before
        assert page.text_area(key="words-after").proto.default == SAMPLES[1].after
        page.run()
