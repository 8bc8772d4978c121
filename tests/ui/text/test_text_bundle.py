"""A Text page's result as a bundle and back: the same values, the same figures, no model."""

from dataclasses import replace

import numpy as np
import pytest
from pages import Quiet

from ui.files.report import html_report
from ui.kind_page import run
from ui.maps.spent import spent
from ui.names import Pane
from ui.runs import comparison_bundle
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison import Plan
from ui.text.kind import TextKind
from ui.text.request import TextRequest
from ui.text.run import subject
from xai import Ledger

KIND = TextKind()


@pytest.fixture(scope="module", params=[None, " negative"])
def result(tiny_gemma, request):
    plan = Plan(Pane("banzhaf", "auto"), Pane("shapley", "auto"), budget=24)
    asked = TextRequest("Review: ", "the plot is thin but good", ". Sentiment:", " positive", request.param, plan=plan)
    return run(asked, subject(tiny_gemma, asked, Quiet()), Quiet(), Ledger)


def to_bundle(result, name, fingerprint):
    return comparison_bundle.to_bundle(KIND.key, result, name, fingerprint)


def from_bundle(bundle):
    return comparison_bundle.from_bundle(KIND, bundle)


def test_a_result_comes_back_bit_for_bit_without_its_model(result):
    bundle = to_bundle(result, "a run", result.request.text)
    data = write_bundle(bundle)
    again = from_bundle(read_bundle(data))
    assert again.to_record() == result.to_record() and again.request == result.request
    assert write_bundle(to_bundle(again, "a run", result.request.text)) == data
    for mine, other in zip(again.comparison.focused(), result.comparison.focused()):
        assert mine.values.tobytes() == other.values.tobytes()
        assert mine.standard_error.tobytes() == other.standard_error.tobytes()
    for token in range(len(result.about.tokens)):
        weights = np.eye(len(result.comparison.weights))[token]
        for mine, other in zip(again.comparison.focused(weights), result.comparison.focused(weights)):
            assert mine.values.tobytes() == other.values.tobytes()
    assert spent(again.comparison) == spent(result.comparison) != []  # what both Shapley maps cost, and how far apart
    known = again.comparison.ledger.known(), result.comparison.ledger.known()
    assert all(np.array_equal(mine, other) for mine, other in zip(*known))
    with pytest.raises(ValueError, match="only what was paid for"):
        again.comparison.ledger.game(known[0][0][:1])
    assert html_report(bundle, KIND.picture(result)) == html_report(
        to_bundle(again, "a run", result.request.text), KIND.picture(again)
    )


def test_what_is_not_settled_or_not_a_text_is_refused(result):
    running = replace(result, comparison=replace(result.comparison, state="preliminary"))
    with pytest.raises(ValueError, match="still going on"):
        to_bundle(running, "a run", "")
    bundle = to_bundle(result, "a run", "")
    with pytest.raises(ValueError, match="not of the Text page"):
        from_bundle(replace(bundle, page="table"))
    with pytest.raises(ValueError, match="not of the Text page"):
        from_bundle(replace(bundle, attributions={"right": bundle.attributions["right"]}))
    with pytest.raises(ValueError, match="another prompt"):
        from_bundle(replace(bundle, shown={**bundle.shown, "prompt": bundle.shown["prompt"] + " and more"}))
    with pytest.raises(ValueError, match="not the settings of a text"):
        from_bundle(replace(bundle, settings={"plan": 1}))
    only = replace(
        result,
        comparison=replace(result.comparison, maps=result.comparison.maps[:1], judged=None, judgements=(), state="partial"),
    )
    again = from_bundle(read_bundle(write_bundle(to_bundle(only, "half", ""))))
    assert again.comparison.state == "partial" and len(again.comparison.maps) == 1
