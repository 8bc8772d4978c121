"""A network's linear layers in bfloat16, all else in float32. torch is imported; see `model.precision`."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from model.gguf.packed import packed
from model.memory import trim
from model.precision import Rounding

PAST = ".dt_proj"  # of a Mamba and a Jamba: `dt_proj.weight @ …`


class HalfLinear(nn.Linear):
    """A linear layer from float32 to float32 whose weights are bfloat16 and whose input is rounded to it."""

    rounding: Rounding

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.rounding.full:
            return functional.linear(input, self.weight.float(), self.bias)
        found = functional.linear(input.to(torch.bfloat16), self.weight).to(input.dtype)
        return found if self.bias is None else found + self.bias


def narrow(network: Any) -> None:
    """Have what `halve` puts into bfloat16 read as such: of a network without its weights, which were all published in it."""
    layers, table = _layers(network), network.get_output_embeddings()
    tables = [network.get_input_embeddings(), *([table] if isinstance(table, nn.Linear) else [])]
    for layer in [*layers, *tables] if layers else []:
        layer.weight = nn.Parameter(layer.weight.to(torch.bfloat16), requires_grad=False)


def halve(network: Any) -> bool:
    """Run a float32 network's linear layers in bfloat16; whether its weights are such numbers, else nothing is changed.

    What is in bfloat16 already (`narrow`) stays where it is.
    """
    table, layers = network.get_output_embeddings(), _layers(network)
    if not layers or not all(_is_half(one.weight) for one in layers):
        return False
    network.swing_rounding = Rounding()
    for layer in layers:
        layer.weight = nn.Parameter(layer.weight.to(torch.bfloat16), requires_grad=False)
        layer.__class__, layer.rounding = HalfLinear, network.swing_rounding
    words = network.get_input_embeddings()
    tied = table is not None and table.weight is words.weight
    if type(words.weight) is nn.Parameter and _is_half(words.weight):
        words.weight = nn.Parameter(packed(words.weight.to(torch.bfloat16)), requires_grad=False)
        if tied:
            table.weight = words.weight
    if not tied and isinstance(table, nn.Linear) and _is_half(table.weight):
        table.weight = nn.Parameter(packed(table.weight.to(torch.bfloat16)), requires_grad=False)
    trim()
    return True


def _layers(network: Any) -> list[nn.Linear]:
    """The linear layers, less that which answers, and those whose weights are multiplied past them."""
    table = network.get_output_embeddings()
    found = (one for name, one in network.named_modules() if not name.endswith(PAST))
    return [one for one in found if type(one) is nn.Linear and one is not table]


def _is_half(weight: torch.Tensor) -> bool:
    if weight.dtype == torch.bfloat16:
        return True
    return weight.dtype == torch.float32 and all(torch.equal(part.bfloat16().float(), part) for part in weight.split(1024))
