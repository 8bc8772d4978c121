"""The Data sets page: the maps of every row of a data set, in the background, and what swings the answer over all of them."""

from ui.sets import ask, kept, run, show
from ui.shell.bench import bench
from ui.shell.frame import frame


def page() -> None:
    state = bench("sets", ask.Own)
    state.pool = "sets"
    frame(
        "Swing: what swings the answer over a whole data set?",
        "Swing explains every row of a data set, a text, a row of a table or a picture, in the background, and says which words, "
        "columns or patches swing the answer over all of them. Bring it, look what it costs, start it, and come back when you "
        "like.",
    )
    chosen = run.choose(state, kept.mine())
    if chosen is None:
        run.offer(state, ask.ask(state))
        return
    summary = show.summary_of(chosen)
    run.watch_over(state, chosen, summary is not None and summary.rows >= show.most(chosen, summary))
    show.show(chosen, summary, state)


page()
