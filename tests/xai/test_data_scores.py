"""Values of data sources from given runs: against exact values, what cannot be told, and which runs to add."""

import numpy as np
import pytest
from games import tabulated
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import read_scored_runs

from benchmarks.scaling_samples import FOLDER as SAMPLES
from benchmarks.scaling_samples import SCORED
from xai import Attribution, explain
from xai.data_scores import ScoredRuns, next_runs, source_values

WEIGHTS = np.array([3.0, 1.0, -2.0, 0.5, 0.0])


def every(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)


def runs_of(z, scores):
    z, scores = np.asarray(z, bool), np.asarray(scores, float)
    return ScoredRuns(z, scores.reshape(len(z), -1), [f"s{i}" for i in range(z.shape[1])], ["BLEU"])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(0, 1000))
def test_all_coalitions_give_the_exact_banzhaf_values_of_any_game(n, seed):
    game = tabulated(np.random.default_rng(seed).standard_normal(2**n))
    found = source_values(runs_of(every(n), game(every(n))))
    exact = explain(game, index="banzhaf", method="exact")
    np.testing.assert_allclose(found.values[:, 0], exact.values, atol=1e-10)
    assert found.determined.all()
    assert found.attribution.gap[0] == pytest.approx(0.0, abs=1e-9)  # the linear fit's own ends


def test_an_additive_game_needs_no_more_runs_than_unknowns():
    z = np.vstack([np.eye(5, dtype=bool), np.ones((1, 5), bool)])
    found = source_values(runs_of(z, 20 + z @ WEIGHTS))
    np.testing.assert_allclose(found.values[:, 0], WEIGHTS, atol=1e-10)
    assert np.isnan(found.standard_error).all()
    assert "errors cannot be judged" in found.note
    again = Attribution.from_json(found.attribution.to_json())
    np.testing.assert_array_equal(again.values, found.values)
    assert (again.empty_value[0], again.full_value[0]) == pytest.approx((20.0, 22.5))


def test_intervals_cover():
    z = every(5)[np.random.default_rng(0).permutation(32)[:14]]
    covered = []
    for seed in range(200):
        noise = np.random.default_rng(seed).standard_normal(len(z))
        found = source_values(runs_of(z, z @ WEIGHTS + noise))
        covered.append(np.abs(found.values[:, 0] - WEIGHTS) <= 1.96 * found.standard_error[:, 0])
    assert 0.93 <= np.mean(covered) <= 0.97


def test_measures_are_solved_together():
    z = every(4)
    rng = np.random.default_rng(1)
    scores = rng.standard_normal((16, 2))
    both = source_values(ScoredRuns(z, scores, list("abcd"), ["BLEU", "chrF"]))
    one = source_values(runs_of(z, scores[:, 1]))
    np.testing.assert_allclose(both.values[:, 1], one.values[:, 0])
    np.testing.assert_allclose(both.standard_error[:, 1], one.standard_error[:, 0])
    mixed = source_values(runs_of(z, scores @ [0.3, 0.7]))
    np.testing.assert_allclose(both.attribution.combine([0.3, 0.7]).standard_error, mixed.standard_error[:, 0])
    assert both.attribution.labels == list("abcd")


def test_what_the_runs_leave_open_is_named():
    rng = np.random.default_rng(2)
    z = rng.random((20, 7)) < 0.5
    z[:, 1] = True  # always in
    z[:, 2] = False  # never in
    z[:, 4] = z[:, 3]  # together
    z[:, 6] = ~z[:, 5]  # one or the other
    found = source_values(runs_of(z, z @ np.arange(7) + rng.standard_normal(20)))
    assert np.isnan(found.values[:, 0]).tolist() == [False, True, True, True, True, True, True]
    assert np.isfinite(found.standard_error[0])
    assert found.attribution.labels == ["s0"]
    assert found.attribution.values[0] == found.values[0]
    assert source_values(runs_of(z[:, 1:2], np.ones(20))).attribution is None
    assert "s1 was in every run" in found.note
    assert "s2 was in no run" in found.note
    assert "s3 and s4 were always in together" in found.note
    assert "s5 was in exactly where s6 was not" in found.note


def test_a_source_that_is_a_combination_of_others_is_open_too():
    z = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0]], bool)  # one of a, b, c each
    found = source_values(runs_of(z, [1, 2, 3, 1, 2]))
    assert np.isnan(found.values[:3]).all()
    assert np.isfinite(found.values[3])
    assert "s0, s1 and s2 cannot be told apart" in found.note


def test_values_that_are_told_do_not_depend_on_those_that_are_not():
    z = every(4)
    z = np.hstack([z, z[:, :1]])
    found = source_values(runs_of(z, z[:, :4] @ WEIGHTS[:4]))
    np.testing.assert_allclose(found.values[1:4, 0], WEIGHTS[1:4], atol=1e-10)


