"""A conversation as people write it, and as a model's chat template writes it: whose turn is where.

Turns stand between marks, Gemma's `<start_of_turn>user … <end_of_turn>` or `<|im_start|>user … <|im_end|>`, whatever marks the
model itself has: its own template is applied to them, once. `from_json` makes them of a list of messages.
"""

import json
import re
from typing import Any, NamedTuple

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "model": "assistant",
    "assistant": "assistant",
}
WRITTEN = {"system": "system", "user": "user", "assistant": "model"}  # as Gemma calls them
_MARKS = (("<start_of_turn>", "<end_of_turn>"), ("<|im_start|>", "<|im_end|>"))
_BEGINNING = re.compile(r"\s*(<bos>)?\s*")
_FIRST_PLACE = 0xE000  # private characters: where a template puts what is said
MOST = 1000  # turns


class Turn(NamedTuple):
    """role : "system", "user" or "assistant";  start, end : of what is said, in the text;  closed : is its end marked?"""

    role: str
    start: int
    end: int
    closed: bool


class Piece(NamedTuple):
    """What is said in a turn: where it lies in what the model reads, where in the text, how long it is."""

    at: int
    start: int
    length: int


def turns_of(text: str) -> list[Turn]:
    """The turns of a text that is a conversation, [] of any other; ValueError for one that is not written rightly.

    A last turn of the model's without an end is what it has begun to say; where that is empty, it is left out.
    """
    begin = _BEGINNING.match(text)
    at = begin.end() if begin else 0
    opening, ending = next(((one, other) for one, other in _MARKS if text.startswith(one, at)), ("", ""))
    if not opening:
        if inside := [one for one, _ in _MARKS if one in text]:
            raise ValueError(f"what stands before the first {inside[0]} is in nobody's turn: take it out, or put it into one")
        return []
    form = re.compile(rf"{re.escape(opening)} *(\w*) *\n(.*?)(?:({re.escape(ending)})\s*|\Z)", re.DOTALL)
    found: list[Turn] = []
    while at < len(text):
        turn = form.match(text, at)
        if turn is None:
            raise ValueError(
                f"{text[at : at + 20]!r} is in nobody's turn: write {opening}user, a line break, and {ending} after it"
            )
        if (role := ROLES.get(turn[1])) is None:
            raise ValueError(f"a turn is of {turn[1]!r:.40}; turns are of {', '.join(WRITTEN.values())}")
        if opening in turn[2]:
            raise ValueError(f"turn {len(found) + 1} of the conversation has no {ending}: write it where the turn ends")
        said = turn[2].strip()
        start = turn.start(2) + turn[2].index(said)
        found.append(Turn(role, start, start + len(said), turn[3] is not None))
        at = turn.end()
    if found[-1].role == "assistant" and not found[-1].closed and found[-1].start == found[-1].end:
        found.pop()
    _check(found)
    return found


def _check(turns: list[Turn]) -> None:
    if len(turns) > MOST:
        raise ValueError(f"the conversation has {len(turns)} turns; at most {MOST} are read")
    if empty := [i for i, turn in enumerate(turns, 1) if turn.start == turn.end]:
        raise ValueError(f"turn {empty[0]} of the conversation is empty: write what was said, or take it out")
    if not any(turn.role == "user" for turn in turns):
        raise ValueError("the conversation has no turn of the user's, which the model could answer")
    if turns[-1].role == "assistant" and turns[-1].closed:
        raise ValueError(
            "the conversation ends with the model's own turn: end it with the user's, or leave out its last end mark"
        )


def spoken(text: str) -> str:
    """What is said in a conversation, without its marks; any other text as it is."""
    try:
        turns = turns_of(text)
    except ValueError:
        return text
    return " ".join(text[turn.start : turn.end] for turn in turns) or text


def from_json(text: str) -> str | None:
    """A list of messages ({"role": …, "content": …}) between marks; None for a text that is none.

    ValueError for one with what is no text, such as pictures.
    """
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    messages = read.get("messages") if isinstance(read, dict) else read
    if not isinstance(messages, list) or not messages:
        return None
    if not all(isinstance(one, dict) and {"role", "content"} <= one.keys() for one in messages):
        return None
    opening, ending = _MARKS[0]
    parts = []
    for one in messages:
        role = WRITTEN.get(ROLES.get(str(one["role"]), ""), str(one["role"]))
        parts.append(f"{opening}{role}\n{_content(one['content'])}{ending}\n")
    return "".join(parts)


def _content(content: Any) -> str:
    listed = content if isinstance(content, list) else [content]
    texts = [one.get("text") if isinstance(one, dict) else one for one in listed]
    said = [one for one in texts if isinstance(one, str)]
    if len(said) < len(texts):
        raise ValueError("a message of the conversation holds what is no text: only words can be read here")
    return "\n".join(said).strip()


def applied(tokenizer: Any, text: str, turns: list[Turn]) -> tuple[str, list[Piece]]:
    """What the model reads of a conversation by its own template, to the beginning of its answer; and where each turn is.

    ValueError where the template takes no such turns, or changes what is said in them.
    """
    from jinja2 import TemplateError

    begun = turns[-1].role == "assistant"
    asked = turns[:-1] if begun else turns

    def template(said: list[str]) -> str:
        messages = [{"role": turn.role, "content": content} for turn, content in zip(asked, said)]
        try:
            return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        except TemplateError as error:
            reason = str(error).strip().split("\n")[0].rstrip(".")
            raise ValueError(f"the chat template of this checkpoint does not take these turns ({reason})") from error

    places = [chr(_FIRST_PLACE + i) for i in range(len(asked))]
    frame, read = template(places), ""
    pieces = []
    for place, turn in zip(places, asked):
        before, found, frame = frame.partition(place)
        if not found:
            raise ValueError("the chat template of this checkpoint leaves out a turn, or moves it: it cannot be found again")
        pieces.append(Piece(len(read) + len(before), turn.start, turn.end - turn.start))
        read += before + text[turn.start : turn.end]
    read += frame
    if template([text[turn.start : turn.end] for turn in asked]) != read:
        raise ValueError("the chat template of this checkpoint changes the prompt, so its parts cannot be found again")
    if begun:
        pieces.append(Piece(len(read), turns[-1].start, turns[-1].end - turns[-1].start))
        read += text[turns[-1].start : turns[-1].end]
    return read, pieces
