"""The handshake with a server: whether its numbers are log-probabilities of the tokens that were asked, of this prompt.

Statuses say little: servers answer 200 to fields that they do not know. Only values are compared, each with what must
follow from the others if the server does as it was asked.
"""

import math
from typing import Any

import numpy as np

from model.remote.client import Client, Unanswered
from model.remote.ways import MISSING, WAYS, Fault, Way, score, top
from xai.typing import Floats

AGREE = 0.1  # natural log-probability: servers in bfloat16 differ by 0.03 from one batch to another
LISTED, TOO_FULL = 20, 0.99999  # likeliest tokens that are listed, and the share of all that they must stay below
OTHERS = 6  # tokens of no likelihood that are asked for
TEXT = (
    "In 1969 two people walked on the moon, and the whole world was watching them on small grey screens. The capital of France is"
)
TARGET = " Paris, of"
WORKS = "serve the model with vLLM, or give its own file to --model (llama.cpp, Ollama and LM Studio have no such answer)"


def choose(client: Client, model: str, tokenizer: Any) -> tuple[Way, float, str]:
    """The way that is taken, how much its answers differ when asked again, and what is to be said of it ("" for nothing).

    ValueError with one sentence where the server's numbers are none to explain.
    """
    prompt = tokenizer(TEXT)["input_ids"]
    target = tokenizer(TARGET, add_special_tokens=False)["input_ids"]
    faults: list[Fault] = []
    try:
        for way in WAYS:
            try:
                noise = _asked(client, model, way, prompt, target)
            except Unanswered as error:
                if error.status not in (400, 404, 422, 501):
                    raise
                faults.append(Fault(MISSING))  # it refuses this question
                continue
            except Fault as fault:
                faults.append(fault)
                continue
            said = (
                "" if way is WAYS[0] else "is asked by echo, which reads each prompt anew: its server knows no logprob_token_ids"
            )
            return way, noise, said
        worst = next((fault for fault in faults if str(fault) != MISSING), faults[0])
        raise worst
    except Fault as fault:
        does = f": {WORKS}" if str(fault) == MISSING else ", so that nothing can be explained by it"
        raise ValueError(f"the server at {client.url} {fault}{does}") from None


def _asked(client: Client, model: str, way: Way, prompt: list[int], target: list[int]) -> float:
    """By how much the same answers differ. `Fault` where they are not what they should be."""

    def ask(*prompts: list[int], wanted: list[int] = target) -> Floats:
        return score(client, model, way, list(prompts), wanted)

    several = [prompt, prompt[:-2], [*prompt[:4], *prompt[8:]], [*prompt[:1], *prompt[12:]]]
    alone = np.concatenate([ask(ids) for ids in several])
    noise = float(np.abs(ask(prompt) - alone[:1]).max())
    if not noise <= AGREE:
        raise Fault("gives other numbers when asked the same again")
    _check_share(client, model, way, prompt)
    together = ask(*several, *several)
    if not (off := float(np.abs(together - np.concatenate([alone, alone])).max())) <= AGREE:
        raise Fault("gives other numbers when asked several questions at once")
    for changed, what in ((1, "the beginning of"), (-1, "the end of")):
        other = list(prompt)
        other[changed] = prompt[5] if prompt[changed] != prompt[5] else prompt[6]
        if (ask(other) == alone[:1]).all():
            raise Fault(f"does not read {what} a prompt")
    steps = np.concatenate([ask([*prompt, *target[:i]], wanted=[token])[0] for i, token in enumerate(target)])
    if not float(np.abs(steps - alone[0]).max()) <= AGREE:
        raise Fault("gives tokens of a target other numbers when they are asked one by one")
    return max(noise, off)


def _check_share(client: Client, model: str, way: Way, prompt: list[int]) -> None:
    """All tokens share a probability of one: the likeliest cannot have all of it, nor the others none."""
    start = prompt[:2]
    listed = top(client, model, start, LISTED)
    values = dict(listed)
    share = sum(math.exp(value) for value in values.values())
    if share > (1 + 1e-3 if len(values) < LISTED else TOO_FULL):
        raise Fault("gives its likeliest tokens all of the probability, or more")
    first = list(values)[0]
    if abs(score(client, model, way, [start], [first])[0, 0] - values[first]) > AGREE:
        raise Fault("gives a token another log-probability when asked for it than in its list")
    others = [token for token in dict.fromkeys(prompt) if token not in values][:OTHERS]
    found = [float(score(client, model, way, [start], [token])[0, 0]) for token in others]
    if len(set(found)) < len(found):
        raise Fault("gives unlikely tokens all the same log-probability")
    if found and values and max(found) > min(values.values()) + AGREE:
        raise Fault("lists other tokens as its likeliest than those that are")
