"""What a run pays for: when it stops, both maps from one set of calls, and what stands on the page meanwhile."""

import json
from dataclasses import replace

import numpy as np
import pytest
from games import FakeGame, tabulated

from ui.draw.judgements import adding_up, chance, said_of
from ui.maps.spent import spent
from ui.names import FREE, PANES, Pane, method_name
from ui.runs.comparison import Comparison, Plan, compare
from ui.runs.completing import PATIENCE, Size, usual_set
from ui.runs.so_far import SLOW, SOON, SoFar, of_calls
from xai import Ledger, agreement, explain, fidelity_cost, judge
from xai.estimators.methods import METHODS

BITS = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
CLEAR = BITS @ 2.0 ** -np.arange(12) + 0.01 * np.sin(np.arange(2**12) ** 2)
ROUGH = CLEAR + np.random.default_rng(3).normal(size=2**12)
LEFT = {pane.method: pane for pane in PANES if pane.index == "banzhaf"}


def ran(values=CLEAR, published=None, cancel=lambda: False, **plan):
    game = tabulated(values)
    game.batch_size = 16
    ledger = Ledger(game)
    published = [] if published is None else published
    return compare(ledger, Plan(**{"budget": 400, **plan}), ["it"], [1.0], lambda *_: None, published.append, cancel)


def test_one_set_of_calls_costs_half():
    n, judging = 30, fidelity_cost(30, 2, 32, 2, 8)
    assert Plan(budget=256).cost(n) == 512 + judging
    assert Plan(budget=256, one_set=True).cost(n) == 256 + judging
    walsh = Plan(Pane("banzhaf", "walsh"), Pane("shapley", "walsh"), 256)
    assert walsh.cost(n) == 256 + judging  # they ask for the same coalitions as it is
    alone = Plan(Pane("banzhaf", "msr"), budget=256, one_set=True)
    assert alone.free is None and alone.cost(n) == 512 + judging and alone.panes == (alone.left, alone.right)


@pytest.mark.slow
@pytest.mark.parametrize("left", FREE)
def test_the_right_map_of_one_set_is_free(left):
    found = ran(left=LEFT[left], one_set=True, stop=False)
    one, other = found.maps
    assert (other.index, other.method, other.evaluations, other.budget) == ("shapley", FREE[left], 0, 400)
    assert one.evaluations <= 400 and found.ledger.evaluations <= found.plan.cost(12)
    assert np.array_equal(
        METHODS["banzhaf"][left].design(12, 400, 0).coalitions, METHODS["shapley"][FREE[left]].design(12, 400, 0).coalitions
    )
    true = explain(tabulated(CLEAR), "shapley", "exact").values
    assert np.square(other.values - true).sum() < 1e-3 * np.square(true).sum()
    assert [(j.index, j.method) for j in found.judgements] == [(m.index, m.method) for m in found.maps]
    assert method_name("shapley", "orthogonal") == method_name("shapley", "kernel") == "from the left map’s calls"


def test_the_calls_of_one_set_go_on_until_both_maps_are_sure():
    found = ran(one_set=True)
    one, other = found.maps
    assert one.budget == other.budget < 400 and one.evaluations + other.evaluations == one.budget
    assert one.evaluations + one.reused == other.evaluations + other.reused == one.budget
    assert all(j.order >= 0.9 and j.expected_error < 0.05 for j in found.judgements)
    rough = ran(ROUGH, one_set=True)
    assert [m.budget for m in rough.maps] == [400, 400] and rough.saved == 0 and spent(rough) == []


def test_what_stopping_saved_is_counted_in_evaluations_that_were_not_paid_for():
    found, whole = ran(), ran(stop=False)
    one = found.maps[0]
    assert one.budget < 400 and whole.maps[0].budget == 400 and whole.saved == 0
    paid = {row.tobytes() for row in found.ledger.known()[0]}
    asked = {row.tobytes() for row in METHODS["banzhaf"]["auto"].design(12, 400, 0).coalitions}
    assert found.saved == len(asked - paid) > 200
    assert found.maps[1].budget == 400 and "does not stop early" in found.maps[1].note
    line = spent(found)[0]
    enough = one.evaluations + found.maps[1].evaluations
    assert line == f"Stopped when sure: {enough} evaluations were enough for the maps, {found.saved} were saved."


