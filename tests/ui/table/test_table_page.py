"""The Table page's states, without a browser: its numbers are the API's, and what is wrong is one sentence."""

import io
import json
from html import unescape

import numpy as np
import pandas as pd
import pytest
from pages import TURNED, turned
from table_pages import bench, csv, drawn, explain_row, finish, html, open_page, said, shared, table, upload

from model import TableModel
from model.files.table import read_table, samples
from ui.runs.bundle import write_bundle
from ui.runs.comparison_bundle import to_bundle
from ui.table import exact as table_errors
from ui.table import run as table_run
from ui.table.all_rows import to_csv
from xai import explain

HOSTILE = ["<b>bold</b>", "**stars** ![x](http://x/y.png)", "=1+1", "a & b \" ' $x$"]


@pytest.mark.slow
def test_a_newcomer_sees_a_row_explained_and_every_number_is_the_apis():
    page = open_page()
    assert not page.exception
    sample = samples()["Diabetes"]
    frame = read_table(sample.path.read_bytes(), sample.path.name)
    model = TableModel.fit(frame, sample.target)
    for pane, index in (("l", "banzhaf"), ("r", "shapley")):
        exact = model.exact(frame.iloc[[0]], index)[0]
        np.testing.assert_allclose(drawn(page, pane), exact, atol=6e-7)
        np.testing.assert_allclose(drawn(page, f"edited-{index}"), exact, atol=6e-7)  # nothing is edited yet
    assert said(page).count("no coalition had to be asked for") == 2 and "squared error" not in said(page)
    assert "more" not in [button.key for button in page.button]  # a larger budget would tell nothing
    figures = {metric.label: (metric.value, metric.delta) for metric in page.metric}
    assert figures["RMSE"] == (f"{model.metrics['rmse']:.4g}", f"baseline {model.baseline['rmse']:.4g}")
    assert "88 rows held out" in said(page)


def test_estimates_stand_beside_the_exact_map_where_one_asks_for_them():
    page = open_page()
    page.selectbox(key="exact-right").set_value("shapley-kernelshap").run()
    page = explain_row(page)
    sample = samples()["Diabetes"]
    frame = read_table(sample.path.read_bytes(), sample.path.name)
    model = TableModel.fit(frame, sample.target)
    np.testing.assert_allclose(drawn(page, "l"), model.exact(frame.iloc[[0]])[0], atol=6e-7)
    found = explain(model.game(frame.iloc[[0]]), "shapley", "kernelshap", 256)
    np.testing.assert_allclose(drawn(page, "r"), found.values, atol=6e-7)
    exact = model.exact(frame.iloc[[0]], "shapley")[0]
    error = np.square(drawn(page, "r") - exact).sum() / np.square(exact).sum()
    assert f"squared error **{error:.2g}** after 256 evaluations" in said(page)
    assert "more" in [button.key for button in page.button]


@pytest.mark.slow
def test_an_upload_is_profiled_fitted_and_explained():
    page, frame = upload(open_page(), csv(table())), table()
    assert not page.exception
    assert "120 rows, 5 columns" in said(page)
    assert page.selectbox(key="t-target").value == "outcome"
    page.number_input(key="t-row").set_value(8).run()
    assert "another row, table or setting" in page.info[0].value
    page = explain_row(page)
    model = TableModel.fit(read_table(csv(frame)), "outcome")
    for pane, index in (("l", "banzhaf"), ("r", "shapley")):  # 2⁴ coalitions: exact by enumeration as well
        np.testing.assert_allclose(drawn(page, pane), model.exact(frame.iloc[[7]], index)[0], atol=6e-7)
    assert "Row 8 of table.csv" in html(page)


