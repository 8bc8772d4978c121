"""Gemma 3's text layers once more, over the nodes of a tree instead of rows of a batch.

What `transformers.Gemma3TextModel` computes for sequences, here for what is new in a `tree.Growth`: the linear layers
see a flat array of nodes, without padding, and attention goes by blocks of nodes over the keys and values of what they
descend from. `trail.Trail` does the same with sequences so long that they go one by one. `model.text.ways` compares
both with plain passes before they are used.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from model.text.nodes.tree import BLOCK, Growth
from model.text.scoring import read
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

Heads = tuple["Tensor", "Tensor", "Tensor"]  # queries, keys, values of tokens, (t, heads, width) each
Attend = Callable[[int, str, float, Heads], "Tensor"]

ROWS = 512  # nodes at a time in the feed-forward layers, whose insides then stay in a processor's cache
GATHERED = 16384  # keys at a time, copied for the blocks that look at them


def is_known(model: Any) -> bool:
    """Whether this file says what the model computes, as far as its configuration tells."""
    import torch

    config = model.config
    if config.model_type != "gemma3_text":
        return False
    plain = not config.attn_logit_softcapping and not getattr(config, "use_bidirectional_attention", False)
    return bool(plain and model.dtype == torch.float32)


def bytes_of(model: Any, tokens: int) -> float:
    """Of the keys and values of so many tokens."""
    config = model.config
    return float(2 * 4 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * tokens)


class Layers:
    """The layers of a model after a prefix, with room for the keys and values of nodes.

    model : a Gemma3ForCausalLM in float32, not kept;  prefix : (p,) token ids, possibly none;  room : how many nodes
    """

    def __init__(self, model: Any, prefix: Ints, room: int) -> None:
        import torch

        self._prefix, self.room = len(prefix), room
        self._pairs = []
        for before in _read(model, prefix):  # sliding layers keep of the prefix what can still be seen
            pair = torch.empty(2, before.shape[1] + room, *before.shape[2:], device=before.device)
            pair[:, : before.shape[1]] = before
            self._pairs.append(pair)

    def forward(self, model: Any, growth: Growth) -> "Tensor":
        """Final hidden states (m, last, width) at the last nodes of each sequence; keys and values of all are kept."""
        import torch

        text, device = model.model, model.device
        wanted, back = np.unique(growth.ends, return_inverse=True)
        views = {kind: self._view(text, growth, kind) for kind in set(text.config.layer_types)}
        slots = torch.from_numpy(growth.slots).to(device)

        def attend(number: int, kind: str, scale: float, heads: Heads) -> "Tensor":
            return self._attend(number, slots, *views[kind], scale, heads)

        states = run_layers(model, growth.ids, growth.positions, wanted, attend)
        return states[torch.from_numpy(back.reshape(growth.ends.shape)).to(device)]

    def move(self, slots: Ints) -> None:
        """What these slots hold goes to the slots 0, 1, …; they are in ascending order."""
        import torch

        index = torch.from_numpy(slots)
        for pair in self._pairs:
            first = pair.shape[1] - self.room
            pair[:, first : first + len(slots)] = pair[:, index.to(pair.device) + first]

    def _attend(self, number: int, slots: "Tensor", index: "Tensor", mask: "Tensor", scale: float, heads: Heads) -> "Tensor":
        """What the heads of a layer gather, (nodes, heads × width); the nodes' keys and values go into their slots."""
        import torch

        queries, keys, values = heads
        pair, nodes, width = self._pairs[number], len(queries), queries.shape[2]
        first = pair.shape[1] - self.room
        pair[0].index_copy_(0, slots + first, keys)
        pair[1].index_copy_(0, slots + first, values)
        blocks, count = index.shape
        many, groups = queries.shape[1], queries.shape[1] // pair.shape[2]
        padded = queries.new_zeros(blocks * BLOCK, many, width)
        padded[:nodes] = queries
        padded = padded.view(blocks, BLOCK, many, width).transpose(1, 2)
        out, at_once = [], max(1, GATHERED // count)
        for start in range(0, blocks, at_once):
            some = index[start : start + at_once]
            gathered = (part.index_select(0, some.reshape(-1)).view(len(some), count, -1, width) for part in pair)
            keys, values = (
                part.transpose(1, 2)[:, :, None].expand(-1, -1, groups, -1, -1).reshape(len(some), many, count, width)
                for part in gathered
            )
            out.append(
                torch.nn.functional.scaled_dot_product_attention(
                    padded[start : start + at_once], keys, values, mask[start : start + at_once], scale=scale
                )
            )
        return torch.cat(out).transpose(1, 2).reshape(blocks * BLOCK, -1)[:nodes]

    def _view(self, text: Any, growth: Growth, kind: str) -> "tuple[Tensor, Tensor]":
        """For layers of a kind: what each block looks at, and the mask of its nodes."""
        import torch

        device = text.device
        before = self._pairs[text.config.layer_types.index(kind)].shape[1] - self.room
        blocks = len(growth.keys)
        index = np.concatenate([np.tile(np.arange(before), (blocks, 1)), np.maximum(growth.keys, 0) + before], 1)
        seen = np.concatenate([np.ones((blocks, BLOCK, before), bool), growth.seen], 2)
        if kind == "sliding_attention":
            own = np.zeros(blocks * BLOCK, np.int64)
            own[: len(growth.positions)] = growth.positions
            places = np.concatenate([np.tile(np.arange(self._prefix - before, self._prefix), (blocks, 1)), growth.places], 1)
            seen &= own.reshape(blocks, BLOCK, 1) - places[:, None] < text.config.sliding_window
        seen[:, :, 0] |= ~seen.any(2)  # what fills up the last block looks at anything
        mask = np.where(seen, np.float32(0), np.float32(-np.inf))[:, None]
        return torch.from_numpy(index).to(device), torch.from_numpy(mask).to(device)


def run_layers(model: Any, ids: Ints, positions: Ints, wanted: Ints, attend: Attend) -> "Tensor":
    """Final hidden states (w, width) of the tokens numbered `wanted`, of tokens with ids and positions, (t,) each.

    attend(number, kind, scale, heads) : what the heads of a layer of that kind gather, (t, heads × width)
    """
    import torch

    text, device = model.model, model.device
    at, places = torch.from_numpy(wanted).to(device), torch.from_numpy(positions)[None].to(device)
    kinds = text.config.layer_types
    turns = {
        kind: [turn[0][:, None] for turn in text.rotary_emb(torch.zeros(1, device=device), places, kind)] for kind in set(kinds)
    }
    states = text.embed_tokens(torch.from_numpy(ids).to(device))
    for number, (kind, layer) in enumerate(zip(kinds, text.layers)):
        attended = attend(number, kind, layer.self_attn.scaling, _heads(layer, states, *turns[kind]))
        if number == len(kinds) - 1:
            attended, states = attended[at], states[at]
        states = states + _norm(layer.post_attention_layernorm, layer.self_attn.o_proj(attended))
        for start in range(0, len(states), ROWS):
            part = states[start : start + ROWS]
            part += _norm(layer.post_feedforward_layernorm, layer.mlp(_norm(layer.pre_feedforward_layernorm, part)))
    return _norm(text.norm, states)


def _heads(layer: Any, states: "Tensor", cos: "Tensor", sin: "Tensor") -> Heads:
    own, normed = layer.self_attn, _norm(layer.input_layernorm, states)
    queries, keys, values = (part(normed).view(len(states), -1, own.head_dim) for part in (own.q_proj, own.k_proj, own.v_proj))
    return _turned(_norm(own.q_norm, queries), cos, sin), _turned(_norm(own.k_norm, keys), cos, sin), values


def _read(model: Any, prefix: Ints) -> "list[Tensor]":
    """Keys and values of a prefix by a plain pass, (2, positions, heads, width) for each layer."""
    import torch

    if not len(prefix):
        config = model.config
        empty = torch.zeros(2, 0, config.num_key_value_heads, config.head_dim, device=model.device)
        return [empty] * config.num_hidden_layers
    return [torch.stack([layer.keys[0], layer.values[0]]).transpose(1, 2) for layer in read(model, prefix).layers]


def _norm(norm: Any, states: "Tensor") -> "Tensor":
    import torch

    return torch.nn.functional.rms_norm(states, states.shape[-1:], 1 + norm.weight, norm.eps)


def _turned(states: "Tensor", cos: "Tensor", sin: "Tensor") -> "Tensor":
    """Rotary positions: (nodes, heads, width) by (nodes, 1, width)."""
    import torch

    one, other = states.chunk(2, dim=-1)
    return states * cos + torch.cat([-other, one], dim=-1) * sin
