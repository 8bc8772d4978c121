"""The output layer: log-probabilities of a target's tokens from final hidden states, never all logits at once."""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.typing import Floats, Ints

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 1024  # hidden states at a time: each pass over them reads all weights of the layer, 671 MB for Gemma 3 270M
SLAB = 1024  # tokens of the vocabulary at a time, whose logits stay in a processor's cache
FEW = 8192  # logits of a slab at least, where the states are few
WIDE = 32768  # tokens at a time on any other device, where each call costs


def chosen(states: "Tensor", at: Ints) -> "Tensor":
    """Of states (rows, length, width), on whatever device the last layer lies, those of some places (rows, k) of each row."""
    import torch

    rows = torch.arange(len(at), device=states.device)[:, None]
    found: Tensor = states[rows, torch.from_numpy(at).to(states.device)]
    return found


def log_probabilities(model: Any, lock: threading.RLock, hidden: "Tensor", target: Ints) -> Floats:
    """float64 (rows, len(target)) from the final hidden states (rows, len(target), width) that predict the target."""
    import torch

    wanted = torch.from_numpy(target).repeat(len(hidden))
    return of_states(model, lock, hidden.reshape(-1, hidden.shape[-1]), wanted).reshape(-1, len(target))


def of_states(model: Any, lock: threading.RLock, flat: "Tensor", wanted: "Tensor") -> Floats:
    """float64 (states,) from final hidden states (states, width), each of which predicts one token: wanted (states,)."""
    import torch

    parts = [_of_rows(model, lock, flat[i : i + ROWS], wanted[i : i + ROWS]) for i in range(0, len(flat), ROWS)]
    found: Floats = torch.cat(parts).cpu().numpy() if parts else np.zeros(0)
    return found


def _of_rows(model: Any, lock: threading.RLock, flat: "Tensor", wanted: "Tensor") -> "Tensor":
    """float64 (rows,): the wanted logit less the logarithm of the sum of all, which is summed slab by slab."""
    import torch

    layer, config = model.get_output_embeddings(), getattr(model.config, "text_config", None) or model.config
    flat, wanted = flat.to(layer.weight.device), wanted.to(layer.weight.device)  # where the last layer lies on another device
    weight, bias, cap = layer.weight, getattr(layer, "bias", None), getattr(config, "final_logit_softcapping", None)
    scale = float(getattr(config, "logit_scale", None) or 1.0) / float(getattr(config, "logits_scaling", None) or 1.0)
    size = max(SLAB, FEW // len(flat)) if flat.device.type == "cpu" else WIDE
    top = torch.full((len(flat),), -torch.inf, device=flat.device)
    total = torch.zeros(len(flat), dtype=torch.float64, device=flat.device)
    picked = torch.zeros(len(flat), device=flat.device)
    for start in range(0, len(weight), size):
        with lock, torch.no_grad():
            logits = torch.mm(flat, weight[start : start + size].t())
            logits = (logits if bias is None else logits + bias[start : start + size]).float()
        if scale != 1.0:
            logits *= scale
        if cap:
            logits = torch.tanh(logits / cap) * cap
        here = (wanted >= start) & (wanted < start + size)
        at = torch.where(here, wanted - start, 0)
        picked = torch.where(here, logits.gather(1, at[:, None])[:, 0], picked)
        higher = torch.maximum(top, logits.amax(1))
        total = total * torch.exp((top - higher).double()) + logits.sub_(higher[:, None]).exp_().sum(1)
        top = higher
    return picked.double() - top.double() - total.log()
