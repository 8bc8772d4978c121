"""A model over two devices beside itself on one: what `tests/model/weights/test_devices.py` runs in a process of its own.

Arguments: a directory or a GGUF file. The differences are printed, natural log-probability.
"""

import json
import os
import re
import sys
from pathlib import Path

os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"  # other threads know of no device that is made up

import model  # isort: skip # before torch
import numpy as np
import torch
from two_devices import device, two_devices

from model.data.pairs import Pair
from model.data.translation import TranslationGame
from model.redrawn.gemma import redrawn_gemma
from model.weights import devices

PROMPT = "Review: The plot is thin, but the acting is superb. Sentiment:"


def games(found):
    for absent in ("remove", "replace", "hole", "read-once"):
        yield absent, found.text_game(PROMPT, " positive", [word.span() for word in re.finditer(r"\w+ ", PROMPT)], absent)
    yield "long", found.text_game(f"{'The plot is thin. ' * 60}{PROMPT}", " positive", "sentence")
    examples = [Pair("one two", "eins zwei", "a"), Pair("three", "drei", "b"), Pair("four", "vier", "b")]
    yield "translation", TranslationGame(found, examples, [Pair("five", "the fox jumps", "a")], generate=True)
    if found.vision:
        image = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
        for absent in ("soft-token", "strict", "pixel"):
            yield absent + " of a picture", found.image_game(image, "Review:", " positive", (2, 2), absent, words=True)


def values(found):
    asked = {}
    for name, game in games(found):
        asked[name] = game(np.random.default_rng(1).random((12, game.n_players)) < 0.5)
    return asked


def answers(found):
    image = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    said = [found.generate(PROMPT, max_new_tokens=8), *(word for word, _ in found.next_tokens(PROMPT, 5))]
    return said + ([found.generate("Review:", image, 8)] if found.vision else [])


def main(source):
    one = model.load_model(source, precision="float32")
    wanted, said = values(one), answers(one)
    room = sum(parameter.nbytes for parameter in (one.vision.model if one.vision else one.model).parameters())
    devices.rooms = lambda: {0: int(0.95 * room), 1: room}
    devices.gpu = device
    model.loading._Run.spreads = property(lambda run: True, lambda run, spreads: None)
    own_generator = torch.Generator
    torch.Generator = lambda device: own_generator()  # there are none of these devices
    with two_devices():
        two = model.load_model(source, precision="float32")
        places = [str(parameter.device) for parameter in two.model.parameters()]
        found, own = values(two), answers(two)
        redrawn = [values(stage)["remove"] for stage in redrawn_gemma(two, 0)] if Path(source).is_dir() else []
    print(
        json.dumps(
            {
                "off": {name: float(np.abs(found[name] - wanted[name]).max()) for name in wanted},
                "places": {place: places.count(place) for place in set(places)},
                "same": own == said,
                "ways": [one.handshake.removed, two.handshake.removed, one.handshake.hidden, two.handshake.hidden],
                "reads": [two.handshake.reads, two.handshake.once],
                "redrawn": all(np.isfinite(stage).all() for stage in redrawn),
            }
        )
    )


main(sys.argv[1])
