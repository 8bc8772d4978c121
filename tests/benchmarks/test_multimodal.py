"""The multimodal benchmark: every coalition is paid once, and both rounds of a peer's masks are played."""

import os
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.field import multimodal, side
from benchmarks.parts.estimators import Counted
from benchmarks.parts.exact import TableGame, every_coalition
from benchmarks.parts.games import polynomial

# mllm-shap's interface, of which this estimator uses a half of all coalitions in each of its two rounds
THEIRS = {
    "__init__": "",
    "domain/__init__": "",
    "domain/players": """
        from dataclasses import dataclass
        @dataclass
        class PlayerSet:
            player_ids: tuple
        """,
    "estimation/_shared": "def budget_fraction(n, fraction, evaluations): return evaluations / 2**n",
    "estimation/__init__": """
        from types import SimpleNamespace
        class BanzhafAggregator: pass
        class TwiceEstimator:
            def sample_masks(self, players, fraction, minimal, seed):
                assert fraction == 1.0 and minimal is False
                self.n = len(players.player_ids)
                return self.half(0)
            def half(self, first):
                rows = range(first, 2**self.n, 2)
                return iter([SimpleNamespace(present=tuple(bool(r >> i & 1) for i in range(self.n))) for r in rows])
            def begin_allocation(self, masks, payoffs):
                assert len(masks) == len(payoffs) == 2 ** (self.n - 1)
            def sample_allocation_masks(self):
                return self.half(1)
            def estimate_attributions(self, masks, payoffs, aggregator):
                signs = [[1 if here else -1 for here in mask.present] for mask in masks]
                return [sum(s[i] * p for s, p in zip(signs, payoffs)) / 2 ** (self.n - 1) for i in range(self.n)]
        """,
}


@pytest.mark.slow
def test_both_rounds_of_masks_are_played_here(monkeypatch, tmp_path):
    for name, text in THEIRS.items():
        at = tmp_path / "mllm_shap" / f"{name}.py"
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(textwrap.dedent(text))
    (tmp_path / "mllm_shap-0.8.0.dist-info").mkdir()
    (tmp_path / "mllm_shap-0.8.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mllm-shap\nVersion: 0.8.0\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    asked, game = side.Side(sys.executable, "mllm_shap"), Counted(polynomial(5, 3, terms=4))
    found = asked.peer("TwiceEstimator", "Banzhaf", 20.0)(game, 32, 0)
    asked.close()
    assert (asked.version, game.asked) == ("0.8.0", 32)
    assert found == pytest.approx(game.game.banzhaf)


def test_every_coalition_is_evaluated_once_and_read_from_then_on(tmp_path):
    rows = []

    class Played:
        n_players = 3

        def __call__(self, coalitions):
            rows.extend(coalitions.tolist())
            return np.column_stack([coalitions @ [1.0, 2.0, 4.0], np.ones(len(coalitions))])  # of two tokens

    gemma = SimpleNamespace(image_game=lambda image, prompt, target, **asked: Played())
    seen = gemma, SimpleNamespace(image=None), SimpleNamespace(text="what shape is red?", answer="star")
    first, second = (multimodal.table(tmp_path / "one.npy", lambda: seen, {}) for _ in range(2))
    assert len(rows) == 8 and np.array_equal(first, second)
    assert TableGame(first).shapley == pytest.approx([1.0, 2.0, 4.0])
    assert np.array_equal(first, every_coalition(3) @ [1.0, 2.0, 4.0] + 1)