@pytest.mark.slow
def test_kernelshap_takes_the_place_with_a_line_on_how_far_both_shapley_maps_lie_apart():
    found = ran(stop=False)
    free, own = found.beside, found.maps[1]
    assert (free.method, free.evaluations, own.method) == ("orthogonal", 0, "kernelshap")
    off = np.square(free.values - own.values).sum() / np.square(own.values).sum()
    (line,) = spent(found)
    assert f"KernelSHAP took {own.evaluations}" in line and "cost no further evaluation" in line
    assert ("less than 0.1 %" in line) == (off < 0.001) and f"{agreement(free, own).spearman:+.2f}" in line
    assert ran(one_set=True, stop=False).beside is None and ran(left=LEFT["msr"], stop=False).beside is None


def test_the_lines_come_back_with_a_kept_run_that_no_model_answers_any_more():
    found = ran()
    plan = Plan.from_settings(json.loads(json.dumps(found.plan.to_settings())))
    asked = found.ledger.game.asked
    again = Comparison.from_record(json.loads(json.dumps(found.to_record())), plan, found.ledger)
    assert spent(again) == spent(found) and len(spent(found)) == 2
    assert found.ledger.game.asked == asked


def test_settings_of_before_mean_a_run_that_does_not_stop():
    before = {"left": "banzhaf-auto", "right": "shapley-kernelshap", "budget": 64, "seed": 1}
    plan = Plan.from_settings(before)
    assert (plan.stop, plan.one_set) == (False, False) and plan.to_settings() == before
    now = Plan(one_set=True)
    assert now.to_settings() == {**before, "budget": 256, "seed": 0, "stop": True, "one_set": True}
    assert Plan.from_settings(now.to_settings()) == now


def test_the_first_look_has_a_judgement_and_the_free_map_stands_in_until_kernelshaps_calls_are_paid():
    published = []
    ran(ROUGH, published, stop=False)
    first = published[0]
    assert first.state == "preliminary" and first.judgements
    kinds = [[(m.index, m.method) for m in one.maps] for one in published]
    begun = next(i for i, one in enumerate(published) if one.maps[0].budget == 400)
    right = [kind[1] for kind in kinds[begun:]]
    paid = right.index(("shapley", "kernelshap"))
    assert paid >= 2 and set(right[:paid]) == {("shapley", "orthogonal")} and set(right[paid:]) == {("shapley", "kernelshap")}
    for one in published:
        for j, m in zip(one.judgements, one.maps):
            assert (j.index, j.method, j.held_out, j.evaluations) == (m.index, m.method, 0, 0)
            assert adding_up(j, "words", "it", "the chart").startswith("Adding up: not judged yet")
            assert "Chance: not known" not in chance(j, "words", "it")
            assert said_of(j, m, "words", "it").headline == j.headline


def test_of_other_columns_nothing_is_judged_while_their_values_come_in():
    j = judge(ledger := Ledger(tabulated(CLEAR)), one := explain(ledger.game, budget=64, ledger=ledger))
    now = Comparison(Plan(), (one,), ["it"], [1.0], ledger, state="preliminary", judgements=(j,))
    assert now.judgements_of([1.0]) == now.judgements_of(None) == (j,) and now.judgements_of([2.0]) == ()
    assert len(replace(now, state="done").judgements_of([2.0])) == 1


@pytest.mark.parametrize(("took", "again"), [(0.05, True), (0.2, False)])
def test_a_judgement_that_takes_long_beside_the_run_is_not_made_at_every_look(took, again):
    """The clock stands still but for judging, and for a second of evaluations between two looks."""
    ledger = Ledger(tabulated(ROUGH))
    first = explain(ledger.game, budget=40, ledger=ledger)
    now = iter(np.cumsum([0.0, 1.0, took, 1.0, took, 1.0, took]).tolist())
    looks = SoFar(ledger, None, [1.0], 0, lambda: next(now))
    before = looks.judgements([first])
    second = explain(ledger.game, budget=200, ledger=ledger)
    assert (looks.judgements([second]) != before) == again
    other = explain(ledger.game, "shapley", budget=200, ledger=ledger)
    assert [one.index for one in looks.judgements([second, other])] == ["banzhaf", "shapley"]  # never of other maps