BAD = {
    "empty": (b"", "is empty"),
    "one column": (b"a\n1\n2\n", "one column only"),
    "one row": (b"a,b\n1,2\n", "one row only"),
    "all missing": (b"a,b\nNA,\n?,NA\n", "all are missing"),
    "binary": (bytes(range(128)) * 40, "control characters"),
    "a pickle": (b"\x80\x04\x95" + bytes(40), "pickle"),
    "ragged": (b"a,b,c\n1,2,3\n4,5\n", "ine 3"),
    "wrong encoding": (b"a,b\n\x81\x8d,1\n2,3\n", "encoding"),
    "10,000 columns": ((",".join(f"c{i}" for i in range(10_000)) + "\n").encode() * 3, "10,000 columns"),
}


def nested():
    import pyarrow as pa
    import pyarrow.parquet

    stream = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": [[1], [2]], "b": [1, 2]}), stream)
    return stream.getvalue()


@pytest.mark.slow
def test_bad_files_are_one_sentence_and_the_page_goes_on():
    page = open_page()
    for bad, (data, words) in {**BAD, "nested Parquet": (nested(), "lists or records")}.items():
        upload(page, data, "<b>up*load*.csv")
        assert not page.exception, bad
        assert len(page.error) == 1, bad
        assert words in page.error[0].value.replace("\\", ""), bad
        assert "<b>" not in page.error[0].value and "*load*" not in page.error[0].value.replace("\\*", "")
        assert bench(page).own.table.name == "Diabetes"
        assert not page.button(key="explain").disabled
    upload(page, csv(table()))
    assert not page.error


def test_an_announced_size_is_refused_before_its_bytes_are_read(monkeypatch):
    monkeypatch.setattr("model.files.reader.MAX_BYTES", 100)
    page = upload(open_page(), csv(table()))
    assert "at most" in page.error[0].value and "MB" in page.error[0].value


@pytest.mark.parametrize(
    ("change", "words"),
    [({"outcome": "a"}, "has one value only"), ({"outcome": None}, "every cell of the target 'outcome' is missing")],
)
def test_a_target_that_cannot_be_predicted_is_one_sentence(change, words):
    page = explain_row(upload(open_page(), csv(table().assign(**change))))
    assert not page.exception
    assert words in page.error[0].value.replace("\\", "").lower()


@pytest.mark.slow
def test_too_wide_a_table_is_one_sentence_until_columns_are_left_out():
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 300)), columns=[f"c{i}" for i in range(300)])
    page = upload(open_page(), csv(wide))
    assert "at most 256" in page.warning[0].value
    page.multiselect(key="t-left-out").set_value([f"c{i}" for i in range(290)]).run()
    assert not page.warning
    page = explain_row(page)
    assert bench(page).shown.comparison.ledger.n_players == 9


@pytest.mark.slow
def test_what_a_table_says_is_escaped_everywhere():
    frame = table(names=HOSTILE).rename(columns={"outcome": "<i>out</i> **come** ![x](http://x/y.png)"})
    frame["<script>alert(1)</script>"] = frame.pop(HOSTILE[3]).map(lambda flag: f"<img src=x>{flag}")
    frame = frame[[*frame.columns[:3], frame.columns[4], frame.columns[3]]]
    page = explain_row(upload(open_page(), csv(frame), "<u>file</u>.csv"))
    page = click(page, "all-rows")
    assert not page.exception and not page.error
    told = said(page).replace("\\", "\x00")
    for tag in ("<b>bold", "<i>out", "<u>", "<img", "<script"):
        assert tag not in html(page) and tag not in told
    assert "![x]" not in told and "**stars" not in told and "**come" not in told
    assert "<script>alert(1)</script>" in unescape(html(page))
    text = to_csv(table_run.find(bench(page).shown.request, bench(page).own.models), np.arange(5), {})
    assert not any(cell.lstrip('"').startswith(("=", "+", "@")) for cell in text.replace("\n", ",").split(","))
    assert "'=1+1" in text


