"""The engine: which coalitions to ask for, and what their values say about each player."""

from xai.agreement import Agreement, agreement
from xai.attribution import Attribution
from xai.explain import explain
from xai.interactions import Interactions, interactions
from xai.ledger import Cancelled, Ledger
from xai.ranks import Bracket, Ranks, separable, ties

__all__ = [
    "Agreement",
    "Attribution",
    "Bracket",
    "Cancelled",
    "Interactions",
    "Ledger",
    "Ranks",
    "agreement",
    "explain",
    "interactions",
    "separable",
    "ties",
]
