"""Scores of a document's sentences by other methods, written from their papers, and by Swing, each within a number of tokens.

All but attention ask one game: sentences are left out of the prompt, and the value is the answer's log-probability. What
an evaluation costs is counted in the tokens that are left, as a plain pass reads them, whatever is shared in fact.
"""

import numpy as np
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

from model.document.game import BEFORE, DocumentGame, prompt_of
from model.document.parts import Passage
from model.local import LocalModel
from xai import Part, explain, explain_tree

GROUPS = 5  # TracLLM's K: so many texts stay at each step of its search
ALPHA = 0.01  # ContextCite's
LEAST = 64  # evaluations of the first look


class Sentences:
    """A document's game with its sentences as players: bool (m, n) → (m,).

    gemma, game, question : of the document;  parts, paths : its sentences, and where they lie in its tree
    whole : tokens of the whole prompt;  mean : of one of which each sentence is there with ½;  spent : tokens asked for
    """

    def __init__(self, gemma: LocalModel, game: DocumentGame, question: str) -> None:
        self.gemma, self.game, self.question = gemma, game, question
        self.paths, self.parts = [], []
        for path, part in game.root.walk():
            above = any(path[: len(one)] == one for one in self.paths)
            if not above and (part.kind == "sentence" or not part.parts or all(one.kind == "word" for one in part.parts)):
                self.paths.append(path)
                self.parts.append(part)
        self.n_players, self.batch_size = len(self.parts), game.batch_size
        self.labels = [part.label(game.text) for part in self.parts]
        self._owner = np.repeat(np.arange(self.n_players), [part.last - part.first for part in self.parts])
        self._tokens = np.array([part.tokens for part in self.parts])
        self._fixed, self.spent = game.tokens - game.root.tokens, 0.0
        self.whole, self.mean = game.tokens, game.tokens - game.root.tokens / 2

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        coalitions = np.asarray(coalitions, bool)
        self.spent += float((coalitions @ self._tokens).sum()) + self._fixed * len(coalitions)
        return self.game(coalitions[:, self._owner])[:, 0]


def leave_one_out(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """What each sentence's removal alone takes: a whole reading for each."""
    n = sentences.n_players
    values = sentences(np.concatenate([np.ones((1, n), bool), ~np.eye(n, dtype=bool)]))
    return values[0] - values[1:]


def contextcite(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """A sparse linear model of the logit of the answer's probability (Cohen-Wang et al. 2024), each sentence in with ½."""
    n, count = sentences.n_players, int(tokens / sentences.mean)
    drawn = np.random.default_rng(seed).random((count, n)) < 0.5
    logs = np.minimum(sentences(drawn), -1e-7)
    logit = logs - np.log1p(-np.exp(logs))
    scale = StandardScaler().fit(drawn)
    fitted = Lasso(alpha=ALPHA, random_state=0).fit(scale.transform(drawn), StandardScaler().fit_transform(logit[:, None])[:, 0])
    return fitted.coef_ / scale.scale_


def tracllm(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """Search by halves (Wang et al. 2025): of twice `GROUPS` groups those that contribute most stay, until they are sentences.

    A group contributes what it gives alone, or what its removal takes, whichever is more, each as a share of the largest.
    What was left behind earlier scores less than what stayed. It asks for what it needs, whatever the tokens.
    """
    n = sentences.n_players
    scores, level = np.zeros(n), 0
    groups = [part.tolist() for part in np.array_split(np.arange(n), min(2 * GROUPS, n))]
    nothing, everything = sentences(np.array([[False] * n, [True] * n]))
    while True:
        member = np.array([[i in group for i in range(n)] for group in groups])
        values = sentences(np.concatenate([member, ~member]))
        alone, without = values[: len(groups)] - nothing, everything - values[len(groups) :]
        both = np.maximum(*(one / max(np.abs(one).max(), 1e-9) for one in (alone, without)))
        for group, one in zip(groups, both):
            scores[group] = 3.0 * level + one
        if all(len(group) == 1 for group in groups):
            return scores
        best = [groups[i] for i in np.argsort(-both)[:GROUPS]]
        groups = [half.tolist() for group in best for half in np.array_split(group, 2) if len(half)]
        level += 1


def attention(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """Attention of the answer's tokens to a sentence's, averaged over layers, heads and tokens: one reading."""
    import torch

    gemma, game = sentences.gemma, sentences.game
    model, prompt, answer = gemma.model, gemma.encode(prompt_of(game.text, sentences.question)), gemma.target_ids(game.target)
    ids = prompt.ids
    own = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            seen = model(torch.tensor([ids + answer]), output_attentions=True).attentions
    finally:
        model.set_attn_implementation(own)
    mean = torch.stack([layer[0, :, len(ids) - 1 : -1].mean((0, 1)) for layer in seen]).mean(0).numpy()
    sentences.spent += len(ids) + len(answer)
    low, ends = len(BEFORE), np.array([len(BEFORE) + part.end for part in sentences.parts])
    of = [int(np.searchsorted(ends, span[1])) if span and low < span[1] <= ends[-1] else -1 for span in prompt.spans]
    return np.array([np.mean([mean[j] for j, owner in enumerate(of) if owner == i]) for i in range(sentences.n_players)])


def swing(sentences: Sentences, tokens: float, seed: int, index: str = "banzhaf") -> np.ndarray:
    """Values of the sentences; one whose part was not opened has its share of what that is worth."""

    def tree(passage: Passage, path: tuple[int, ...]) -> Part:
        label = passage.label(sentences.game.text)
        if path in number:
            return Part(label, leaves=(number[path],))
        return Part(label, parts=tuple(tree(part, (*path, i)) for i, part in enumerate(passage.parts)))

    number = {path: i for i, path in enumerate(sentences.paths)}
    found = explain_tree(sentences, tree(sentences.game.root, ()), index, int(tokens / sentences.mean), seed)
    scores = []
    for path in sentences.paths:
        at = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in found.nodes)
        scores.append(found.nodes[at].value / found.nodes[at].players)
    return np.array(scores)


def swing_flat(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """Banzhaf values of all sentences at once, without a tree."""
    return explain(sentences, "banzhaf", "auto", int(tokens / sentences.mean), seed).values


def read_once(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """Swing's first look: the same search where all is read once, and parts are hidden from the question alone."""
    gemma, game = sentences.gemma, sentences.game
    once = Sentences(gemma, DocumentGame(gemma, game.text, sentences.question, game.target, "read-once"), sentences.question)
    count = max(once.game.per_reading, LEAST)
    scores = swing(once, count * once.mean, seed)
    sentences.spent += once.whole + count * once.game.work
    return scores


def swing_shapley(sentences: Sentences, tokens: float, seed: int) -> np.ndarray:
    """The same by Shapley values."""
    return swing(sentences, tokens, seed, "shapley")


METHODS = {
    "leave one out": leave_one_out,
    "ContextCite": contextcite,
    "TracLLM": tracllm,
    "attention": attention,
    "Swing, first look": read_once,
    "Swing, tree": swing,
    "Swing, tree, Shapley": swing_shapley,
    "Swing, flat": swing_flat,
}
