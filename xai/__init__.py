"""The engine: which coalitions to ask for, and what their values say about each player."""

from xai.attribution import Attribution
from xai.explain import explain
from xai.interactions import Interactions, interactions
from xai.ledger import Cancelled, Ledger
from xai.preliminary import preliminary
from xai.ranks import Ranks, separable

__all__ = [
    "Attribution",
    "Cancelled",
    "Interactions",
    "Ledger",
    "Ranks",
    "explain",
    "interactions",
    "preliminary",
    "separable",
]
