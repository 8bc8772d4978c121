"""A prompt: its text, its tokens, and which tokens belong to which player.

Everything here works on one tokenisation of the whole prompt and on character offsets; text is never cut up and
tokenised again, because "thin" and " thin" are different tokens.
"""

import bisect
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from model.conversation import Piece, applied, turns_of
from model.text.segments import Span, lines, sentences, words

Players = bool | str | Iterable[Span]  # of a picture's prompt: none, words, one of PLAYERS, or spans

PLAYERS = ("token", "word", "sentence", "line", "turn")
IMAGE_TOKENS = ("<start_of_image>", "<end_of_image>", "<image_soft_token>")

_PLACE = "\ue000"  # a private character: where a template puts the prompt
SPLIT = {"word": words, "sentence": sentences, "line": lines}


def check_text(text: object, what: str) -> None:
    """TypeError if `text` is no str; ValueError if it holds what no tokenizer should see."""
    if not isinstance(text, str):
        raise TypeError(f"the {what} must be a string; got {type(text).__name__}")
    for position, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t\r":
            raise ValueError(
                f"the {what} has the control character U+{ord(character):04X} at position {position}; "
                "only line breaks and tabs are allowed: remove it"
            )


class Prompt:
    """A tokenised prompt.

    Attributes
    ----------
    text : the prompt as given;  read : what the model reads of it, the chat template applied
    ids : its tokens, special tokens and chat template included
    turns : where each turn of a conversation (`model.conversation`) lies in `text`; [] of a prompt that is none
    spans : for each token its (start, end) in `text`; None for tokens that can never be players (special tokens, the
        template's own)
    """

    def __init__(
        self, tokenizer: Any, text: str, chat: bool = False, picture: tuple[str, str] | None = None, start: int | None = None
    ) -> None:
        """picture : what a chat template writes for a picture that stands before the text, and what the processor writes
            instead; None where there is none

        start : a token to put before all, where the tokenizer puts none
        """
        check_text(text, "prompt")
        if not text.strip():
            raise ValueError("the prompt is empty: write what the model should read")
        turns = turns_of(text) if chat and picture is None else []
        if turns:
            self.read, pieces = applied(tokenizer, text, turns)
        else:
            before, bare, after = _render(tokenizer, text, chat, picture)
            self.read, pieces = before + bare + after, [Piece(len(before), text.index(bare), len(bare))]
        self.turns: list[Span] = [(turn.start, turn.end) for turn in turns]
        encoded = tokenizer(self.read, return_offsets_mapping=True, add_special_tokens=not chat)
        special = {id for id, token in tokenizer.added_tokens_decoder.items() if token.special}
        special |= set(tokenizer.all_special_ids) | set(tokenizer.convert_tokens_to_ids(list(IMAGE_TOKENS)))
        self.text = text
        self.ids: list[int] = list(encoded["input_ids"])
        self.spans: list[Span | None] = [
            None if id in special else _in_text(pieces, begin, end)
            for id, (begin, end) in zip(self.ids, encoded["offset_mapping"])
        ]
        if start is not None:
            self.ids, self.spans = [start, *self.ids], [None, *self.spans]

    def players(self, players: str | Iterable[Span]) -> tuple[list[Span], list[int]]:
        """The players' spans in the text, and for each token the player it belongs to (−1: always present).

        players : one of PLAYERS, or a list of (start, end) spans. A token that only partly lies in a span belongs to
        the span that holds most of its visible characters. ValueError for a span that holds no token of its own.
        """
        if isinstance(players, str):
            spans = self.split(players)
            if not spans:
                raise ValueError(f"the prompt has no {players} to explain")
        else:
            spans = check_spans(players, len(self.text))
        owner = self._owners(spans)
        for i in sorted(set(range(len(spans))) - set(owner)):
            start, end = spans[i]
            raise ValueError(
                f"the span {spans[i]} ({self.text[start:end]!r}) holds no token of its own: "
                "widen it, or join it with its neighbour"
            )
        return spans, owner

    def split(self, players: str, within: Span | None = None) -> list[Span]:
        """Spans of the tokens, words, sentences or lines of the text, or of its part `within` (start, end).

        Spans that share a token (an emoji of several characters, unspaced scripts) are joined, for a token is either
        present or not; spans without a token of their own are left out.
        """
        if players not in PLAYERS:
            raise ValueError(f"players must be one of {list(PLAYERS)} or a list of (start, end) spans; got {players!r}")
        if players == "turn" and not self.turns:
            raise ValueError("the prompt is no conversation whose turns this model knows: choose words or sentences")
        low, high = within or (0, len(self.text))
        parts = [(max(start, low), min(end, high)) for start, end in self.turns or [(low, high)]]
        parts = [(start, end) for start, end in parts if start < end]
        if players == "token":
            found = [span for span in self.spans if span and self._reaches(span, low, high)]
        elif players == "turn":
            found = parts
        else:
            found = [span for start, end in parts for span in SPLIT[players](self.text, start, end)]
        joined = self._join(found)
        owners = set(self._owners(joined))
        return [span for i, span in enumerate(joined) if i in owners]

    def _reaches(self, token: Span, low: int, high: int) -> bool:
        """Is the token inside, or has it visible characters there? (" The" may start with the space before.)"""
        inside = low <= token[0] and token[1] <= high
        return inside or bool(self.text[max(token[0], low) : min(token[1], high)].strip())

    def _join(self, found: list[Span]) -> list[Span]:
        last = list(range(len(found)))  # for each span, the last one it must be joined with
        found = sorted(found)
        for token in filter(None, self.spans):
            hits = [k for k, piece in _overlaps(token, found, self.text) if piece.strip()]
            if len(hits) > 1:
                last[hits[0]] = max(last[hits[0]], hits[-1])
        joined, k = [], 0
        while k < len(found):
            end = k
            while max(last[k : end + 1]) > end:
                end = max(last[k : end + 1])
            joined.append((found[k][0], max(span[1] for span in found[k : end + 1])))
            k = end + 1
        return joined

    def _owners(self, spans: list[Span]) -> list[int]:
        order = sorted(range(len(spans)), key=lambda i: spans[i])
        ordered = [spans[i] for i in order]
        owners = []
        for token in self.spans:
            shares = [(len(p.strip()), len(p), -k) for k, p in _overlaps(token, ordered, self.text)] if token else []
            best = max(shares, default=None)
            blank = token and not self.text[token[0] : token[1]].strip()
            owners.append(order[-best[2]] if best and (best[0] or blank) else -1)
        return owners


