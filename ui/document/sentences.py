"""What is said of a study, on the page and in its report."""

from collections.abc import Callable

import numpy as np

from ui.document import tree
from ui.document.run import Study
from ui.draw.colour import signed
from ui.draw.judgements import Said, said_of
from ui.draw.markdown import plain, short
from ui.names import INDICES
from xai import Hierarchy
from xai.hierarchy.found import Path, Redundant

Quote = Callable[[str], str]
MOST_NAMED = 3  # redundant pairs
TOGETHER = "“acting together” in the tree"
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
    """The part that carries most of what the document changes."""
    found, first = tree.heaviest(study, column), next(iter(study.found.values()))
    change = tree.value(first.nodes[()], column)
    subject = "As far as the question sees it, the document" if study.once else "The document"
    whole = f"{subject} changes {quantity(column)} by {signed(change, 2)}."
    if found is None:
        return f"{whole} No part carries half of it."
    path, part = found
    text = quote(short(part.label(study.text), 90))
    return f"{whole} Most of it stands on {text} ({signed(tree.value(first.nodes[path], column), 2)})."


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
    name, around = quote(study.root.at(path).label(study.text)), study.sentence_of(path)
    return name if around == path else f"{name} in {quote(study.root.at(around).label(study.text))}"


def judged(study: Study, index: str, column: int) -> Said:
    """The three judgements of the parts that the search opened."""
    shown = tree.map_of(study, study.found[index], study.by_search, column)
    return said_of(study.judged[index][column], shown, "parts", quantity(column), TOGETHER)
