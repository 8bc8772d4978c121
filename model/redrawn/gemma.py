"""A language model whose weights are drawn anew, from its answer down: what it learned is gone, what it is built like stays.

Each matrix of a layer is drawn from the normal law of that matrix's own mean and standard deviation. The gains of the
norms stay: they set the scale of each layer's part, and drawn anew they drown the input (ten times the spread of the
answers was measured, on seven words). The table of tokens is the first layer and the last at once. Where words are read
its rows are drawn anew, at the last stage; where the answer is told it stays, else the target would be another word.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.language import Language
from model.local import LocalModel
from model.text.ways import take_plain
from xai import Redrawn
from xai.game import Game

if TYPE_CHECKING:
    from torch import Tensor

MEMORY = Path("/proc/meminfo")  # where Linux says how much is free
BESIDE = ("per_layer_model_projection", "altup_projections", "altup_unembed_projections")  # matrices around the layers
SECOND = "embed_tokens_per_layer"  # another table of tokens, which each layer of Gemma 3n and Gemma 4 reads
SHARES = (0.25, 0.5, 1.0)  # of the language model's layers, from the answer down
STAGES = (
    "the network with the last quarter of its layers redrawn",
    "the network with the last half of its layers redrawn",
    "the network with all its layers redrawn",
)


def on_redrawn(gemma: Language, game_of: Callable[[LocalModel], Game]) -> Redrawn | None:
    """The stages for the control `xai.randomised_control`; None of a model that runs elsewhere.

    game_of : of a model, the game that is explained
    """
    if not isinstance(gemma, LocalModel):
        return None
    return Redrawn(STAGES, lambda seed: map(game_of, redrawn_gemma(gemma, seed)))


def redrawn_gemma(gemma: LocalModel, seed: int) -> Iterator[LocalModel]:
    """A model for each of `STAGES`; the first of them shares with the next what was drawn, and all the rest with `gemma`.

    `gemma` itself is never altered. The last stage has new layers, new tables of what is read, and new eyes where there
    are any. ValueError where there is no room for so many weights.
    """
    import torch

    generators: dict[Any, Any] = {}  # of each device that layers lie on
    layers = list(gemma.layers)[::-1]
    found = (getattr(gemma.model.base_model, name, None) for name in BESIDE)
    last = [*(part for part in found if part is not None), *(gemma.vision.eyes if gemma.vision else [])]
    _check_room([*layers, *last])
    drawn: dict[int, Any] = {}
    for share in SHARES:
        parts = layers[: max(1, round(share * len(layers)))] + (last if share == 1.0 else [])
        for parameter in (parameter for part in parts for parameter in part.parameters()):
            if parameter.ndim > 1 and id(parameter) not in drawn:
                law = float(parameter.float().mean()), float(parameter.float().std())
                device = parameter.device
                if device not in generators:
                    generators[device] = torch.Generator(device).manual_seed(seed + len(generators))
                new = torch.empty_like(parameter).normal_(*law, generator=generators[device])
                drawn[id(parameter)] = torch.nn.Parameter(new, requires_grad=False)
        yield _copied(gemma, drawn, seed if share == 1.0 else None)


def _copied(gemma: LocalModel, drawn: dict[int, Any], reading: int | None) -> LocalModel:
    """The same modules with `drawn` in the place of parameters, by their id. reading : seed of the table of what is read"""
    whole = (gemma.model, None if gemma.vision is None else gemma.vision.model)
    shared = {
        id(tensor): drawn.get(id(tensor), tensor)
        for module in whole
        if module is not None
        for tensor in (*module.parameters(), *module.buffers())
    }
    with gemma.lock:
        model, seeing = copy.deepcopy(whole, shared)
    if reading is not None:
        model.set_input_embeddings(_reader(model.get_input_embeddings(), reading))
        if (second := getattr(model.base_model, SECOND, None)) is not None:
            setattr(model.base_model, SECOND, _reader(second, ~reading))
    take_plain(model)
    vision = None if gemma.vision is None else gemma.vision.on(seeing)
    return LocalModel(model, gemma.tokenizer, f"{gemma.name}, redrawn", vision, gemma.handshake)


def _reader(table: Any, seed: int) -> Any:
    """A table of tokens as `table`, each row drawn from the normal law of that row when it is first read.

    A table for 262,144 tokens is two thirds of the small model, and a prompt reads a few dozen rows of it.
    """
    import torch

    class Reader(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table
            self._rows: dict[int, Tensor] = {}

        @property
        def weight(self) -> "Tensor":
            """As it was: a Gemma 4 looks at its row of the token that fills batches up."""
            weight: Tensor = self.table.weight
            return weight

        def forward(self, ids: "Tensor") -> "Tensor":
            unique, where = torch.unique(ids, return_inverse=True)
            rows: Tensor = torch.stack([self._row(int(token)) for token in unique])[where]
            return rows

        def _row(self, token: int) -> "Tensor":
            if token not in self._rows:
                old = self.table(torch.tensor([token], device=self.table.weight.device))[0]
                generator = torch.Generator(old.device).manual_seed((seed << 32) + token)
                law = float(old.float().mean()), float(old.float().std())
                self._rows[token] = torch.empty_like(old).normal_(*law, generator=generator)
            row: Tensor = self._rows[token]
            return row

    return Reader()


def _check_room(parts: list[Any]) -> None:
    """ValueError where the new weights would not fit beside the old ones."""
    import torch

    needed: Counter[Any] = Counter()
    for parameter in (p for part in parts for p in part.parameters() if p.ndim > 1):
        needed[parameter.device] += parameter.numel() * parameter.element_size()
    for device, size in needed.items():
        if device.type == "cuda":
            free = torch.cuda.mem_get_info(device)[0]
        elif device.type == "cpu" and MEMORY.exists():
            lines = MEMORY.read_text().splitlines()
            free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), size)
        else:
            continue
        if size > free:
            raise ValueError(
                f"redrawn weights need {size / 1e9:.1f} GB of memory beside the model's own, and {free / 1e9:.1f} GB are free: "
                "take a smaller model for this control"
            )
