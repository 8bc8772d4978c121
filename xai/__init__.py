"""The engine: which coalitions to ask for, and what their values say about each player."""

from xai.attribution import Attribution
from xai.explain import explain
from xai.ledger import Cancelled, Ledger

__all__ = ["Attribution", "Cancelled", "Ledger", "explain"]
