"""Gemma 3's text layers once more, over the nodes of a tree instead of rows of a batch.

What `transformers.Gemma3TextModel` computes for sequences, here for what is new in a `tree.Growth`: the linear layers
see a flat array of nodes, without padding, and attention goes by blocks of nodes over the keys and values of what they
descend from. `model.text.ways` compares it with plain passes before it is used.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from model.text.nodes.tree import BLOCK, Growth
from model.text.scoring import read
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

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
        slots, at = (torch.from_numpy(array).to(device) for array in (growth.slots, wanted))
        states = text.embed_tokens(torch.from_numpy(growth.ids).to(device))
        for number, layer in enumerate(text.layers):
            index, mask, cos, sin = views[text.config.layer_types[number]]
            attended = self._attend(number, layer, states, slots, index, mask, cos, sin)
            if number == len(text.layers) - 1:
                attended, states = attended[at], states[at]
            states = states + _norm(layer.post_attention_layernorm, layer.self_attn.o_proj(attended))
            for start in range(0, len(states), ROWS):
                part = states[start : start + ROWS]
                part += _norm(layer.post_feedforward_layernorm, layer.mlp(_norm(layer.pre_feedforward_layernorm, part)))
        states = _norm(text.norm, states)
        return states[torch.from_numpy(back.reshape(growth.ends.shape)).to(device)]

    def move(self, slots: Ints) -> None:
        """What these slots hold goes to the slots 0, 1, …; they are in ascending order."""
        import torch

        index = torch.from_numpy(slots)
        for pair in self._pairs:
            first = pair.shape[1] - self.room
            pair[:, first : first + len(slots)] = pair[:, index.to(pair.device) + first]

    def _attend(
        self,
        number: int,
        layer: Any,
        states: "Tensor",
        slots: "Tensor",
        index: "Tensor",
        mask: "Tensor",
        cos: "Tensor",
        sin: "Tensor",
    ) -> "Tensor":
        """What the heads of a layer gather, (nodes, heads × width); the nodes' keys and values go into their slots."""
        import torch

        own, pair = layer.self_attn, self._pairs[number]
        nodes, width = len(states), own.head_dim
        normed = _norm(layer.input_layernorm, states)
        queries, keys, values = (part(normed).view(nodes, -1, width) for part in (own.q_proj, own.k_proj, own.v_proj))
        queries = _turned(_norm(own.q_norm, queries), cos, sin)
        first = pair.shape[1] - self.room
        pair[0].index_copy_(0, slots + first, _turned(_norm(own.k_norm, keys), cos, sin))
        pair[1].index_copy_(0, slots + first, values)
        blocks, count = index.shape
        heads, groups = queries.shape[1], queries.shape[1] // pair.shape[2]
        padded = queries.new_zeros(blocks * BLOCK, heads, width)
        padded[:nodes] = queries
        padded = padded.view(blocks, BLOCK, heads, width).transpose(1, 2)
        out, at_once = [], max(1, GATHERED // count)
        for start in range(0, blocks, at_once):
            some = index[start : start + at_once]
            gathered = (part.index_select(0, some.reshape(-1)).view(len(some), count, -1, width) for part in pair)
            keys, values = (
                part.transpose(1, 2)[:, :, None].expand(-1, -1, groups, -1, -1).reshape(len(some), heads, count, width)
                for part in gathered
            )
            out.append(
                torch.nn.functional.scaled_dot_product_attention(
                    padded[start : start + at_once], keys, values, mask[start : start + at_once], scale=own.scaling
                )
            )
        return torch.cat(out).transpose(1, 2).reshape(blocks * BLOCK, -1)[:nodes]

    def _view(self, text: Any, growth: Growth, kind: str) -> "tuple[Tensor, Tensor, Tensor, Tensor]":
        """For layers of a kind: what each block looks at, the mask of its nodes, and the turns of their positions."""
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
        positions = torch.from_numpy(growth.positions)[None].to(device)
        cos, sin = text.rotary_emb(torch.zeros(1, device=device), positions, kind)
        return torch.from_numpy(index).to(device), torch.from_numpy(mask).to(device), cos[0][:, None], sin[0][:, None]


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
