"""The Data page as a person uses it: examples valued, a matrix of words, scored runs; its numbers are the API's."""

import csv
import io
from html import unescape

import numpy as np
from clicks import becomes, open_settings, press_explain, settle, unfold, values
from playwright.sync_api import expect
from runs import read_scored_runs
from words import source_word_game, word_matrix

from model.data.pairs import Pair, bundled_evaluation, bundled_examples
from model.data.translation import TranslationGame
from ui.text.samples import SAMPLES
from xai import Ledger, explain
from xai.compare.disagreement import disagreement
from xai.data_scores import next_runs, source_values

PANES = {"l": "banzhaf", "r": "shapley"}
EXAMPLES = "source,target,origin\ngood dog,fox,a\none two,four five,b\nlazy fox,hello,a\nworld,seven,c\n"
EVALUATION = "source,target\nbrown dog,the fox jumps\nten,eleven twelve\n"
SCORED = "run,web,news,<b>code</b>,BLEU,loss\n1,0,0,0,10,3\n2,1,0,0,14,2.5\n3,0,1,0,11,2.9\n4,1,1,0,15.5,2.3\n"


def open_data(open_it, mode=None, **options):
    page = open_it(ready=False, path="/data?data-budget=16&data-stop=false&data-one_set=false", **options)
    if mode:
        page.get_by_text(mode, exact=True).click()
    page.locator(".st-key-explain button:enabled").wait_for()
    return page


def finish(page):
    settle(page)
    page.locator(".st-key-explain button:enabled").wait_for()
    expect(page.get_by_text("Preliminary values")).to_have_count(0)


def bring(page, key, content, name="mine.csv"):
    page.locator(f'[class*="st-key-{key}"] input[type=file]').set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    )


def drawn(page, key, trace=0):
    """The numbers of a plotted trace, as Plotly holds them: x of bars, z of a heatmap; and the y axis’s labels."""
    settle(page)
    plot = page.locator(f".st-key-{key} .js-plotly-plot")
    expect(plot).to_have_count(1)  # of what is drawn anew the old one stays for a moment
    found = plot.evaluate(
        """(plot, trace) => ({numbers: plot._fullData[trace].z ?? plot._fullData[trace].x,
                              labels: plot._fullLayout.yaxis.ticktext})""",
        trace,
    )
    rows = [list(row.values()) if isinstance(row, dict) else row for row in found["numbers"]]
    return np.array(rows, float), [unescape(label) for label in found["labels"]]


def drawn_as(page, key, expected, atol):
    """The labels of a plot once its numbers are `expected(labels)`."""
    shown = []

    def read():
        numbers, shown[:] = drawn(page, key)
        return numbers, expected(shown)

    becomes(page, read, atol)
    return shown


def saved(page, key):
    with page.expect_download() as download:
        page.locator(f".st-key-{key} button").click()
    return list(csv.DictReader(io.StringIO(download.value.path().read_text())))


def assert_measures(page, game, atol):
    """Both measures, what is said of them, and both maps are those of exact values of this game."""
    ledger, names = Ledger(game), ("cross-entropy", "BLEU")
    exact = {index: explain(game, index, "exact", ledger=ledger) for index in PANES.values()}
    page.get_by_role("tab", name="Two measures").click()
    for measure in names:
        one = exact["banzhaf"].combine(game.weights(measure))
        drawn_as(page, f"two-{measure}", lambda labels, one=one: one.values[[one.labels.index(name) for name in labels]], atol)
    for attribution in exact.values():
        pair = [attribution.combine(game.weights(measure)) for measure in names]
        expect(page.get_by_text(disagreement(*pair, names).text.split(". ")[0])).not_to_have_count(0)
    for pane, index in PANES.items():
        expected = exact[index].combine(game.weights("cross-entropy")).values
        np.testing.assert_allclose(values(page, pane), expected, atol=atol)
    page.locator(".st-key-data-measure").get_by_text("chrF", exact=True).click()
    expect(page.get_by_text("Values are points of chrF").first).to_be_visible()
    for pane, index in PANES.items():
        np.testing.assert_allclose(values(page, pane), exact[index].combine(game.weights("chrF")).values, atol=100 * atol)


def assert_matrix(page, gemma, sentence, translation, atol):
    game = source_word_game(gemma, SAMPLES[1].before, sentence, SAMPLES[1].after, translation)
    expected = word_matrix(gemma, game, ("auto", "kernelshap"), budget=16)
    for pane, matrix in (("l", expected.banzhaf), ("r", expected.shapley)):
        assert drawn_as(page, f"matrix-{pane}", lambda labels, matrix=matrix: matrix, atol) == expected.source
    return expected


def test_the_bundled_set_on_a_model(open_tiny, tiny_gemma):
    page = open_data(open_tiny)
    open_settings(page)
    slider = page.locator('[class*="st-key-data-count"] input[type=range]')
    slider.focus()
    slider.press("Home")
    expect(page.get_by_text("16 examples and the 1 evaluation sentence")).to_be_visible()
    expect(page.get_by_text("This will take at most 16 evaluations")).to_be_visible()
    press_explain(page)
    page.locator(".st-key-cancel button").wait_for()
    finish(page)
    assert_measures(page, TranslationGame(tiny_gemma, bundled_examples(), bundled_evaluation()[:1], "origin"), 2e-4)


