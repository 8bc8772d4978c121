"""Whole data sets: the maps of every row of a file or a folder, exactly once each, whatever dies meanwhile."""

from batch.run import explain_dataset
from batch.settings import Settings
from batch.summary import Summary, summarise

__all__ = ["Settings", "Summary", "explain_dataset", "summarise"]
