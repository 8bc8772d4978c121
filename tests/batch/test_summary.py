"""The global view: known values become known means, by word and by answer, and no text escapes its page."""

import csv
import io

import numpy as np
import pytest
from data_sets import Fake, weights_of, write
from hostile import STEERING

from batch import Settings, explain_dataset, summarise
from batch import summary as views
from batch.page import page
from batch.parts import Out, encoded

HOSTILE = '<script>alert("x")</script>'


def record(i, words, values, output="yes", error=None):
    known = {"row": i, "id": f"r{i}", "error": error, "seconds": 0.5}
    if error:
        return known
    judged = {"worth": "sure" if i else "hint", "headline": ""}
    return known | {"output": output, "players": words, "banzhaf": values, "banzhaf_judgement": judged, "evaluations": 10}


@pytest.fixture()
def out(tmp_path):
    """Four rows of texts, written as a run writes them."""
    run = {"settings": {"kind": "text", "index": "banzhaf", "players": "word"}, "source": HOSTILE, "rows": 9}
    rows = [
        record(0, ["Good", "film,"], [1.0, 0.5]),
        record(1, ["good", "(good)", "plot"], [2.0, 1.0, -0.25]),
        record(2, ["bad", HOSTILE], [-2.0, 0.0], "no"),
        record(3, [], [], error="there are 1 words to explain"),
        record(4, [], [], error="there are 300 words to explain"),
        record(5, ["@@", "good"], [0.0, -1.0], "no"),
    ]
    with Out(tmp_path / "out") as place:
        place.begin(run)
        place.commit(0, encoded(rows[:4], run))
        place.commit(2, encoded(rows[4:], run))
    return tmp_path / "out"


def test_words_are_counted_over_all_rows(out):
    summary = summarise(out)
    assert (summary.rows, summary.total, summary.errors, summary.evaluations, summary.seconds) == (6, 9, 2, 40, 3.0)
    whole = summary.view.whole["banzhaf"]
    good = whole.players["good"]
    assert (good.rows, good.mean, good.mean_absolute) == (3, 1.0, 5 / 3) and whole.rows == 4
    assert [(value, id) for _, value, id in good.examples] == [(3.0, "r1"), (1.0, "r0"), (-1.0, "r5")]
    assert [one.name for one in whole.ranked()][:3] == ["good", "bad", "film"]
    yes, no = summary.view.by_output["banzhaf"]
    assert (no.name, no.rows, yes.name, yes.rows) == ("yes", 2, "no", 2) or (yes.name, no.name) == ("no", "yes")
    assert {group.name: group.players["good"].mean for group in (yes, no)} == {"yes": 2.0, "no": -1.0}
    assert summary.view.worth["banzhaf"] == {"hint": 1, "sure": 3}


def test_errors_are_told_by_sentence(out):
    assert summarise(out).view.sentences == [("there are 1 words to explain", 2, ["r3", "r4"])]


def test_the_page_shows_texts_as_texts(out):
    shown = page(summarise(out))
    assert "<script" not in shown and "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in shown
    assert "6 of 9 rows are done" in shown and "Content-Security-Policy" in shown and "http" not in shown.split("</style>")[1]
    assert ">+1<" in shown and "r1 (+3), r0 (+1), r5 (-1)" in shown and "there are 1 words to explain" in shown


def test_the_csv_holds_every_player_and_computes_nothing(out):
    lines = list(csv.DictReader(io.StringIO(summarise(out).view.to_csv())))
    (good,) = [one for one in lines if (one["answer"], one["player"]) == ("all rows", "good")]
    assert (good["rows"], good["share_of_rows"], good["mean"], good["examples"]) == ("3", "0.75", "1.0", "r1 r0 r5")
    assert "'@@" in [one["player"] for one in lines] and {one["answer"] for one in lines} == {"all rows", "yes", "no"}


def test_no_name_turns_the_page_around(tmp_path):
    name = "".join(STEERING)
    run = {"settings": {"kind": "image", "index": "banzhaf", "players": "patch", "model": name}, "source": name, "rows": 2}
    found = record(0, [name, "b"], [1.0, 0.5], name) | {"id": name}
    with Out(tmp_path / "out") as place:
        place.begin(run)
        place.commit(0, encoded([found, record(1, [], [], error=name) | {"id": name}], run))
    shown = page(summarise(tmp_path / "out"))
    assert all(one.isprintable() or one == "\n" for one in shown) and "\u0430" not in shown
    assert shown.count(r"photo\u202egpj.exe") > 6


def test_what_was_seen_once_is_forgotten_where_players_are_too_many(out, monkeypatch):
    monkeypatch.setattr(views, "MOST_PLAYERS", 2)
    whole = summarise(out).view.whole["banzhaf"]
    assert "good" in whole.players and whole.forgotten >= 2 and len(whole.players) <= 3
    assert "had been seen once were forgotten" in page(summarise(out))


def test_too_many_answers_are_not_told_apart(out, monkeypatch):
    monkeypatch.setattr(views, "MOST_OUTPUTS", 1)
    assert summarise(out).view.by_output["banzhaf"] == []


def test_of_a_run_the_means_are_those_of_its_games(tmp_path):
    write(tmp_path / "texts.csv", 30)
    summary = explain_dataset(tmp_path / "texts.csv", tmp_path / "out", Fake(Settings("text", judge=False, budget=64)), workers=1)
    values = np.array([weights_of(f"text {i}") for i in range(30)])
    for index in ("banzhaf", "shapley"):
        players = summary.view.whole[index].players
        np.testing.assert_allclose([players[f"p{k}"].mean for k in range(6)], values.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose([players[f"p{k}"].mean_absolute for k in range(6)], np.abs(values).mean(axis=0), atol=1e-9)


def test_a_run_can_be_looked_at_before_its_first_rows(tmp_path):
    with Out(tmp_path / "out") as place:
        place.begin({"settings": {"kind": "table", "index": "both", "players": "word"}, "source": "x", "rows": 3})
    assert "0 of 3 rows are done" in page(summarise(tmp_path / "out"))