def test_a_matrix_of_the_words_that_the_bundled_gemma_translates(open_tab, gemma):
    page = open_data(open_tab, "Words of a sentence")
    press_explain(page)
    finish(page)
    translation = page.locator(".swing-answer").inner_text()
    assert translation == gemma.generate(SAMPLES[1].before + SAMPLES[1].text + SAMPLES[1].after, stop="\n").strip()
    expected = assert_matrix(page, gemma, SAMPLES[1].text, translation, 2e-3)
    word = int(np.argmax(expected.banzhaf[:, -1]))
    expect(page.get_by_text(f"{expected.target[-1]} ← {expected.source[word]}", exact=False)).to_be_visible()
    assert not page.locator('[data-testid="stException"]').count()


def test_uploaded_pairs_are_valued_by_both_measures(open_tiny, tiny_gemma):
    page = open_data(open_tiny)
    bring(page, "data-examples", EXAMPLES)
    expect(page.get_by_text("The 4 examples and the 8 evaluation sentences")).to_be_visible()  # no hand is faster
    bring(page, "data-evaluation", EVALUATION)
    expect(page.get_by_text("4 examples and the 2 evaluation sentences")).to_be_visible()
    press_explain(page)
    finish(page)
    pairs = [[Pair(*row.split(",")) for row in text.splitlines()[1:]] for text in (EXAMPLES, EVALUATION)]
    assert_measures(page, TranslationGame(tiny_gemma, *pairs, "origin"), 2e-4)
    page.get_by_role("tab", name="Take away").click()
    rows = saved(page, "save-measures")
    assert [row["label"] for row in rows] == ["a", "b", "c"]
    bring(page, "data-examples", "source,target\nonly this,\n")
    expect(page.get_by_test_id("stAlert").filter(has_text="target sentence of a pair is empty")).to_be_visible()
    assert not page.locator('[data-testid="stException"]').count()


def test_a_matrix_of_words_that_are_typed_and_the_refusal_of_one_word(open_tiny, tiny_gemma):
    page = open_data(open_tiny, "Words of a sentence", width=390, scheme="dark")
    sentence, translation = "the lazy <b>dog</b>", "le chien"
    page.locator(".st-key-words-sentence input").fill(sentence)
    page.keyboard.press("Enter")
    page.get_by_text("A translation I type").click()
    page.locator(".st-key-words-target input").fill(translation)
    page.keyboard.press("Enter")
    press_explain(page)
    expect(page.locator(".swing-answer")).to_have_text(translation)
    finish(page)
    expected = assert_matrix(page, tiny_gemma, sentence, translation, 2e-4)
    ink = page.locator(".st-key-matrix-l .textpoint text").first.evaluate("text => getComputedStyle(text).fill")
    assert min(map(int, ink[4:-1].split(","))) > 150  # light on the dark page
    page.get_by_role("tab", name="Take away").click()
    rows = saved(page, "save-matrix")
    assert len(rows) == 2 * expected.banzhaf.size
    found = [float(row["value"]) for row in rows if row["index"] == "banzhaf"]
    np.testing.assert_allclose(found, expected.banzhaf.reshape(-1), atol=2e-4)
    for words, refusal in (("dog", "There is only 1 word to explain"), (" ", "write something in “Sentence to")):
        unfold(page)
        page.locator(".st-key-words-sentence input").fill(words)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("stAlert").filter(has_text=refusal)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator('[data-testid="stException"]').count()


def test_scored_runs_of_a_file_and_the_runs_to_add(open_tiny):
    page = open_tiny(ready=False, path="/data")
    page.get_by_text("Training runs you have scored", exact=True).click()
    expect(page.get_by_text("Synthetic sample")).to_be_visible()
    bring(page, "scored-file", SCORED)
    expect(page.get_by_text("from 4 runs of 3 sources")).to_be_visible()
    runs = read_scored_runs(SCORED)
    found = source_values(runs)
    numbers, labels = drawn(page, "scored-bars")
    assert labels == ["web", "news"]
    np.testing.assert_allclose(numbers, found.values[:2, 0])
    expect(page.get_by_text("<b>code</b> was in no run: add runs that differ there.")).to_be_visible()
    rows = saved(page, "save-sources")
    assert float(rows[1]["loss_value"]) == found.values[1, 1]
    assert rows[2]["BLEU_value"] == ""
    plan = saved(page, "save-next")
    added = np.array([[int(row[name]) for name in runs.sources] for row in plan])
    np.testing.assert_array_equal(added, next_runs(runs.coalitions, 4).coalitions)
    assert source_values(
        read_scored_runs(SCORED + "".join(f"n,{','.join(map(str, row))},12,2\n" for row in added))
    ).determined.all()
    bring(page, "scored-file", "web,BLEU\n1,20\n2,21\n1,22\n")
    expect(page.get_by_test_id("stAlert").filter(has_text="holds 2 among 0 and 1")).to_be_visible()
    expect(page.locator(".st-key-scored-bars")).to_have_count(0)
