"""The kinds by name; each is imported when it is asked for."""

from importlib import import_module

from batch.kinds.contract import Kind
from batch.settings import Settings
from batch.sources.source import Source


def kind_of(settings: Settings, source: Source) -> Kind:
    """The kind that settings name, for the rows of a source; ValueError with one sentence where they do not fit."""
    made: Kind = import_module(f"batch.kinds.{settings.kind}").made(settings, source)
    return made
