"""Another model in the place of the server's: loaded beside it, taken whole or not at all, and never mixed with it."""

import threading
import time

import pytest
from pages import bench, finish
from streamlit.testing.v1 import AppTest

import swing
from model.about import About, look
from model.loading import load_model
from model.weights.reading import Stored
from ui.model.menu import counted, described
from ui.shell.bench import Bench, follow_model
from ui.shell.jobs import Job, line
from ui.shell.model_slot import Choice
from ui.text.run import make_game

PATIENCE = 240.0  # seconds: runs of other tests go on beside these


def settled(slot):
    """The slot, once what is loaded beside its model was taken or not."""
    end = time.monotonic() + PATIENCE
    while slot.another is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert slot.another is None
    return slot


@pytest.fixture()
def other(tiny_seeing_checkpoint):
    return str(tiny_seeing_checkpoint)


@pytest.fixture(autouse=True)
def made_quickly(monkeypatch, tiny_seeing):
    """Another model is there at once, but what is told on the way, and what cannot be loaded."""

    def load(source, progress, precision):
        progress(0.5, "Loading the weights")
        if source == "broken":
            raise ValueError("broken could not be loaded: it is damaged")
        asked.append((source, precision))
        return tiny_seeing

    asked = []
    monkeypatch.setattr("model.load_model", load)
    return asked


def test_another_model_takes_the_place_of_the_first(ready, other, tiny_seeing):
    ready.choose(Choice(other))
    assert settled(ready).gemma is tiny_seeing and ready.source == other and ready.changes == 1 and not ready.refused
    assert ready.seconds_per_token > 0 and ready.answer_tokens == 2
    ready.choose(Choice())
    assert settled(ready).source is None and ready.changes == 2


def test_one_that_cannot_be_loaded_leaves_the_first_at_work(ready, tiny_gemma, monkeypatch):
    for wrong, sentence in (
        (ValueError("broken could not be loaded: it is damaged"), "broken could not be loaded: it is damaged"),
        (MemoryError(), "broken does not fit into the memory that is free here."),
    ):
        monkeypatch.setattr("model.load_model", lambda source, progress, precision, wrong=wrong: (_ for _ in ()).throw(wrong))
        ready.choose(Choice("broken"))
        assert settled(ready).refused == sentence
    assert (ready.gemma, ready.changes, ready.state) == (tiny_gemma, 0, "ready")


def test_the_first_may_be_replaced_where_it_could_not_be_loaded(slot, other):
    slot.error = "it is not there"
    slot.choose(Choice(other))
    assert settled(slot).state == "ready" and not slot.error


def test_loading_is_cancelled_where_it_next_tells_how_far_it_is(ready, tiny_gemma, tiny_seeing, monkeypatch):
    told, go_on = threading.Event(), threading.Event()

    def load(source, progress, precision):
        progress(0.1, "Loading")
        told.set()
        go_on.wait(PATIENCE)
        progress(0.2, "Loading")
        return tiny_seeing

    monkeypatch.setattr("model.load_model", load)
    ready.choose(Choice("other"))
    told.wait(PATIENCE)
    assert (ready.another.fraction, ready.another.sentence) == (0.1, "Loading")
    with pytest.raises(ValueError, match="^other is being loaded already: wait until it is there, or cancel it.$"):
        ready.choose(Choice("third"))
    ready.cancel()
    go_on.set()
    assert settled(ready).gemma is tiny_gemma and not ready.refused and not ready.changes


def test_loading_ends_within_the_weights_where_it_is_cancelled(ready, tiny_gemma, tiny_checkpoint, monkeypatch):
    tensors, read = len(list(tiny_gemma.model.parameters())), []
    taken = Stored.__getitem__

    def counted(stored, at):
        read.append(stored)
        if len(read) == 5:
            ready.cancel()
        return taken(stored, at)

    monkeypatch.setattr(Stored, "__getitem__", counted)
    monkeypatch.setattr("model.load_model", load_model)
    monkeypatch.setattr("model.loading.shake", lambda *_: pytest.fail("it was not cancelled within the weights"))
    monkeypatch.setattr("model.loading.recall", lambda file: {})
    ready.choose(Choice(str(tiny_checkpoint)))
    another = ready.another
    assert settled(ready).gemma is tiny_gemma and not ready.refused and not ready.changes
    assert tensors > 20 and 0.1 < another.fraction < 0.85
    assert ready.loaded.next_tokens("Review:", 1)


