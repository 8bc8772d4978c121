"""What a row can be: how a kind is found by its settings, and what it gives."""

from batch.kinds.contract import Asked, Asker, Kind, Rows
from batch.kinds.known import kind_of

__all__ = ["Asked", "Asker", "Kind", "Rows", "kind_of"]
