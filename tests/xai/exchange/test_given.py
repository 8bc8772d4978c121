"""Maps in the forms of other tools say what the map says, and come back from them as they were."""

from dataclasses import replace
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
import shap
from games import FakeGame, tabulated
from hostile import ATTACKS

from xai import Attribution, explain, from_shap, from_shapiq, game_of, to_shap

matplotlib.use("Agg")
LABELS = ["The", "plot", "is", "thin", "."]
INDICES = ("banzhaf", "shapley")


def made(index="shapley", method="exact", labels=LABELS, budget=32):
    game = tabulated(np.random.default_rng(0).normal(size=32))
    game.labels = list(labels)
    return explain(game, index, method, budget)


def of_two(index="shapley"):
    return explain(FakeGame(3, lambda z: 1.0 + np.stack([z @ [1.0, 2.0, 3.0], z[:, 0] * z[:, 1]], 1)), index, "exact")


class Texts(HTMLParser):
    """Texts outside styles, tags, and everything that could load or run something."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.tags, self.inside = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = tag
        assert {name for name, _ in attributes} <= {"class", "style", "tabindex", "dir"} | {
            n for n, _ in attributes if "data-" in n
        }

    def handle_data(self, data):
        if self.inside != "style":
            self.texts.append(data)


def test_a_notebook_shows_a_map_that_stands_alone():
    found = made()
    page = found._repr_html_()
    read = Texts(page)
    assert set(read.tags) == {"div", "style", "p", "b", "span", "small", "i"}
    assert "http" not in page and "url(" not in page and "@import" not in page
    shown = [text for text in read.texts if text.strip()]
    assert "Shapley values" in shown
    for label, value in zip(found.labels, found.values):
        assert label in shown and f"{value:+.3f}".replace("-", "−") in shown
    assert page.count("swing-cell") - page.count(".swing-cell") == len(LABELS)
    assert "color:" not in page.replace("background:", "").split("</style>")[1]  # text keeps the notebook's own


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_notebook_obeys_no_text(attack):
    plain = Texts(made()._repr_html_())
    read = Texts(replace(made(labels=[attack, *LABELS[1:]]), note=attack)._repr_html_())
    assert read.tags == [*plain.tags, "p", "small"]
    assert "".join(read.texts).count(attack[:59]) == 2
    assert attack not in str(made(labels=[attack, *LABELS[1:]]).plot().data[0].customdata) or "<" not in attack


def test_a_notebook_shows_outputs_one_by_one_and_no_more_than_it_can():
    page = of_two()._repr_html_()
    assert page.count('data-index="shapley"') == 2 and "Output 0: v(no player) = +1.000, v(all players) = +7.000" in page
    many = Attribution(
        np.ones((300, 9)), None, ["x"] * 300, "banzhaf", "msr", 0, 2, 2, 0.1, np.zeros(9), np.ones(9), note="Said."
    )
    page = many._repr_html_()
    assert page.count('swing-player swing-cell"') == 256 * 8
    assert "The 256 strongest of 300 parts are shown." in page and "The first 8 of 9 outputs are shown." in page
    assert "Said." in page


@pytest.mark.parametrize("index", INDICES)
def test_a_frame_holds_every_number(index):
    found = made(index, "auto", budget=16)
    frame = found.frame()
    assert list(frame) == ["label", "value", "standard_error"] and list(frame.label) == LABELS
    np.testing.assert_array_equal(frame.value, found.values)
    np.testing.assert_array_equal(frame.standard_error, found.standard_error)
    assert replace(found, standard_error=None).frame().standard_error.isna().all()


def test_a_frame_has_columns_for_each_output():
    found = of_two()
    assert list(found.frame()) == ["label", "value_0", "standard_error_0", "value_1", "standard_error_1"]
    np.testing.assert_array_equal(found.frame(["yes", "no"]).value_no, found.values[:, 1])
    for names in (["yes"], ["yes", "yes"]):
        with pytest.raises(ValueError, match="2 different names"):
            found.frame(names)
    with pytest.raises(ValueError, match="leave it out"):
        made().frame(["yes"])


def test_a_figure_has_bars_with_intervals_or_a_matrix():
    found = made("banzhaf", "auto", budget=16)
    bars = found.plot().data[0]
    order = np.argsort(-np.abs(found.values), kind="stable")
    np.testing.assert_array_equal(bars.x, found.values[order])
    np.testing.assert_allclose(bars.error_x.array, 1.96 * found.standard_error[order])
    assert [text[0] for text in bars.customdata] == [LABELS[i] for i in order]
    matrix = of_two().plot(["yes", "no"])
    np.testing.assert_array_equal(matrix.data[0].z, of_two().values[[2, 1, 0]])
    assert matrix.layout.xaxis.ticktext == ("yes", "no")
    many = Attribution(np.arange(40.0), None, list(map(str, range(40))), "banzhaf", "msr", 0, 2, 2, 0.1, 0.0, 1.0)
    assert "the 30 largest of 40" in many.plot().layout.title.text and len(many.plot().data[0].x) == 30


@pytest.mark.slow
@pytest.mark.parametrize("index", INDICES)
def test_shap_plots_a_map(index):
    one, several = made(index).to_shap(), to_shap([made(index)] * 3, np.arange(15.0).reshape(3, 5))
    gap = one.base_values + one.values.sum() - made(index).full_value
    np.testing.assert_allclose(gap, made(index).gap, atol=1e-12)
    assert abs(gap) < 1e-12 or index == "banzhaf"
    assert one.feature_names == LABELS and list(one.data) == LABELS
    for draw in (shap.plots.waterfall, shap.plots.bar, shap.plots.force):
        draw(one, show=False)
        draw(several[1], show=False)
    assert "thin" in shap.plots.text(one, display=False)
    shap.plots.decision(one.base_values, one.values, feature_names=one.feature_names, show=False)
    for draw in (shap.plots.beeswarm, shap.plots.bar, shap.plots.heatmap, shap.plots.violin):
        draw(several, show=False)
        matplotlib.pyplot.close("all")
    shap.plots.scatter(several[:, 1], show=False)
    matplotlib.pyplot.close("all")


def test_shap_names_outputs():
    found = of_two().to_shap(data=[1.5, 2.5, 3.5], outputs=["yes", "no"])
    np.testing.assert_array_equal(found[:, "no"].values, of_two().values[:, 1])
    np.testing.assert_array_equal(found.base_values, [1.0, 1.0])
    np.testing.assert_array_equal(found[:, 0].data, [1.5, 2.5, 3.5])
    shap.plots.waterfall(found[:, "yes"], show=False)
    matplotlib.pyplot.close("all")


def same(found, other, method):
    np.testing.assert_array_equal(found.values, other.values)
    np.testing.assert_allclose(found.empty_value, other.empty_value, atol=0)
    assert (found.labels, found.index, found.method, found.p) == (other.labels, other.index, method, other.p)
    assert found.standard_error is None and found.covariance is None


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("make", [made, of_two])
def test_what_went_to_shap_comes_back(index, make):
    map_ = make(index)
    for found in (from_shap(map_.to_shap()), from_shap(to_shap([map_, map_]), row=1)):
        same(found, map_, "shap")
        if index == "shapley":
            np.testing.assert_allclose(found.full_value, map_.full_value)
            same(Attribution.from_json(found.to_json()), map_, "shap")
        else:
            assert np.isnan(found.full_value).all() and "is not known" in found.note
    known = from_shap(map_.to_shap(), full_value=map_.full_value)
    np.testing.assert_array_equal(known.full_value, map_.full_value)
    assert Attribution.from_json(known.to_json()).to_json() == known.to_json()


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("n", [1, 3])
def test_as_many_rows_or_outputs_as_players_are_told_apart(index, n):
    weights = np.random.default_rng(n).normal(size=(n, n))
    square = explain(FakeGame(n, lambda z: 2.0 + z @ weights), index, "exact")
    same(from_shap(square.to_shap()), square, "shap")
    rows = [square.combine(column) for column in np.eye(n)]
    for i, one in enumerate(rows):
        same(from_shap(to_shap(rows), row=i), one, "shap")
        same(found := from_shap(to_shap([square] * n), row=i), square, "shap")
        assert found.values.shape == (n, n) and one.values.shape == (n,)


def test_what_is_cut_out_of_banzhaf_values_stays_such():
    found = to_shap([of_two("banzhaf")] * 2, outputs=["yes", "no"])
    assert [from_shap(each).index for each in (found[0], found[1][:, 0], found[0][:, "no"])] == ["banzhaf"] * 3
    same(
        from_shap(found[:, :, 1], row=1),
        replace(of_two("banzhaf"), values=of_two("banzhaf").values[:, 1], empty_value=1.0),
        "shap",
    )
    weighted = explain(tabulated(np.arange(8.0) ** 2), "banzhaf", "exact", p=0.3)
    assert from_shap(weighted.to_shap()).p == 0.3


def square(x):
    return x[:, 0] * x[:, 1] + 2 * x[:, 2]


def test_shaps_own_explanations_are_read():
    rows = np.random.default_rng(1).normal(size=(3, 3))
    several = shap.KernelExplainer(square, rows)(rows, silent=True)
    found = from_shap(several, row=2)
    np.testing.assert_array_equal(found.values, several.values[2])
    np.testing.assert_allclose(found.full_value, square(rows)[2])
    assert found.labels == ["player 0", "player 1", "player 2"] and found.index == "shapley"
    same(from_shap(several[2]), found, "shap")
    two = shap.KernelExplainer(lambda x: np.stack([square(x), -x[:, 0]], 1), rows)(rows, silent=True)
    found = from_shap(two, row=0)
    np.testing.assert_array_equal(found.values, two.values[0])
    np.testing.assert_allclose(found.full_value, [square(rows)[0], -rows[0, 0]])
    same(from_shap(two[0]), found, "shap")


def test_shaps_texts_are_read():
    values = np.array([np.array([2.5, 4.0, 3.5]), np.array([2.5, 1.5])], dtype=object)
    texts = tuple(np.array(each, dtype=object) for each in (["one ", "two ", "three"], ["one ", "two"]))
    names = [["one", "two", "three"], ["one", "two"]]  # as shap.maskers.Text(r"\W") makes them
    several = shap.Explanation(values, np.array([3.0, 3.0]), texts, feature_names=names)
    for row in (0, 1):
        found = from_shap(several, row=row)
        assert found.labels == names[row] and found.full_value == 3.0 + values[row].sum()
        np.testing.assert_array_equal(found.values, values[row])
    assert from_shap(shap.Explanation(values[1], 3.0, texts[1])).labels == ["one ", "two"]


def test_trees_of_shap_are_read_but_not_their_interactions():
    from sklearn.ensemble import RandomForestRegressor

    rows = np.random.default_rng(1).normal(size=(30, 3))
    tree = shap.TreeExplainer(RandomForestRegressor(2, max_depth=2, random_state=0).fit(rows, square(rows)))
    found = from_shap(tree(rows), row=4)
    np.testing.assert_allclose(found.full_value, tree.model.predict(rows[4:5])[0])
    for row in (0, 2):
        with pytest.raises(ValueError, match="interactions are not read"):
            from_shap(tree(rows, interactions=True), row=row)


E = shap.Explanation
REFUSED = [
    (np.zeros(3), {}, "reads a shap.Explanation.*got ndarray"),
    ([np.zeros((2, 3))], {}, "got list"),
    (E(np.zeros(3)), {}, "no base_values"),
    (E(np.array([0, np.nan]), 0.0), {}, "values must be finite"),
    (E(np.zeros(3), np.inf), {}, "base_values must be finite"),
    (E(np.zeros((2, 3)), np.zeros(2)), {}, "of 2 rows: say which by row=0 … 1"),
    (E(np.zeros((2, 3)), np.zeros(2)), {"row": 2}, "row must be below 2"),
    (E(np.zeros((2, 3)), np.zeros(2)), {"row": -1}, "whole number of at least 0"),
    (E(np.zeros(3), 0.0), {"row": 0}, "of one row already"),
    (E(np.zeros((3, 3)), 0.0), {"row": 0}, "rows or interactions"),
    (E(np.zeros((2, 3, 3)), np.zeros(2)), {"row": 0}, "interactions are not read"),
    (E(np.zeros((2, 3)), np.zeros(2)).abs.mean(0), {}, "changed by abs, mean"),
]


@pytest.mark.parametrize(("given", "more", "why"), REFUSED)
def test_what_is_no_row_of_values_gets_one_sentence(given, more, why):
    with pytest.raises((TypeError, ValueError), match=why):
        from_shap(given, **more)


def test_rows_with_one_base_value_are_read():
    found = from_shap(E(np.arange(6.0).reshape(2, 3), 0.5, feature_names=list("abc")), row=1)
    assert (found.empty_value, found.full_value, found.labels) == (0.5, 12.5, ["a", "b", "c"])
    found = from_shap(E(np.arange(6.0).reshape(2, 3), np.array([[0.5], [1.5]])), row=1)
    assert (found.empty_value, found.values.tolist()) == (1.5, [3.0, 4.0, 5.0])


@pytest.mark.parametrize(
    ("maps", "data", "why"),
    [
        ([], None, "no map"),
        ([made(), made("banzhaf")], None, "different players, outputs or indices"),
        ([made(), made(labels="abcde")], None, "different players"),
        ([made(), of_two()], None, "different players"),
        (made(), [1, 2], "data has shape"),
        ([made(), made()], np.zeros((3, 5)), "data has shape"),
    ],
)
def test_what_is_no_explanation_gets_one_sentence(maps, data, why):
    with pytest.raises(ValueError, match=why):
        to_shap(maps, data)


@pytest.mark.parametrize(("index", "theirs"), [("banzhaf", "BV"), ("shapley", "SV")])
def test_what_went_to_shapiq_comes_back(index, theirs):
    import shapiq

    map_ = made(index)
    found = map_.to_shapiq()
    assert isinstance(found, shapiq.InteractionValues)
    assert (found.index, found.max_order, found.n_players, found.estimated) == (theirs, 1, 5, False)
    np.testing.assert_array_equal([found[(i,)] for i in range(5)], map_.values)
    assert found.baseline_value == map_.empty_value and found.estimation_budget == 32
    back = from_shapiq(found, LABELS, full_value=map_.full_value)
    same(back, map_, "shapiq")
    assert Attribution.from_json(back.to_json()).to_json() == back.to_json()
    assert from_shapiq(found).labels[1] == "player 1"
    assert np.isfinite(from_shapiq(found).full_value) == (index == "shapley")
    found.plot_force(show=False)
    matplotlib.pyplot.close("all")
    assert explain(FakeGame(2, lambda z: z @ [[1.0], [2.0]]), index, "exact").to_shapiq()[(1,)] == 2.0


def product(normalize):
    """v(S) = 3 + the product of two sums, as a game of shapiq that is normalised or not."""
    import shapiq

    class Product(shapiq.Game):
        def value_function(self, coalitions):
            return 3.0 + (coalitions[:, 0] + coalitions[:, 1]) * (1.0 + coalitions[:, 2] * coalitions[:, 3])

    return Product(4, normalize=normalize, normalization_value=3.0 if normalize else None)


def of_shapiq(index, order):
    import shapiq

    return shapiq.ExactComputer(product(False))(index, order)


@pytest.mark.parametrize(
    ("index", "order", "ours"), [("SV", 1, "shapley"), ("SII", 2, "shapley"), ("BV", 1, "banzhaf"), ("BII", 2, "banzhaf")]
)
def test_values_of_shapiq_are_those_of_the_game(index, order, ours):
    theirs = of_shapiq(index, order)
    wanted = explain(game_of(product(True)), ours, "exact")
    found = from_shapiq(theirs)
    np.testing.assert_allclose(found.values, wanted.values, atol=1e-12)
    assert found.index == ours and found.empty_value == wanted.empty_value == 3.0
    if ours == "shapley":
        np.testing.assert_allclose(found.full_value, wanted.full_value)


@pytest.mark.parametrize("index", ["k-SII", "STII", "FSII", "FBII", "Moebius"])
def test_indices_that_say_something_else_of_single_players_are_refused(index):
    with pytest.raises(ValueError, match="single players are read of"):
        from_shapiq(of_shapiq(index, 2))


def test_wrong_values_for_shapiq_get_one_sentence(monkeypatch):
    import shapiq

    with pytest.raises(TypeError, match="got dict"):
        from_shapiq({(0,): 1.0})
    with pytest.raises(ValueError, match="2 labels for 5 players"):
        from_shapiq(made().to_shapiq(), ["a", "b"])
    pairs = shapiq.InteractionValues({(0, 1): 1.0}, index="SII", n_players=2, min_order=2, max_order=2)
    with pytest.raises(ValueError, match="order 2 to 2"):
        from_shapiq(pairs)
    with pytest.raises(ValueError, match="call combine"):
        of_two().to_shapiq()
    with pytest.raises(ValueError, match="p = 0.3"):
        explain(tabulated(np.arange(4.0)), "banzhaf", "exact", p=0.3).to_shapiq()
    monkeypatch.setitem(__import__("sys").modules, "shapiq", None)
    with pytest.raises(ImportError, match=r"needs shapiq, which is not installed: pip install 'swing\[shapiq\]'"):
        made().to_shapiq()