def test_it_waits_for_the_runs_that_go_on(ready, other, tiny_gemma, tiny_seeing):
    """What they pay for is kept as the first model's."""
    begun, end = threading.Event(), threading.Event()
    job = line().submit(Job(lambda job: (begun.set(), end.wait(PATIENCE))))
    begun.wait(PATIENCE)
    ready.choose(Choice(other))
    for _ in range(1000):
        if ready.another.sentence == "Waiting for the runs that go on":
            break
        time.sleep(0.01)
    assert ready.another.sentence == "Waiting for the runs that go on" and ready.gemma is tiny_gemma
    end.set()
    job.ended.wait(PATIENCE)
    assert settled(ready).gemma is tiny_seeing


def test_a_server_that_keeps_to_its_model_takes_no_other(ready, other):
    ready.fixed = True
    for choice in (Choice(other), Choice(server="http://localhost:1/v1", named="any")):
        with pytest.raises(ValueError, match="alone: ask its operator for another model"):
            ready.choose(choice)
    assert ready.another is None
    page = open_app()
    assert any(caption.value.endswith("the one language model of this server.") for caption in page.sidebar.caption)
    assert "server-model" not in [button.key for button in page.sidebar.button]


def test_while_the_first_is_loaded_none_other_is(slot, other):
    with pytest.raises(ValueError, match="still being loaded"):
        slot.choose(Choice(other))


def open_app():
    return AppTest.from_file(str(swing.APP), default_timeout=60).run()


def page_below():
    import runpy

    import streamlit as st

    from ui.model.menu import model_menu

    model_menu()
    runpy.run_path(st.session_state["page"])


@pytest.mark.parametrize("name", ["document", "image", "scaling", "sets", "table"])
def test_it_stands_beside_every_page(slot, name):
    page = AppTest.from_function(page_below, default_timeout=60)
    page.session_state["page"] = str(swing.APP.with_name("ui") / name / "page.py")
    page.run()
    assert not page.exception and page.sidebar.button(key="server-model") and page.title


def menu():
    from ui.model.menu import choose_model
    from ui.shell.model_slot import model_slot

    choose_model(model_slot())


def open_menu(**typed):
    """What the dialog holds, with texts typed into its widgets: an AppTest closes a dialog at the next click."""
    page = AppTest.from_function(menu, default_timeout=60).run()
    if "server" in typed:
        page.button_group(key="server-model-where").set_value("Server").run()
    for key, text in typed.items():
        page.text_input(key=f"server-model-{key}").set_value(text).run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_the_menu_says_what_a_model_takes_and_loads_it(ready, other, tiny_seeing):
    page = open_menu(source=other)
    said = " ".join(element.value for element in page.markdown).replace("\\", "")
    assert "answers now" in said and described(look(other), "float32")[:60] in said
    page.button(key="server-model-load").click().run()
    assert not page.exception
    assert settled(ready).gemma is tiny_seeing
    page = open_app()
    assert page.sidebar.button(key="server-model").label.replace("\\", "").startswith("Model: ")
    page.sidebar.button(key="server-model").click().run()
    assert not page.exception and page.text_input(key="server-model-source")


@pytest.mark.parametrize("chosen", [None, "float32", "bfloat16"])
def test_the_menu_asks_in_which_numbers_a_model_is_run(ready, other, made_quickly, chosen):
    page = open_menu(source=other)
    if chosen:
        page.button_group(key="server-model-numbers").set_value(chosen).run()
    page.button(key="server-model-load").click().run()
    settled(ready)
    assert made_quickly == [(other, chosen or "auto")]


def test_float32_is_one_click_away_from_a_model_that_rounds(ready, other, made_quickly, monkeypatch):
    assert "server-model-full" not in [button.key for button in open_menu().button]
    ready.source = other
    monkeypatch.setattr(type(ready.gemma), "rounds", True)
    page = open_menu()
    assert any("parameters in bfloat16, " in element.value for element in page.markdown)
    page.button(key="server-model-full").click().run()
    settled(ready)
    assert made_quickly == [(other, "float32")]


def test_the_menu_says_why_a_model_cannot_be_loaded(ready):
    page = open_menu(source="not a model")
    assert [error.value for error in page.error] == ["Not a model is neither a directory nor a hub id of the form owner/name"]
    assert page.button(key="server-model-load").disabled


def test_the_menu_asks_for_a_server(ready, monkeypatch, tiny_seeing):
    asked = []
    monkeypatch.setattr("model.connect", lambda *words: asked.append(words[:3]) or tiny_seeing)
    page = open_menu(server="http://localhost:1/v1", named="mine")
    page.button(key="server-model-load").click().run()
    settled(ready)
    assert asked == [("http://localhost:1/v1", "mine", None)] and ready.server == ready.source == "http://localhost:1/v1"