def _in_text(pieces: list[Piece], begin: int, end: int) -> Span | None:
    """Where in the text a token lies that is (begin, end) of what is read; None outside of it."""
    piece = pieces[max(0, bisect.bisect_right(pieces, begin, key=lambda one: one.at) - 1)]
    shift = piece.start - piece.at
    return (begin + shift, end + shift) if piece.at <= begin < end <= piece.at + piece.length else None


def _overlaps(token: Span, spans: list[Span], text: str) -> Iterator[tuple[int, str]]:
    """(index, common text) of the sorted, disjoint spans that overlap a token's span."""
    k = bisect.bisect_right(spans, token[0], key=lambda span: span[1])
    while k < len(spans) and spans[k][0] < token[1]:
        yield k, text[max(token[0], spans[k][0]) : min(token[1], spans[k][1])]
        k += 1


def _render(tokenizer: Any, text: str, chat: bool, picture: tuple[str, str] | None) -> tuple[str, str, str]:
    """What the model reads: before the prompt, the prompt, after it. A template is applied once, as the user's turn."""
    bare, before, after = text, "", ""
    if picture is not None:
        marks = [tokenizer.boi_token, tokenizer.eoi_token, tokenizer.image_token]
        for mark in filter(text.__contains__, marks):
            raise ValueError(f"the prompt holds {mark}, which stands for a picture: take it out, the picture comes first")
        before = picture[0]
    if chat:
        bare = text.strip()  # the template strips the turn

        def turn(content: str) -> str:
            parts = content if picture is None else [{"type": "image"}, {"type": "text", "text": content}]
            messages = [{"role": "user", "content": parts}]
            return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

        before, _, after = turn(_PLACE).partition(_PLACE)
        if turn(text) != before + bare + after:
            raise ValueError("the chat template of this checkpoint changes the prompt, so its parts cannot be found again")
    if picture is not None:
        if before.count(picture[0]) != 1:
            raise ValueError("the chat template of this checkpoint has no place for a picture")
        before = before.replace(*picture)
    return before, bare, after


def check_spans(spans: Iterable[Span], length: int) -> list[Span]:
    try:
        spans = [(int(start), int(end)) for start, end in spans]
    except (TypeError, ValueError) as error:
        raise TypeError(f"players must be a kind or a list of (start, end) spans; got {spans!r}") from error
    if not spans:
        raise ValueError("there is nothing to explain: the list of spans is empty")
    for start, end in spans:
        if not 0 <= start < end <= length:
            raise ValueError(f"the span ({start}, {end}) does not lie in the prompt of {length} characters")
    ordered = sorted(spans)
    for left, right in zip(ordered, ordered[1:]):
        if left[1] > right[0]:
            raise ValueError(f"the spans {left} and {right} overlap: a character belongs to one player")
    return spans