@pytest.mark.slow
def test_no_name_in_a_table_turns_the_page_around():
    frame = table(names=[f"{TURNED}{i}" for i in range(4)], classes=2)
    for column in (f"{TURNED}2", "outcome"):
        frame[column] = frame[column] + TURNED
    page = upload(open_page(), csv(frame), f"{TURNED}.csv")
    assert turned(page) == [] and r"a\u202eb\u200bc2" in page.dataframe[0].value.columns
    page = click(explain_row(page), "all-rows")
    assert not page.exception and turned(page) == [] and r"a\u202eb\u200bc.csv: the model says" in html(page)
    assert bench(page).shown.comparison.maps[0].labels[0] == f"{TURNED}0"  # what is kept is what it was called


def click(page, key):
    page.button(key=key).click().run()
    return finish(page)


@pytest.mark.slow
def test_an_edited_cell_changes_prediction_and_both_exact_maps():
    page = explain_row(upload(open_page(), csv(table())))
    frame = read_table(csv(table()))
    model = TableModel.fit(frame, "outcome")
    fields = {field.label: field for field in [*page.number_input, *page.selectbox]}
    fields["age"].set_value(33.0)
    fields["city"].set_value("Bern")
    fields["flag"].set_value("False" if frame["flag"].iloc[0] else "True").run()
    assert not page.exception
    edited = {**frame.iloc[0], "age": 33.0, "city": "Bern", "flag": not frame["flag"].iloc[0]}
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(drawn(page, f"edited-{index}"), model.exact(edited, index)[0], atol=6e-7)
    assert f"outcome = {model.predict(edited).margin[0]:.4g}" in said(page).replace("\\", "")
    fields = {field.label: field for field in page.number_input}
    fields["dose"].set_value(None).run()
    edited["dose"] = None
    np.testing.assert_allclose(drawn(page, "edited-shapley"), model.exact(edited, "shapley")[0], atol=6e-7)


@pytest.mark.slow
def test_all_rows_are_exact_by_both_indices_and_go_into_a_file():
    page = explain_row(upload(open_page(), csv(table())))
    page = click(page, "all-rows")
    frame = read_table(csv(table()))
    model = TableModel.fit(frame, "outcome")
    found = bench(page).own.all_rows[1]
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(found.values[index][:, :, 0], model.exact(frame, index))
    page.selectbox(key="rows-of").set_value(2).run()
    assert "Rows by their value of city" in said(page)
    assert "Where the two disagree" in said(page)
    fitted = table_run.find(bench(page).shown.request, bench(page).own.models)
    again = pd.read_csv(io.StringIO(to_csv(fitted, found.places, {i: v[:, :, 0] for i, v in found.values.items()})))
    np.testing.assert_array_equal(again["banzhaf of age"], found.values["banzhaf"][:, 0, 0])
    np.testing.assert_array_equal(again["prediction"], model.predict(frame).margin)
    np.testing.assert_array_equal(again["row"], np.arange(1, 121))