def test_a_slow_run_is_looked_at_by_the_clock():
    ledger, now = Ledger(tabulated(ROUGH)), [0.0]
    looks = SoFar(ledger, None, [1.0], 0, lambda: now[0])
    now[0] = SLOW
    assert not looks.due()  # nothing is paid for yet
    ledger.evaluate(np.tril(np.ones((3, ledger.n_players), bool)))
    assert looks.due() and not looks.due()
    now[0] += SLOW
    assert not looks.due()  # nothing more
    ledger.evaluate(np.triu(np.ones((3, ledger.n_players), bool)))
    assert looks.due()


def test_a_quick_run_is_looked_at_once_a_second_and_the_first_time_at_once(monkeypatch):
    monkeypatch.setattr("ui.runs.so_far.SOON", SOON)
    ledger, now = Ledger(tabulated(ROUGH)), [0.0]
    coalitions = np.arange(60)[:, None] >> np.arange(ledger.n_players) & 1 > 0
    looks = SoFar(ledger, None, [1.0], 0, lambda: now[0])
    ledger.evaluate(coalitions[:30])
    assert looks.due()
    ledger.evaluate(coalitions[30:60])
    assert not looks.due()
    now[0] = SOON
    assert looks.due() and not looks.due()


def test_no_free_map_is_made_of_calls_that_are_not_there():
    ledger = Ledger(tabulated(CLEAR))
    first = explain(ledger.game, budget=64, ledger=Ledger(ledger.game))
    assert of_calls(ledger, Pane("shapley", "orthogonal"), first) is None
    exact = explain(ledger.game, method="exact", ledger=ledger)
    assert of_calls(ledger, Pane("shapley", "orthogonal"), exact) is None


def test_one_set_is_usual_where_kernelshap_would_take_more_than_a_minute():
    plan = Plan(budget=256)
    assert usual_set(plan, Size(30, "words", 1.01 * PATIENCE / 256)) and not usual_set(
        plan, Size(30, "words", 0.99 * PATIENCE / 256)
    )
    assert not usual_set(plan, None) and not usual_set(replace(plan, right=Pane("shapley", "leverage")), Size(30, "words", 9.0))
    assert not usual_set(plan, Size(4, "words", 3.0))  # of all 16


def test_a_cancelled_run_still_shows_what_the_ledger_tells():
    asked = []

    def cancel():
        asked.append(1)
        return len(asked) > 30

    found = ran(ROUGH, cancel=cancel, stop=False)
    assert found.state == "partial" and len(found.maps) == 2 and found.saved == 0 and found.beside is None


def test_a_game_that_does_not_move_is_told_without_numbers():
    ledger = Ledger(FakeGame(12, lambda z: np.ones(len(z))))
    found = compare(ledger, Plan(budget=64), ["it"], [1.0], lambda *_: None, lambda _: None, lambda: False)
    assert "differ by" not in " ".join(spent(found))


@pytest.mark.slow
@pytest.mark.parametrize("values", [CLEAR, ROUGH])
@pytest.mark.parametrize("one_set", [False, True])
def test_progress_never_goes_back_and_ends_near_its_end(values, one_set):
    told = []
    game = tabulated(values)
    game.batch_size = 16
    plan = Plan(budget=400, one_set=one_set)
    compare(Ledger(game), plan, ["it"], [1.0], lambda *now: told.append(now), lambda _: None, lambda: False)
    shares = [done / total for done, total, _ in told]
    assert shares == sorted(shares) and shares[-1] <= 1.0
    assert told[0][2].startswith("Banzhaf values · automatic choice: 16 of at most ")
    assert shares[-1] > 0.7 or one_set
