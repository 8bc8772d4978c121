"""The engine: which coalitions to ask for, and what their values say about each player."""

from xai.attribution import Attribution
from xai.compare.agreement import Agreement, agreement
from xai.compare.ranks import Bracket, Ranks, separable, ties
from xai.estimators.methods import Complete, completing
from xai.estimators.two_fidelity import two_fidelity
from xai.exchange.games import game_of
from xai.exchange.given import to_shap
from xai.exchange.rows import explain_rows
from xai.exchange.taken import from_shap, from_shapiq
from xai.explain import explain
from xai.hierarchy.found import Hierarchy
from xai.hierarchy.judged import judge_tree, judging_cost
from xai.hierarchy.parts import Part
from xai.hierarchy.walk import explain_tree, opening_cost
from xai.interactions import Interactions, interactions
from xai.ledger import Cancelled, Ledger
from xai.preliminary import judge_early, preliminary
from xai.trust.control import Control, shuffled_control
from xai.trust.fidelity import Fidelity, fidelity, fidelity_cost
from xai.trust.judge import Judgement, judge
from xai.trust.randomised import Randomised, Redrawn, randomised_budget, randomised_control

__all__ = ["Agreement", "Attribution", "Bracket", "Cancelled", "Complete", "Control", "Fidelity", "Hierarchy"]
__all__ += ["Interactions", "Judgement", "Ledger", "Part", "Randomised", "Ranks", "Redrawn"]
__all__ += ["agreement", "completing", "explain", "explain_rows", "explain_tree", "fidelity", "fidelity_cost"]
__all__ += ["from_shap", "from_shapiq", "game_of", "interactions", "judge", "judge_early"]
__all__ += ["judge_tree", "judging_cost", "opening_cost", "preliminary"]
__all__ += ["randomised_budget", "randomised_control", "separable", "shuffled_control", "ties", "to_shap", "two_fidelity"]