@pytest.mark.slow
def test_what_one_model_answered_is_no_part_of_what_another_is_asked(ready, other, tiny_gemma, tiny_seeing):
    page = open_app()
    finish(page, "text")
    page.button(key="explain").click().run()
    first = bench(finish(page, "text"), "text").shown
    ready.choose(Choice(other))
    settled(ready)
    page.run()
    state = bench(page, "text")
    assert state.shown is None and state.run is None and page.text_area[0].value == first.request.text
    assert any(info.value.startswith("The model is now ") for info in page.info)
    page.button(key="explain").click().run()
    second = bench(finish(page, "text"), "text").shown
    game = make_game(tiny_seeing, second.request, " positive")
    assert second.comparison.ledger.evaluations > 0 and second.request.same_game == first.request.same_game
    coalitions, values = second.comparison.ledger.known()
    assert abs(values[:4] - game(coalitions[:4])).max() < 1e-3 < abs(values[0] - first.comparison.ledger.known()[1][0]).max()


def test_what_was_brought_and_what_waits_stay_where_the_model_changes(ready):
    """An uploaded table is no matter of the language model, nor is a file of maps that lies in the uploader."""
    brought = Bench(own := object(), opened="a file", changes=ready.changes)
    waiting = Bench(own, job=Job(lambda job: None), changes=ready.changes)
    shown = Bench(own, shown="of trees", changes=ready.changes)
    ready.changes += 1
    for one, asks in ((brought, True), (waiting, True), (shown, False)):
        job = one.job
        follow_model(one, lambda: asks)  # noqa: B023  # it is called at once
        assert one.own is own and one.job is job and one.changes == ready.changes
    assert brought.opened == "a file" and brought.outcome is None and shown.shown == "of trees"


@pytest.mark.slow
def test_a_run_of_another_model_is_shown_and_not_gone_on_with(ready, tiny_seeing):
    """As when its server was started with another model since."""
    page = finish(open_app(), "text")
    page.button(key="explain").click().run()
    run = bench(finish(page, "text"), "text").run
    ready.gemma = tiny_seeing
    page.run()
    old = bench(page, "text").shown
    assert any(info.value.startswith("The result below is of another model than this server's") for info in page.info)
    page.button(key="explain").click().run()
    new = bench(finish(page, "text"), "text")
    assert new.run != run and new.of_model == tiny_seeing.fingerprint
    shared = {row.tobytes(): value for row, value in zip(*old.comparison.ledger.known())}
    differ = [abs(shared[row.tobytes()] - value).max() for row, value in zip(*new.shown.comparison.ledger.known())]
    assert differ and min(differ) > 1e-3
    assert not any("another model" in info.value for info in page.info)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999, "999"),
        (999_949, "1 million"),
        (999_885_952, "1 billion"),
        (270_000_000, "270 million"),
        (1_235_814_400, "1.24 billion"),
    ],
)
def test_parameters_are_told_as_they_are_spoken_of(number, text):
    assert counted(number) == text


def test_what_is_said_before_a_model_is_loaded(monkeypatch):
    monkeypatch.setattr("ui.model.menu.free_memory", lambda: 16 * 10**9)
    lora = About("LoRA", "mine", "llama", 3 * 10**9, "bfloat16", base="theirs/base")
    assert described(lora, "bfloat16") == (
        "A LoRA on theirs/base of type llama, 3 billion parameters, stored as bfloat16. Run in bfloat16 its weights take "
        "at most 6.0 GB of memory; 16.0 GB are free."
    )
    published = About("directory", "mine", "llama", 10**9, "bfloat16", halves=True)
    assert described(published, "float32").endswith(
        "Run in float32 its weights take at most 4.0 GB, in bfloat16 2.0 GB or more of memory; 16.0 GB are free."
    )
    packed = About("directory", "mine", "qwen2", None, "awq", "awq", 5 * 10**9)
    assert described(packed, "float32") == (
        "A directory of type qwen2, stored as awq. Run as it is stored its weights take at most 5.0 GB of memory; 16.0 GB are "
        "free."
    )
    eyes = About("directory", "mine", "gemma3n", None, "awq", "awq", 5 * 10**9, blind="its eyes need a package")
    assert described(eyes, "float32").endswith("free. Of it only text is explained: its eyes need a package.")
    monkeypatch.setattr("ui.model.menu.free_memory", lambda: None)
    assert described(About("hub id", "a/b"), "float32").endswith("it is downloaded first, and what it takes is known then.")
