"""The engine: which coalitions to ask for, and what their values say about each player."""

from xai.attribution import Attribution
from xai.explain import explain
from xai.interactions import Interactions, interactions
from xai.ledger import Cancelled, Ledger
from xai.preliminary import preliminary
from xai.trust.agreement import Agreement, agreement
from xai.trust.control import Control, shuffled_control
from xai.trust.fidelity import Fidelity, fidelity, fidelity_cost
from xai.trust.ranks import Bracket, Ranks, separable, ties
from xai.trust.verdict import verdict

__all__ = ["Agreement", "Attribution", "Bracket", "Cancelled", "Control", "Fidelity", "Interactions", "Ledger", "Ranks"]
__all__ += ["agreement", "explain", "fidelity", "fidelity_cost", "interactions", "preliminary", "separable"]
__all__ += ["shuffled_control", "ties", "verdict"]
