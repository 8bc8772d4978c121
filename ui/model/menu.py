"""The server's model in the side bar of every page: what it is, and another in its place."""

from pathlib import Path

import streamlit as st

from model.about import About, amount, free_memory, look
from model.image.seeing.families import only_text
from model.language import title_of, without_directories
from model.precision import AUTO, FULL, HALF, PRECISIONS
from ui.draw.markdown import plain, said
from ui.shell.model_slot import Choice, ModelSlot, model_slot

ROUNDED = (
    "A large model that was published in bfloat16 is run in it where this machine is faster so. What that rounds is measured for "
    "each map, and is a part of its standard errors. It takes about half the memory of float32."
)
POLL = 0.5  # seconds
BUNDLED, HERE, SERVER = "Bundled", "File or hub", "Server"
WIDTHS = {FULL: 4, HALF: 2}  # bytes of a number as models are run
NUMBERS = {AUTO: "As is faster here", FULL: FULL, HALF: HALF}


def model_menu() -> None:
    """Draw it. Where the server keeps to one model, its name alone."""
    slot = model_slot()
    with st.sidebar:
        if slot.fixed:
            st.caption(f"Model: {plain(slot.served, 80)}, the one language model of this server.")
            return
        if slot.another is not None:
            st.fragment(_loading, run_every=POLL)(slot)
            return
        if slot.refused:
            st.error(said(slot.refused))
        if st.button(f"Model: {plain(slot.served, 40)}", key="server-model", type="tertiary", icon=":material/memory:"):
            st.dialog("Model")(choose_model)(slot)


def _loading(slot: ModelSlot) -> None:
    another = slot.another
    if another is None:
        st.rerun()
    sentence = "Stopping" if another.cancelled else said(another.sentence)
    st.progress(another.fraction, text=f"{plain(another.choice.title, 40)}: {sentence}")
    st.button("Cancel", key="server-model-cancel", on_click=slot.cancel, disabled=another.cancelled)
    if slot.gemma is not None and another.fraction < 1.0:
        st.caption(f"Until it is ready, {plain(slot.served, 40)} answers.")


def choose_model(slot: ModelSlot) -> None:
    """What answers now, and widgets that ask for another."""
    if slot.gemma is not None:
        st.markdown(f"**{plain(slot.served, 80)}** answers now. {said(_found(slot))}")
        if slot.loaded.rounds and st.button(f"Run it in {FULL}", key="server-model-full"):
            _load(slot, Choice(slot.source, precision=FULL))
    where = st.segmented_control("Another one", [BUNDLED, HERE, SERVER], default=HERE, key="server-model-where", required=True)
    choice = _asked(str(where))
    if st.button("Load it", type="primary", key="server-model-load", disabled=choice is None) and choice is not None:
        _load(slot, choice)
    st.caption("It takes the place of the present model for everyone on this server, once it is loaded and no run goes on.")


def _load(slot: ModelSlot, choice: Choice) -> None:
    """Begin to; the dialog closes, unless it may not be."""
    try:
        slot.choose(choice)
    except ValueError as error:
        st.error(said(str(error)))
        return
    st.rerun()


def _asked(where: str) -> Choice | None:
    """What the widgets ask for, and what is known of it; None where it cannot be loaded."""
    if where == SERVER:
        server = st.text_input("Address of a vLLM server", key="server-model-server", placeholder="http://localhost:8000/v1")
        named = st.text_input("What it calls the model", key="server-model-named", placeholder="google/gemma-3-1b-it")
        words = st.text_input("Its tokenizer, a directory or hub id", key="server-model-words", placeholder="asked of the server")
        return Choice(None, server, named, words or None) if server and named else None
    source = None
    if where == HERE:
        label = "A GGUF file or a directory on this server, or a hub id"
        typed = st.text_input(label, key="server-model-source", placeholder="~/models/qwen3-0.6b.gguf").strip()
        if not typed:
            return None
        source = str(Path(typed).expanduser()) if typed.startswith("~") else typed
    try:
        about = look(source)
    except ValueError as error:
        st.error(said(without_directories(str(error), source)))
        return None
    st.markdown(said(described(about, HALF if on_gpu() else FULL)))
    if on_gpu():
        return Choice(source)
    numbers = st.segmented_control(
        "Numbers",
        PRECISIONS,
        default=AUTO,
        key="server-model-numbers",
        required=True,
        format_func=NUMBERS.__getitem__,
        help=ROUNDED,
    )
    return Choice(source, precision=str(numbers))


def on_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def described(about: About, run_in: str) -> str:
    """Sentences on a model that is not loaded yet. run_in : one of `WIDTHS`"""
    kind = f"{about.kind} on {title_of(about.base)}" if about.base else about.kind
    if not about.type:
        return f"A {kind} that is not on this machine: it is downloaded first, and what it takes is known then."
    count = f", {counted(about.parameters)} parameters" if about.parameters is not None else ""
    needs, free = about.needs(WIDTHS[run_in]), free_memory()
    runs = "as it is stored" if about.quantised else f"in {run_in}"
    room = f" of memory; {amount(free)} are free" if free is not None else " of memory"
    less = f", in {HALF} {amount(about.needs(WIDTHS[HALF]) or 0)} or more" if about.halves and run_in == FULL else ""
    takes = f" Run {runs} its weights take at most {amount(needs)}{less}{room}." if needs is not None else ""
    text = f" {only_text('it', about.blind)}" if about.blind else ""
    return f"A {kind} of type {about.type}{count}, stored as {about.stored}.{takes}{text}"


def counted(number: int) -> str:
    """A number of parameters as it is spoken of."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= 0.9995 * size:  # which three figures make a whole one
            return f"{number / size:.3g} {word}"
    return str(number)


def _found(slot: ModelSlot) -> str:
    """What the present model is run in, and what was found when it was loaded."""
    loaded = slot.loaded
    where = "It runs on a server."
    if not slot.server:
        numbers = sum(one.numel() for one in loaded.model.parameters())
        size = sum(one.nbytes for one in loaded.model.parameters())
        kind = HALF if loaded.rounds else str(loaded.model.dtype).removeprefix("torch.")
        where = f"{counted(numbers)} parameters in {kind}, {amount(size)} of memory."
    off = loaded.handshake.off
    agrees = f"Its fast scoring differed from plain passes by {off:.1g} at most." if off else ""
    return " ".join([where, slot.notes, agrees])
