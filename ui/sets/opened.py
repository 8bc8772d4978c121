"""A row of a data set asked on the page of its kind: the same input, plan and seed, as a usual run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from batch.row import seed_of
from batch.settings import Settings
from model.files.reader import MAX_BYTES
from ui.draw.markdown import said
from ui.image.request import GRIDS, PHOTOS, ImageRequest, ImageState
from ui.image.run import class_names
from ui.image.source import take as take_picture
from ui.maps.picture import Picture
from ui.names import DEFAULT_PANES, PANES, Pane
from ui.runs.comparison import Plan
from ui.sets.kept import Kept
from ui.shell.bench import bench
from ui.table.ask import take as take_table
from ui.table.request import EXACT, TableRequest
from ui.table.run import TableState
from ui.table.source import uploaded
from ui.text.picture import TextPicture

ICONS = {"text": ":material/notes:", "image": ":material/image:", "table": ":material/table:"}
SEED = 0  # by which the Table page fits


def offer(row: dict[str, Any], kept: Kept, settings: Settings, picture: Picture, cells: Any) -> None:
    """A button that takes a row to its page, with what was asked; none where that page would ask something else."""
    if cells is None or not _fits(settings, picture, Path(kept.asked.source)):
        return
    page = settings.kind
    if not st.button(f"Ask this row on the {page.title()} page", key="sets-open", icon=ICONS[page]):
        return
    plan = plan_of(settings, row["id"])
    try:
        if isinstance(picture, TextPicture):
            _go(page, bench(page, type(None)), replace(picture.request, plan=plan), row, kept)
        elif isinstance(cells, Path):
            _go(page, bench(page, ImageState), _of_picture(row, cells, settings, plan), row, kept)
        else:
            _go(page, bench(page, TableState), _of_table(row, kept, settings), row, kept)
    except (OSError, ValueError) as error:
        st.error(said(str(error)))


def _fits(settings: Settings, picture: Picture, source: Path) -> bool:
    if settings.kind == "image":
        rows, columns = settings.patches
        return rows == columns and rows in GRIDS
    if settings.kind == "table":
        small = source.is_file() and source.stat().st_size <= MAX_BYTES and source.suffix not in (".jsonl", ".ndjson")
        return small and settings.model is None and settings.table is None and settings.seed == SEED
    return isinstance(picture, TextPicture)


def plan_of(settings: Settings, id: str) -> Plan:
    """What a row was asked, as a page asks it; the usual maps where a page offers no such."""
    left, right = Pane("banzhaf", settings.banzhaf_method), Pane("shapley", settings.shapley_method)
    if settings.index != "both" or left not in PANES or right not in PANES:
        left, right = DEFAULT_PANES
    return Plan(left, right, settings.budget, seed_of(settings.seed, id), settings.stop_when_sure)


def _of_picture(row: dict[str, Any], path: Path, settings: Settings, plan: Plan) -> ImageRequest:
    """The picture is one of the session's from now on. Asked is its class alone, as here."""
    source, names = take_picture(path.read_bytes(), path.name), class_names()
    wanted = names.index(row["output"]) if row["output"] in names else None
    return ImageRequest(source, PHOTOS, settings.patches[0], absent=settings.absence, wanted=wanted, plan=plan)


def _of_table(row: dict[str, Any], kept: Kept, settings: Settings) -> TableRequest:
    """The table is on its page from now on."""
    path = Path(kept.asked.source)
    source = uploaded(path.name, path.read_bytes())
    take_table(bench("table", TableState), source)
    left_out = tuple(filter(None, [settings.id]))
    return TableRequest(source.name, source.digest, False, str(settings.target), left_out=left_out, row=row["row"], plan=EXACT)


def _go(page: str, there: Any, request: Any, row: dict[str, Any], kept: Kept) -> None:
    there.leave()
    there.brought = request
    there.outcome = "cancelled", f"Row {row['row']:,} of {kept.asked.name} is in the fields; Explain asks it here."
    st.switch_page(f"ui/{page}/page.py")