@pytest.mark.parametrize("n", [1, 3, 4, 11, 30])
def test_runs_from_nothing_become_orthogonal(n):
    order = -(-n // 4) * 4
    found = next_runs(np.zeros((0, n), bool), 2 * order if n > 3 else {1: 2, 3: 7}[n])
    assert np.isinf(found.before).all()
    assert len(np.unique(found.coalitions, axis=0)) == len(found.coalitions)
    assert found.coalitions.any(axis=1).all() or n == 1
    best = 2 / np.sqrt(len(found.coalitions))  # of an orthogonal array: no runs of this number do better
    assert found.after.max() <= best * 1.1


def test_added_runs_separate_what_was_together():
    z = np.random.default_rng(3).random((12, 6)) < 0.5
    z[:, 1] = z[:, 0]
    found = next_runs(z, 2)
    assert np.isinf(found.before[:2]).all()
    assert np.isfinite(found.after).all()
    assert (found.coalitions[0, 0] != found.coalitions[0, 1]) or (found.coalitions[1, 0] != found.coalitions[1, 1])
    assert not (found.coalitions[:, None] == z[None]).all(axis=2).any()


def test_added_runs_beat_random_ones():
    rng = np.random.default_rng(4)
    z = rng.random((16, 12)) < 0.3
    found = next_runs(z, 6)
    for seed in range(10):
        other = np.random.default_rng(seed).random((6, 12)) < 0.5
        x = np.hstack([np.ones((22, 1)), np.where(np.vstack([z, other]), 0.5, -0.5)])
        random = np.sqrt(np.diag(np.linalg.inv(x.T @ x))[1:])
        assert np.square(found.after).mean() < np.square(random).mean()


def test_the_sample_is_read_and_its_open_pair_is_named():
    runs = read_scored_runs((SAMPLES / SCORED).read_bytes())
    found = source_values(runs)
    known = dict(zip(runs.sources, found.values[:, 0]))
    assert np.isnan([known["parliament"], known["books"]]).all()
    assert "parliament and books were always in together" in found.note
    wanted = {"web": 3.25, "news": 1.75, "forum": -1.5, "code": 0.0}  # web and news lose half their interaction
    for name, value in wanted.items():
        assert abs(known[name] - value) < 2.5 * found.standard_error[runs.sources.index(name), 0]
    more = next_runs(runs.coalitions, 2)
    assert np.isinf(more.before).sum() == 2
    assert np.isfinite(more.after).all()


def test_an_upload():
    table = "run,web,news,books,BLEU,chrF\nr1,1,0,0,20,40\nr2,0,1,0,21,41\nr3,1,1,0,24,44\nr4,0,0,1,18,38\n"
    runs = read_scored_runs(table)
    assert runs.sources == ["web", "news", "books"]
    assert runs.measures == ["BLEU", "chrF"]
    assert runs.coalitions.tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert runs.scores[:, 0].tolist() == [20, 21, 24, 18]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("web,BLEU\n", "no rows"),
        ("web,BLEU\n0.5,20\n", "no column holds 0 and 1"),
        ("web,news\n1,0\n", "no column holds scores"),
        ("web,BLEU\n1,20\nmaybe,21\n", "row 2 of column 'web': 'maybe' is not a number"),
        ("web,BLEU\n1,20\n0,\n", "row 2 of column 'BLEU': the cell is empty"),
        (",".join(f"s{i}" for i in range(201)) + ",BLEU\n" + "1," * 201 + "20\n", "201 sources; at most 200"),
    ],
)
def test_a_bad_upload_gets_one_sentence(table, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_scored_runs(table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("z", "count"), [(np.zeros(3), 1), (np.zeros((2, 0)), 1), (np.zeros((2, 3)), 0)])
def test_bad_questions_for_further_runs(z, count):
    with pytest.raises(ValueError, match="runs"):
        next_runs(z, count)


def test_columns_are_told_by_name_where_their_cells_could_be_either():
    found = read_scored_runs("run,web,news,accuracy\n1,true,no,1\n2,False,yes,0\n3,1,1,1\n")
    assert (found.sources, found.measures) == (["web", "news"], ["accuracy"])
    np.testing.assert_array_equal(found.coalitions, [[1, 0], [0, 1], [1, 1]])
    np.testing.assert_array_equal(found.scores[:, 0], [1, 0, 1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,BLEU\n1,0,20\n2,1,22\n1,1,25\n", "row 2 of column 'a' holds 2 among 0 and 1"),
        ("a,b,BLEU\n1,0,20\n0,0.5,22\n", "row 2 of column 'b' holds 0.5 among 0 and 1"),
        ("a;b;BLEU\n1;0;20,5\n0;1;22.1\n", "'20,5' is not a number"),
        ("a,b,BLEU\n1,,20\n0,1,22\n", "column 'b': the cell is empty"),
        ("a,b,BLEU\n1,0,1e308\n0,1,-1e308\n", "is not finite"),
    ],
)
def test_a_cell_that_is_no_state_and_no_score_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        read_scored_runs(content)
