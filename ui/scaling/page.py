"""The Scaling page: runs at several pre-training sizes, the laws they follow, and whether more data would pay."""

import hashlib

import streamlit as st

from model.assets import ASSETS
from ui.files.save import save
from ui.scaling.result import show
from ui.scaling.study import MOST_MB, read, study
from ui.shell.bench import Bench, bench, watch
from ui.shell.frame import frame, linked, uploader
from ui.shell.jobs import Job, line

SAMPLES = {
    "Aligned (synthetic)": "aligned.csv",
    "Misaligned (synthetic)": "misaligned.csv",
    "Three data sets (synthetic)": "several.csv",
}
FOLDER = ASSETS / "samples" / "scaling"
PATIENCE = 0.5  # seconds that the page waits for a verdict before it shows progress instead
COLUMNS = """One line per run: a fine-tuned checkpoint and what it scored.

| column | what | |
|---|---|---|
| `tokens` | tokens of pre-training | needed |
| `BLEU`, `chrF`, `COMET`, `ROUGE`, `accuracy` or `score` | a score where more is better | needed |
| `cross-entropy` | nats per token on the same task | |
| `source share`, `target share` | of the two languages in the pre-training mix, 0 to 1 | |
| `fine-tuning tokens` | size of the fine-tuning set | |
| `data` | name of the pre-training data set; each is judged by itself, then all are ranked | |

From three sizes on a law can be fitted, from four on it can be tested."""


def page() -> None:
    state = bench("scaling", type(None))  # `asked` is the SHA-256 of the table that is studied
    frame(
        "Swing: does more pre-training data pay?",
        "Swing fits the scaling laws of downstream translation to your runs, a score and cross-entropy side by side, "
        "says whether the score follows its law, and what it predicts. Take a sample or upload a table of runs.",
    )
    found = choose()
    if found is not None:
        name, content, synthetic = found
        key = hashlib.sha256(content).hexdigest()
        if state.asked != key:
            state.asked = key
            _begin(state, name, content, synthetic)
    watch(state)
    if state.shown is not None and state.job is None:
        show(state.shown)


def choose() -> tuple[str, bytes, bool] | None:
    """Name, bytes and whether they are synthetic, of an upload or else of the sample that is picked."""
    titles = list(SAMPLES)
    picked = st.pills("Samples", titles, label_visibility="collapsed", **linked("runs", default=titles[0]))
    with st.expander("Bring a table of your own runs: CSV or Excel (.xlsx)"):
        file = uploader("Its first line names the columns. It stays in this session.", "scaling-file", MOST_MB)
        st.markdown(COLUMNS)
        example = FOLDER / SAMPLES[picked or titles[0]]
        save("A sample as CSV", example.read_bytes(), example.name, None)
    if file is not None:
        return file.name, file.getvalue(), False
    return (picked, (FOLDER / SAMPLES[picked]).read_bytes(), True) if picked else None


def _begin(state: Bench[None], name: str, content: bytes, synthetic: bool) -> None:
    """Read the table here, which says at once what is wrong with it; fit in a thread of its own."""
    if state.job is not None:
        state.job.cancel()
    state.job = state.shown = state.outcome = None
    try:
        sets = read(content, name)
    except ValueError as error:
        state.outcome = "failed", str(error)
        return
    state.begin(Job(lambda job: study(name, synthetic, sets, job)), line("scaling"))
    if state.job is not None:
        state.job.ended.wait(PATIENCE)


page()
