"""Which language models Swing explains, and how each may be scored: docs/models.md.

    python -m benchmarks.languages           writes the matrix anew, in about a minute

Each row is a tiny random checkpoint, written to a directory and loaded from it as anybody's would be; the columns are what
its handshake found (model/text/handshake.py), and what the values of a game are off those of plain passes.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import model  # before torch, for the setting of its threads
from benchmarks.languages.networks import NETWORKS, write
from model.text.scoring import WholeScorer

FILE = Path(__file__).parents[2] / "docs" / "models.md"
BEGIN, END = "<!-- python -m benchmarks.languages -->", "<!-- end -->"
HEAD = "| Architecture | In it | Words left out | Words hidden | Many prompts continued | Off plain passes | Said of it |\n"
PROMPT, TARGET = "Count: one two three four five six seven eight nine ten, and the acting is superb", " eleven"
NAMES = {"prefix": "prefix cache", "batches": "batches", "whole": "whole passes", "": "refused"}


def row(title: str, particular: str, configuration: str, settings: dict[str, Any], folder: Path) -> str:
    """A row of the matrix."""
    try:
        directory = write(folder / configuration, configuration, settings)
        loaded = model.load_model(directory, device="cpu")
    except ValueError as error:
        return f"| {title} | {particular} | refused | refused | refused | | {said(str(error), folder)} |\n"
    found = loaded.handshake
    off = max(apart(loaded, absent) for absent in ("remove", "replace", *["hole"] * bool(found.hidden)))
    lines = ". ".join(re.sub(r": [\d.]+ × slower", "", line) for line in found.lines)
    on = "yes" if found.reads else "refused"
    return f"| {title} | {particular} | {NAMES[found.removed]} | {NAMES[found.hidden]} | {on} | {off:.0e} | {lines} |\n"


def apart(loaded: model.local.LocalModel, absent: str) -> float:
    """Largest difference between a game's values and plain passes, natural log-probability."""
    game = loaded.text_game(PROMPT, TARGET, "word", absent)
    z = np.random.default_rng(0).random((12, game.n_players)) < 0.5
    start = game._ids[: game._start]
    place, game._in_place = game._in_place, absent == "hole"  # where hidden words stay behind a mask
    plain = WholeScorer(loaded.model, loaded.lock, start, game._target).score([game._sequence(row) for row in z])
    game._in_place = place
    return float(np.abs(game(z) - plain).max())


def said(sentence: str, folder: Path) -> str:
    """Without the folder's name."""
    return re.sub(rf"{re.escape(str(folder))}/\S+ ", "", sentence)


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        rows = [row(*network, Path(work) / str(i)) for i, network in enumerate(NETWORKS)]
    table = f"{BEGIN}\n\n{HEAD}|{'---|' * 7}\n{''.join(rows)}\n{END}"
    text = FILE.read_text()
    FILE.write_text(text[: text.index(BEGIN)] + table + text[text.index(END) + len(END) :])
    print("".join(rows))


if __name__ == "__main__":
    main()
