"""What is said of a study, on the page and in its report."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.document.marks import title_of
from model.document.parts import LABEL
from ui.document import tree
from ui.document.run import Study
from ui.draw.colour import signed
from ui.draw.judgements import Said, said_of
from ui.draw.markdown import plain
from ui.names import INDICES
from xai import Hierarchy
from xai.hierarchy.found import Path, Redundant

Quote = Callable[[str], str]
MOST_NAMED = 3  # redundant pairs
TOGETHER = "“acting together” in the tree"
BUT_WORDS = "That is of sentences and larger parts; words are estimates, as sure as their ± says."
BEYOND = 1.25  # times the change, above which a part is said to carry more than it
UNCARRIED = (
    "The answer is unsupported: no single part makes it at least twice as likely (+0.69), beyond two standard errors, and "
    "carries a third of what the document changes."
)
RULE = (
    "Banzhaf values. A sentence is unsupported where no part makes it at least twice as likely (+0.69), beyond two standard "
    "errors, and carries a third of what the document changes."
)


def bold(text: str) -> str:
    """Quoted in Markdown."""
    return f"**“{plain(text, 90)}”**"


def quoted(text: str) -> str:
    return f"“{text}”"


def said_by(study: Study) -> str:
    return "The model answered" if study.request.target is None else "The answer you typed"


def quantity(column: int) -> str:
    """What values are changes of."""
    return "the answer’s log-probability" if column == 0 else "that sentence’s log-probability"


def headline(study: Study, column: int, quote: Quote = bold) -> str:
    """The part that carries most of what the document changes, or those of which each does."""
    found, first = tree.heaviest(study, column), next(iter(study.found.values()))
    change = tree.value(first.nodes[()], column)
    subject = "As far as the question sees it, the document" if study.once else "The document"
    whole = f"{subject} changes {quantity(column)} by {signed(change, 2)}."
    named = [f"{called(study, path, quote)} ({signed(tree.value(first.nodes[path], column), 2)})" for path in found]
    if not named:
        return f"{whole} No part carries half of it."
    if len(named) == 1:
        beyond = abs(tree.value(first.nodes[found[0]], column)) > BEYOND * abs(change)
        told = f"More stands on {named[0]}; the rest takes some of it back." if beyond else f"Most of it stands on {named[0]}."
        return f"{whole} {told}"
    others = named[1:MOST_NAMED] + [f"{len(named) - MOST_NAMED} more"] * (len(named) > MOST_NAMED)
    return f"{whole} At least half of it is carried by each of {', '.join([named[0], *others[:-1]])} and {others[-1]}."


def called(study: Study, path: Path, quote: Quote) -> str:
    """A part by its title or its text; of a longer one without a title, that it begins so."""
    part = study.root.at(path)
    label, text = part.label(study.text), study.text[part.start : part.end]
    if part.kind in ("sentence", "word") or label == " ".join(text.split()):
        return quote(label)
    titled = title_of(text[: 4 * LABEL]) is not None and part.kind in ("chapter", "passage")
    return f"the {part.kind if titled else 'part that begins'} {quote(label)}"


def uncarried(study: Study) -> list[str]:
    """That no part carries an answer of one sentence, where that is so; of several, the table of sentences says it."""
    if study.once or len(study.outputs) > 1 or tree.support(study, 0):
        return []
    return [UNCARRIED]


def redundant(study: Study, column: int, quote: Quote = bold) -> list[str]:
    """Pairs of parts of which either is enough: what is lost without them, and the share that each has of the values."""
    if study.once:  # what is lost without a part is told by its removal alone
        return []
    first = next(iter(study.found.values()))
    found: dict[tuple[Path, Path], Redundant] = {}
    for pair in first.redundant:
        one, other = (study.sentence_of(path) for path in pair.paths)
        if _either_does(pair, column):
            found.setdefault((one, other), pair)  # the same two sentences may hold several such pairs of words
    return [_redundant(study, first, pair, column, quote) for pair in found.values()][:MOST_NAMED]


def _either_does(pair: Redundant, column: int) -> bool:
    """Pairs are found by all outputs together; it need not be so of this one."""
    one, other, both = (abs(loss) for loss in _lost(pair, column))
    return both >= tree.DOUBLES and one + other <= both / 2


def _lost(pair: Redundant, column: int) -> list[float]:
    return [float(np.ravel(lost)[column]) for lost in (pair.without_first, pair.without_second, pair.without_both)]


def _redundant(study: Study, first: Hierarchy, pair: Redundant, column: int, quote: Quote) -> str:
    one, other = (_named(study, path, quote) for path in pair.paths)
    alone, too, both = (signed(-lost, 2) for lost in _lost(pair, column))
    shares = " and ".join(signed(tree.value(first.nodes[path], column), 2) for path in pair.paths)
    return (
        f"{one} and {other} stand for each other: taking out the one changes {quantity(column)} by {alone}, the other by {too}, "
        f"both by {both}; their {INDICES[first.index]} are {shares}, a share for each."
    )


def _named(study: Study, path: Path, quote: Quote) -> str:
    """A part; a word with the sentence in which it stands."""
    name, around = called(study, path, quote), study.sentence_of(path)
    return name if around == path else f"{name} in {called(study, around, quote)}"


def judged(study: Study, index: str, column: int) -> Said:
    """The three judgements of the parts that the search opened."""
    shown = tree.map_of(study, study.found[index], study.by_search, column)
    found = said_of(study.judged[index][column], shown, "parts", quantity(column), TOGETHER)
    return replace(found, headline=f"{found.headline} {but_words(study, index, column)}".strip())


def but_words(study: Study, index: str, column: int) -> str:
    """What is to be said behind "exact", which is said of sentences whole, where words of them are shown; else nothing."""
    nodes = study.found[index].nodes
    estimated = any(tree.error(nodes[path], column) > 0.0 for path in study.frontier)
    return BUT_WORDS if estimated and study.judged[index][column].worth == "exact" else ""
