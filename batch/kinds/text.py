"""Rows that are texts: a template makes a prompt of each, and parts of one field are the players."""

import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch.kinds.contract import Asked
from batch.kinds.weights import weights_of
from batch.settings import Settings
from batch.sources.images import Images
from batch.sources.source import Bad, Source, missing
from model.text.text_game import MAX_PLAYERS, MAX_PROMPT
from xai.game import JoinedGame

if TYPE_CHECKING:
    from model.local import LocalModel

MAX_ANSWER = 20  # tokens of the model's own answer
NODE_COST = 1.1  # the speed by which `model.text.ways` decides: a measured one would make last bits depend on the hour

Piece = tuple[str, str | None]  # text that stands there, and the field after it


def pieces_of(template: str, what: str) -> list[Piece]:
    """A template cut at its fields; ValueError for anything in braces but a plain name."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{what} {template!r} has a brace too many or too few: write {{{{ and }}}} for braces") from error
    for _, name, spec, conversion in parsed:
        if name is not None and (not name or spec or conversion):
            raise ValueError(f"{what} {template!r} may hold names of columns in braces, and nothing else in them")
    return [(text, name) for text, name, _, _ in parsed]


@dataclass(frozen=True)
class TextKind:
    settings: Settings
    prompt: list[Piece]
    explained: str
    frames = False
    memory = 2.0e9

    @property
    def needs(self) -> list[str]:
        asked = self.settings
        texts = [self.prompt, *(pieces_of(text, "the target") for text in (asked.target, asked.against) if text)]
        return list(dict.fromkeys(name for pieces in texts for _, name in pieces if name is not None))

    def fingerprint(self) -> dict[str, str]:
        return {"model": weights_of(self.settings.model)}

    @contextmanager
    def opened(self) -> Iterator["TextAsker"]:
        import torch

        from model import load_gemma
        from model.precision import FULL
        from model.text.ways import decide_by

        before = torch.get_num_threads()
        torch.set_num_threads(1)  # how sums are cut between threads decides their last bits; cores are for processes
        try:
            gemma = load_gemma(self.settings.model, precision=FULL)  # which numbers are faster depends on the hour as well
            with decide_by(gemma.model, NODE_COST):
                yield TextAsker(self, gemma)
        finally:
            torch.set_num_threads(before)


class TextAsker:
    def __init__(self, kind: TextKind, gemma: "LocalModel") -> None:
        self._kind, self._gemma = kind, gemma

    def asked(self, rows: Any) -> Iterator[Asked | Exception]:
        for row in rows:
            try:
                yield self._one(row)
            except Exception as error:  # of the model too: it is this row's, and the run goes on
                yield error

    def _one(self, row: Any) -> Asked:
        if isinstance(row, Bad):
            raise ValueError(row.why)
        settings, gemma = self._kind.settings, self._gemma
        prompt, within = filled(self._kind.prompt, row, self._kind.explained)
        if len(prompt) > MAX_PROMPT:
            raise ValueError(f"the prompt has {len(prompt):,} characters; at most {MAX_PROMPT:,} are read")
        spans = gemma.encode(prompt).split(settings.players, within)
        if not 2 <= len(spans) <= MAX_PLAYERS:
            raise ValueError(f"there are {len(spans)} {settings.players}s to explain; 2 to {MAX_PLAYERS} are allowed")
        if settings.target is None:
            target = gemma.generate(prompt, max_new_tokens=MAX_ANSWER, stop=None if gemma.chat else "\n")
            if not target.strip():
                raise ValueError("the model answers this prompt with nothing: end the template so that an answer follows")
        else:
            target = filled(pieces_of(settings.target, "the target"), row)[0]
        game = gemma.text_game(prompt, target, spans, settings.absence)
        if settings.against is None:
            return Asked(game, target)
        other = filled(pieces_of(settings.against, "the other answer"), row)[0]
        if other == target:
            raise ValueError("the other answer is the same as the target")
        rival = gemma.text_game(prompt, other, spans, settings.absence).begin_where(game)
        both = JoinedGame(game, rival)
        return Asked(both, f"{target} rather than {other}", both.difference)


def filled(pieces: list[Piece], row: dict[str, Any], explained: str | None = None) -> tuple[str, tuple[int, int]]:
    """The text with a row's cells in it, and where the explained one lies; ValueError for a cell that is missing."""
    text, within = "", (0, 0)
    for between, name in pieces:
        text += between
        if name is not None:
            cell = row.get(name)
            if missing(cell) or isinstance(cell, (dict, list, bytes)):
                raise ValueError(f"the row has no text in {name!r}" if missing(cell) else f"{name!r} holds no single text")
            cell = str(cell)
            if name == explained:
                within = len(text), len(text) + len(cell)
                if not cell.strip():
                    raise ValueError(f"the row has no text in {name!r}")
            text += cell
    return text, within


def made(settings: Settings, source: Source) -> TextKind:
    if isinstance(source, Images):
        raise ValueError(f"{source.name} is a folder of pictures: ask for --kind image")
    pieces = pieces_of(settings.template, "the template")
    names = [name for _, name in pieces if name is not None]
    if not names:
        raise ValueError(f"the template {settings.template!r} has no field: write a column's name in braces, as {{text}}")
    if settings.explain is None and len(set(names)) != 1:
        raise ValueError(f"the template names {len(set(names))} columns: say with --explain which one's parts are players")
    explained = settings.explain or names[0]
    if names.count(explained) != 1:
        raise ValueError(f"{explained!r} must stand in the template once; it stands there {names.count(explained)} times")
    return TextKind(settings, pieces, explained)
