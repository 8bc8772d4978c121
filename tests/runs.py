"""Training runs in a table that a user brings, as the pages read them."""

from model.files.reader import read_columns
from xai.data_scores import ScoredRuns, scored_runs_of
from xai.scaling.runs import Runs, runs_of


def read_runs(content: str | bytes, filename: str = "the table") -> list[Runs]:
    """The sets of runs of a table (`xai.scaling.runs.runs_of`); ValueError with one sentence for any other."""
    return runs_of(read_columns(content, filename))


def read_scored_runs(content: str | bytes, filename: str = "the table") -> ScoredRuns:
    """The scored runs of a table (`xai.data_scores.scored_runs_of`); ValueError with one sentence for any other."""
    return scored_runs_of(read_columns(content, filename))
