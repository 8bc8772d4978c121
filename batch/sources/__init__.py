"""Where rows come from: files and folders, read one after the other, never all at once where they are large."""

from batch.sources.chunks import Chunk, Survey, chunks, survey
from batch.sources.known import source_of
from batch.sources.source import Bad, Source, missing

__all__ = ["Bad", "Chunk", "Source", "Survey", "chunks", "missing", "source_of", "survey"]
