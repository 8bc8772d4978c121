"""Rows that are pictures: each with its patches, small ones of all for the table, and what each place says over all of them."""

import base64
import io
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from batch.settings import Settings
from batch.summary import Group, Player
from model.image.covered import SIDE
from model.image.images import read_image
from model.image.patches import grid_labels, on_original, patch_names
from ui.draw.charts import TOOLBAR, diverging, plotly
from ui.image.picture import ImagePicture, overlay
from ui.image.request import ImageAbout, ImageRequest, Regions
from ui.image.source import smaller
from ui.sets.kept import AFTER_DELETING
from xai.typing import Floats

BLANK = 240  # pixels a side of what stands for a picture that is not there
THUMB = 96  # of the longer side of a small one


@lru_cache(maxsize=64)
def _read(path: Path, written: int) -> Image.Image:
    return smaller(read_image(path.read_bytes(), path.name))


def seen(path: Path | None) -> Image.Image | None:
    """A picture with at most 480 pixels a side; None where there is none that can be read."""
    try:
        return None if path is None else _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


def _seen_or_blank(path: Path | None) -> Image.Image:
    return seen(path) or Image.new("RGB", (BLANK, BLANK), "white")


def regions_of(settings: Settings, image: Image.Image) -> Regions:
    """(height, width): the patch of each pixel."""
    return on_original(grid_labels(settings.patches, SIDE), image.height, image.width)


def picture_of_image(settings: Settings, row: dict[str, Any], path: Path | None) -> ImagePicture:
    """How a row is drawn. path : of its picture, None where that is lost"""
    image = _seen_or_blank(path)
    about = ImageAbout(row["output"], [], (SIDE, SIDE), regions_of(settings, image))
    return ImagePicture(ImageRequest("", absent=settings.absence), about, image, row["output"], name=row["id"])


def small(settings: Settings, path: Path | None, values: list[float | None], scale: float) -> str:
    """A link that holds a small picture, its patches coloured by values on the scale −scale … +scale."""
    known = tuple(value or 0.0 for value in values)
    return _small(path, 0 if path is None or not path.exists() else path.stat().st_mtime_ns, settings.patches, known, scale)


@lru_cache(maxsize=512)  # a page draws them again at every click
def _small(path: Path | None, written: int, grid: tuple[int, int], values: tuple[float, ...], scale: float) -> str:
    image, out = smaller(_seen_or_blank(path), THUMB), io.BytesIO()
    regions = on_original(grid_labels(grid, SIDE), image.height, image.width)
    overlay(image, regions, np.array(values), scale).save(out, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


AFTER_DELETING.extend([_read.cache_clear, _small.cache_clear])


def by_place(group: Group, grid: tuple[int, int]) -> Any:
    """A Plotly figure of the mean value at each place of all pictures of a group, as the grid lies over them."""
    rows, columns = grid
    named = [[group.players.get(name, Player(name)) for name in line] for line in _lines(grid)]
    means: Floats = np.array([[one.mean if one.rows else 0.0 for one in line] for line in named])
    reach = float(np.abs(means).max()) or 1.0
    drawn = plotly().Heatmap(
        z=means,
        zmin=-reach,
        zmax=reach,
        colorscale=diverging(1),
        customdata=[[[escape(one.name), f"{one.mean_absolute if one.rows else 0:.4f}"] for one in line] for line in named],
        hovertemplate="%{customdata[0]}: mean %{z:+.4f}, mean magnitude %{customdata[1]}<extra></extra>",
        colorbar={"title": {"text": "mean value"}, "tickformat": "+.2g"},
        xgap=1,
        ygap=1,
    )
    layout = {
        "height": 400,
        "margin": {"l": 10, "r": 12, "t": TOOLBAR, "b": 10},
        "xaxis": {"visible": False, "constrain": "domain"},
        "yaxis": {
            "visible": False,
            "range": [rows - 0.5, -0.5],
            "scaleanchor": "x",
            "scaleratio": columns / rows,
            "constrain": "domain",
        },
        "plot_bgcolor": "rgba(128,128,128,0.12)",
    }
    return plotly().Figure(drawn, layout)


def _lines(grid: tuple[int, int]) -> list[list[str]]:
    """Names of patches, line by line."""
    names, columns = patch_names(grid), grid[1]
    return [names[start : start + columns] for start in range(0, len(names), columns)]
