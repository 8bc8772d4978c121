"""How a server is asked for log-probabilities of given tokens. One function asks, one reads; the better way first."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from model.remote.client import Client
from xai.typing import Floats

Body = dict[str, Any]
ASK = {"max_tokens": 1, "temperature": 1.0, "top_p": 1.0, "logprobs": 0, "return_tokens_as_token_ids": True}  # nothing sharpened
MISSING = "gives no log-probability of a given token"


class Fault(Exception):
    """What is wrong with a server's answers; goes on after "the server at …"."""


class Way(NamedTuple):
    """ask : prompt's ids, target's ids → bodies;  read : their answers, the target's ids → its log-probabilities"""

    name: str
    ask: Callable[[list[int], list[int]], list[Body]]
    read: Callable[[list[Any], list[int]], list[float]]


def _ask_token(ids: list[int], target: list[int]) -> list[Body]:
    """One request for each token of the target, which the server's prefix cache makes cheap."""
    return [{**ASK, "prompt": [*ids, *target[:i]], "logprob_token_ids": [token]} for i, token in enumerate(target)]


def _read_token(answers: list[Any], target: list[int]) -> list[float]:
    return [number(_choice(answer)["logprobs"]["top_logprobs"][0][f"token_id:{t}"]) for answer, t in zip(answers, target)]


def _ask_echo(ids: list[int], target: list[int]) -> list[Body]:
    return [{**ASK, "prompt": [*ids, *target], "echo": True, "prompt_logprobs": 0}]


def _read_echo(answers: list[Any], target: list[int]) -> list[float]:
    """The first token of a prompt has no log-probability; the target's are the last ones of it."""
    listed = _choice(answers[0])["prompt_logprobs"]
    return [number(entry[str(token)]["logprob"]) for entry, token in zip(listed[-len(target) :], target, strict=True)]


WAYS = (Way("logprob_token_ids", _ask_token, _read_token), Way("echo with prompt_logprobs", _ask_echo, _read_echo))


def number(value: Any) -> float:
    """A log-probability; `Fault` for what is none."""
    if type(value) not in (int, float) or not math.isfinite(value) or value > 1e-4:
        raise Fault(f"gives {value!r:.40} as a log-probability")
    return float(value)


def score(client: Client, model: str, way: Way, prompts: list[list[int]], target: list[int]) -> Floats:
    """float64 (prompts, target tokens). `Fault` where an answer does not hold them."""
    bodies = [way.ask(ids, target) for ids in prompts]
    answers = client.post("/completions", [{"model": model, **body} for asked in bodies for body in asked])
    found, start = [], 0
    for asked in bodies:
        try:
            found.append(way.read(answers[start : start + len(asked)], target))
        except (KeyError, IndexError, TypeError, ValueError):
            raise Fault(MISSING) from None
        start += len(asked)
    return np.array(found, dtype=np.float64).reshape(len(prompts), len(target))


def top(client: Client, model: str, ids: list[int], count: int) -> list[tuple[int, float]]:
    """The likeliest tokens after a prompt, with their log-probabilities, the likeliest first."""
    asked = {"model": model, **ASK, "prompt": ids, "logprobs": count}
    try:
        listed = _choice(client.post("/completions", [asked])[0])["logprobs"]["top_logprobs"][0]
        found = [(int(name.removeprefix("token_id:")), number(value)) for name, value in listed.items()]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise Fault("gives no list of its likeliest tokens") from None
    return sorted(found, key=lambda pair: -pair[1])[:count]


@contextmanager
def one_sentence(client: Client) -> Iterator[None]:
    """A fault as the ValueError that a page and a command line say."""
    try:
        yield
    except Fault as fault:
        raise ValueError(f"the server at {client.url} {fault}") from None


def _choice(answer: Any) -> Any:
    choices = answer["choices"]
    if len(choices) != 1:
        raise Fault(f"gives {len(choices)} answers to one question")
    return choices[0]
