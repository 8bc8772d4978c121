"""A study as one HTML page that needs nothing else: no network, no script, no model."""

import json

from markupsafe import Markup

from ui.document import picture, sentences, tree
from ui.document.keep.runs import name_of
from ui.document.run import Study
from ui.draw.colour import LIKELIHOOD, legend, shared_scale, signed
from ui.draw.html import render
from ui.names import INDICES
from xai.exchange.colour import with_error
from xai.hierarchy.found import Path

Line = tuple[int, str, list[str]]  # how far it is moved in, name, a cell for each index


def html_report(study: Study, made: str = "") -> Markup:
    """The report: the document coloured by both indices, the tree with its sums, each sentence of the answer, the judgements.

    made : when, in words. ValueError where a run goes on: its values are not settled
    """
    if study.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    maps = tree.maps(study, 0)
    scale, quote = shared_scale(*maps.values()), sentences.quoted
    judged = [(INDICES[index], sentences.judged(study, index, 0)) for index in study.judged]
    panes = [
        (INDICES[index], picture.minimap(study, one, scale, ()), picture.section(study, one, scale, (), most=len(study.text)))
        for index, one in maps.items()
    ]
    settings = {name: value for name, value in study.request.to_settings().items() if name != "text"}
    return render(
        "study",
        title=name_of(study.request),
        said=sentences.said_by(study),
        answer=study.target.strip(),
        about=_about(study, made),
        headlines=[sentences.headline(study, 0, quote), *sentences.uncarried(study), *sentences.redundant(study, 0, quote)],
        panes=panes,
        legend=legend(scale, LIKELIHOOD),
        judgements=render("judgements", judged=[(name, one.headline, one.sentences) for name, one in judged]) if judged else "",
        names=[INDICES[index] for index in study.found],
        lines=_lines(study, ()),
        citations=picture.citations(study) if len(study.outputs) > 1 else "",
        rule=sentences.RULE,
        settings=[(name, one if isinstance(one, str) else json.dumps(one)) for name, one in settings.items()],
    )


def _about(study: Study, made: str) -> str:
    cut = "This run was cancelled: the values are of what had been computed." if study.state == "partial" else ""
    model = f"Model {study.model}." if study.model else ""
    size = f"{study.root.last:,} words, {study.root.tokens:,} tokens in {len(study.frontier)} parts."
    return " ".join(filter(None, [made, cut, model, size, f"{study.ledger.evaluations} coalitions were evaluated in all."]))


def _lines(study: Study, path: Path) -> list[Line]:
    """A part, and where it is opened its children and what they add up to."""
    row, level = tree.row_of(study, path, 0), len(path)
    found = [(level, row.name, [with_error(*both) for both in zip(row.values, row.errors)])]
    if path in study.opened:
        for i in range(len(study.root.at(path).parts)):
            found += _lines(study, (*path, i))
        _, sums = tree.rows_below(study, path, 0)
        found += [(level + 1, one.name, [signed(value) for value in one.values]) for one in sums]
    return found