def test_errors_against_exact_are_those_of_the_methods():
    page = click(open_page(), "measure-errors")
    assert not page.exception and not page.error
    found = bench(page).own.errors[1]
    request = bench(page).shown.request
    fitted = table_run.find(request, bench(page).own.models)
    row = fitted.frame.iloc[[0]]
    truth = fitted.model.exact(row, "shapley")[0]
    errors = []
    for seed in range(table_errors.REPEATS):
        one = explain(fitted.model.game(row), "shapley", "leverage", 128, seed)
        errors.append(np.square(one.values - truth).sum() / np.square(truth).sum())
    points = dict(found["Shapley values · Leverage SHAP"])
    assert points[128] == pytest.approx(np.median(errors))
    assert len(found) == 6
    assert all(points[-1][1] < points[0][1] for points in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("model", ["linear", "network"])
def test_smooth_models_are_explained_too(model):
    page = upload(open_page(), csv(table()))
    page.selectbox(key="t-model").set_value(model).run()
    page = explain_row(page)
    assert not page.exception and not page.error
    known = bench(page).shown
    assert bool(known.about.exact) == (model == "linear")
    frame = read_table(csv(table()))
    want = explain(TableModel.fit(frame, "outcome", model=model).game(frame.iloc[[0]]), "shapley", "exact").values
    np.testing.assert_allclose(drawn(page, "r"), want, atol=6e-7)
    np.testing.assert_allclose(drawn(page, "edited-shapley"), want, atol=1e-6)
    assert ("Explain all rows" in [button.label for button in page.button]) == (model == "linear")


@pytest.mark.slow
def test_another_class_is_another_column_of_one_ledger():
    page = explain_row(upload(open_page(), csv(table(classes=3))))
    known, frame = bench(page).shown, read_table(csv(table(classes=3)))
    model = TableModel.fit(frame, "outcome")
    assert known.comparison.outputs == ["a", "b", "c"]
    paid, top = known.comparison.ledger.evaluations, int(np.argmax(known.comparison.weights))
    np.testing.assert_allclose(drawn(page, "l"), model.exact(frame.iloc[[0]])[0, :, top], atol=6e-7)
    pills = next(group for group in page.get("button_group") if set(group.options) >= {"a", "b"})
    pills.set_value("abc"[(top + 1) % 3]).run()
    np.testing.assert_allclose(drawn(page, "r"), model.exact(frame.iloc[[0]], "shapley")[0, :, (top + 1) % 3], atol=6e-7)
    assert bench(page).shown.comparison.ledger.evaluations == paid
    assert bench(page).job is None
    assert not page.exception


@pytest.mark.slow
@pytest.mark.parametrize("background", [1, 10])
def test_the_background_can_be_one_row_or_a_few(background):
    page = upload(open_page(), csv(table()))
    page.select_slider(key="background").set_value(background).run()
    if background == 1:
        page.number_input(key="t-baseline").set_value(5).run()
    page = explain_row(page)
    frame = read_table(csv(table()))
    model = TableModel.fit(frame, "outcome")
    rows = [4] if background == 1 else np.sort(np.random.default_rng([0, 2]).permutation(120)[:10])
    np.testing.assert_allclose(drawn(page, "l"), model.exact(frame.iloc[[0]], background=frame.iloc[rows])[0], atol=6e-7)


@pytest.mark.slow
def test_columns_can_be_corrected():
    page = upload(open_page(), csv(table()))
    page.selectbox(key="t-correct").set_value("age")
    page.selectbox(key="t-correct-kind").set_value("category").run()
    page.button(key="t-correct-it").click().run()
    assert "Corrected: age as category" in said(page)
    page = explain_row(page)
    fitted = table_run.find(bench(page).shown.request, bench(page).own.models)
    assert [column.kind for column in fitted.model.columns] == ["category", "number", "category", "boolean"]


@pytest.mark.slow
def test_a_model_file_is_read_and_a_pickle_is_not():
    frame = read_table(csv(table()))
    page = upload(open_page(), csv(frame.drop(columns="city")))
    page.selectbox(key="t-model").set_value("file").run()
    assert "bring the file of the model" in page.warning[0].value.lower()
    page.get("file_uploader")[1].set_value(("model.pkl", b"\x80\x04abc", "text/plain")).run()
    page = explain_row(page)
    assert "pickles above all" in page.error[0].value
    own = TableModel.fit(frame.drop(columns="city"), "outcome").text.encode()
    page.get("file_uploader")[1].set_value(("model.txt", own, "text/plain")).run()
    page = explain_row(page)
    assert not page.error
    want = TableModel.load(own, frame.drop(columns="city"), "outcome").exact(frame.iloc[[0]])[0]
    np.testing.assert_allclose(drawn(page, "l"), want, atol=6e-7)


@pytest.mark.slow
def test_gemma_reads_a_row(slot, tiny_gemma):
    page = upload(open_page(), csv(table(classes=2)))
    page.selectbox(key="t-model").set_value("gemma").run()
    assert page.get("progress")  # it is not loaded yet, and the page says so
    slot.gemma, slot.seconds_per_token = tiny_gemma, 1e-4
    page = explain_row(page.run())
    assert not page.exception and not page.error
    frame = read_table(csv(table(classes=2)))
    from model import gemma_table_game

    want = explain(gemma_table_game(tiny_gemma, frame, "outcome", frame.iloc[[0]]), "banzhaf", "exact").values
    np.testing.assert_allclose(drawn(page, "l"), want, atol=1e-5)
    assert "log-odds of" in said(page)
    page = explain_row(upload(page, csv(table())))
    assert "different values" in page.error[0].value or "labels" in page.error[0].value


def test_a_fit_is_cancelled(monkeypatch):
    page = upload(open_page(), csv(table(rows=400, seed=5)))
    told = []

    def cancelling(done, total, sentence):
        told.append(sentence)
        if "round 3" in sentence:
            bench(page).job.cancel()

    original = table_run.fit

    def watched(source, request, job, own, file=None):
        monkeypatch.setattr(job, "tell", cancelling)
        return original(source, request, job, own, file)

    monkeypatch.setattr("ui.table.run.fit", watched)
    page = explain_row(page)
    assert any("round 3" in sentence for sentence in told) and not any("round 5" in sentence for sentence in told)
    assert "Cancelled" in page.info[0].value
    assert not page.exception


@pytest.mark.slow
def test_an_upload_is_kept_only_if_the_user_says_so(slot):
    data = csv(table().assign(city="Secretville"))
    page = explain_row(upload(open_page(), data))
    run = shared(page)
    assert slot.store.content(run) is None
    assert "Secretville" not in json.dumps(slot.store.results(run)) + json.dumps(slot.store.get(run).settings)
    again = open_page(run=run)
    assert not again.exception
    np.testing.assert_array_equal(drawn(again, "l"), drawn(page, "l"))
    assert "was not kept" in again.warning[0].value
    page = upload(open_page(), csv(table(seed=3)))
    page.checkbox(key="t-kept").check().run()
    page = explain_row(page)
    again = open_page(run=shared(page))
    assert not again.exception and not again.warning
    assert bench(again).own.table.frame.shape == (120, 5)
    np.testing.assert_array_equal(drawn(again, "l"), drawn(page, "l"))
    paid = bench(again).shown.comparison.ledger.evaluations
    again = explain_row(again)
    assert bench(again).shown.comparison.ledger.evaluations == paid  # what was paid stays paid


@pytest.mark.slow
def test_a_link_and_a_bundle_give_nothing_of_a_table_that_was_not_kept():
    page = explain_row(upload(open_page(), csv(table().assign(city="Secretville"))))
    bundle = write_bundle(to_bundle("table", bench(page).shown, "x", ""))
    page = upload(page, csv(table(seed=4)), "another.csv")  # the first table is no longer on its owner's page
    visitor = open_page(run=shared(page))
    brought = open_page()
    brought.get("file_uploader")[-1].set_value(("bundle.zip", bundle, "application/zip")).run()
    for seen in (visitor, brought):
        assert not seen.exception
        assert "Press Explain to fit the model again; then the row can be edited." in said(seen)
        labels = [button.proto.label for button in seen.get("download_button")]
        assert "Bundle (ZIP)" in labels and "Predictions of all rows (CSV)" not in labels
    assert "Secretville" not in said(visitor) + html(visitor) + str(visitor.dataframe)


@pytest.mark.slow
def test_forgetting_everything_empties_what_was_fitted(slot):
    page = explain_row(upload(open_page(), csv(table())))
    request = bench(page).shown.request
    assert table_run.find(request, bench(page).own.models) is not None
    page.button(key="forget").click().run()
    assert table_run.find(request, bench(page).own.models) is None
    assert bench(page).own.table.name == "Diabetes"  # the uploaded one is gone from the page too
