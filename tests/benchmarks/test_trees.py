"""The trees' benchmark: only equal values are timed against each other, and without peers it goes on with what is here."""

import numpy as np
import pytest

from benchmarks.parts.games import Table
from benchmarks.trees import __main__ as command


def case(**more):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4))
    return command.Case("made up", Table(features, features @ [1, 2, 0, 3], np.zeros(4, bool)), **more)


class Told(command.Files):
    """Files whose ways answer what they are told to: name → (seconds or a text, values or None)."""

    def __init__(self, told):
        self.told = told

    def ours(self, index):
        return self.told["Swing"]

    def shap(self, index):
        return self.told["shap"]

    def peer(self, name, index):
        return self.told.get(name, ("failed", None))


def test_values_that_differ_stand_outside_the_ratio():
    mine = np.array([[1.0, -2.0]])
    told = {"Swing": (0.5, mine), "shap": (0.01, mine + 1e-7), "woodelf": (2.0, mine + 1e-12), "shapiq": ("about 99", None)}
    found = command.compare(case(), "shapley", Told(told))
    assert found[3:] == ["0.5", "0.01, off by 5e-08", "2", "about 99", "0.25", "5e-13", "failed", "failed"]


def test_where_no_peer_is_equal_there_is_no_ratio():
    told = {"Swing": (0.5, np.ones((1, 2))), "shap": ("–", None), "woodelf": (2.0, np.zeros((1, 2)))}
    assert command.compare(case(), "banzhaf", Told(told))[5:9] == ["2, off by 1e+00", "failed", "–", "0e+00"]


def test_without_an_environment_it_says_so_and_goes_on_with_shap(monkeypatch, capsys, tmp_path):
    def refuse(folder, packages):
        raise RuntimeError("shapiq==1.8.0 needs Python 3.12 or newer.")

    monkeypatch.setattr(command, "side_python", refuse)
    assert command.process_of_peers(tmp_path) is None
    assert "Without woodelf-explainer, shapiq and XGBoost: shapiq==1.8.0 needs" in capsys.readouterr().err
    files = command.Files(tmp_path, None)
    files.write(case(rows=20, background=5, trees=3))
    found = command.compare(case(rows=20, background=5, trees=3), "shapley", files)
    assert found[1:3] == ["20 × 5 × 3", "shapley"] and found[5:7] == ["not installed"] * 2
    seconds, theirs = files.shap("shapley")
    assert seconds > 0 and theirs == pytest.approx(files.ours("shapley")[1], abs=1e-6)
