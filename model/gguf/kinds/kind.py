"""What is said of an architecture: what ggml calls a setting, what transformers calls it, and what differs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model.gguf.header import Header

Names = dict[str, str | None]
Settings = dict[str, Any]

SIZES: Names = {
    "context_length": "max_position_embeddings",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "embedding_length": "hidden_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "vocab_size": "vocab_size",
}
TURNING: Names = {"rope.freq_base": "rope_theta", "rope.dimension_count": None}
HEADS: Names = {"attention.key_length": "head_dim", "attention.value_length": None}
COMPARED: Names = {"attention.key_length": None, "attention.value_length": None}
RMS: Names = {"attention.layer_norm_rms_epsilon": "rms_norm_eps"}
WINDOW: Names = {"attention.sliding_window": "sliding_window"}
OWN_HEADS: Names = {**SIZES, **TURNING, **HEADS, **RMS}
USUAL: Names = {**SIZES, **TURNING, **COMPARED, **RMS}
STRETCHED = ("linear", "yarn")
MAY_LACK = {  # ggml's network has a value for them, which is transformers' too
    "attention.head_count_kv",
    "rope.freq_base",
    "vocab_size",
    "use_parallel_residual",
    "attn_logit_softcapping",
    "final_logit_softcapping",
}


class Join(NamedTuple):
    """How tensors of a file, or one that lies otherwise, make one of the network's.

    each : shape in the network → that of each in the file;  make : those in the file → the network's
    """

    each: Callable[[tuple[int, ...]], tuple[int, ...]]
    make: Callable[[list[Any]], Any]


class Named(NamedTuple):
    """Tensors of the network whose names the `gguf` package's table does not have.

    ours : pattern of their whole names;  theirs : names in the file, in which \\1 stands for the pattern's first group
    stacked : whether that group counts them in one tensor of the file, along its first dimension
    join : how several, or one that lies otherwise, make it;  None where it is the same
    """

    ours: str
    theirs: tuple[str, ...]
    stacked: bool = False
    join: Join | None = None


def as_found(header: Header, stated: Settings, turning: dict[str, list[float]]) -> Settings:
    """No settings but those that `Kind.fields` names."""
    return {}


@dataclass(frozen=True)
class Kind:
    """type, network : the configuration's `model_type` and the class, both of transformers
    fields : setting in the file → in the configuration; None for one that is compared with what others say
    may_lack : settings that files may leave out besides `MAY_LACK`
    listed : settings that files may state for each block
    scaled : the ways to scale positions that it has
    wide : blocks of its largest model, which scales queries otherwise; the file does not say so, ggml's network knows it by these
    norm_plus : what is added to the norms of a file;  paired : whether rows of queries and keys lie as pairs
    flipped : endings of the names of matrices that lie the other way round
    partial : whether `rope.dimension_count` may be a part of a head
    turns : what no file says of scaled positions
    constant : what no file says;  biased : setting → the tensor of the first block whose presence says it
    settle : header, what it states, tensors of how positions turn → settings besides, which overrule others; ValueError for
        what cannot be
    proportional : whether `rope_freqs.weight` says which part of a head turns
    named : tensors with names of their own, of several that match the first whose tensors the file has
    experts : what it is where files state experts
    unused : configuration → tensors that files have and the network does not use
    """

    type: str
    network: str
    fields: Names
    may_lack: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    scaled: tuple[str, ...] = ()
    wide: int = 0
    norm_plus: float = 0.0
    paired: bool = False
    flipped: tuple[str, ...] = ()
    partial: bool = False
    turns: Settings = field(default_factory=dict)
    constant: Settings = field(default_factory=dict)
    biased: dict[str, str] = field(default_factory=dict)
    settle: Callable[[Header, Settings, dict[str, list[float]]], Settings] = as_found
    proportional: bool = False
    named: tuple[Named, ...] = ()
    experts: "Kind | None" = None
    unused: Callable[[Any], set[str]] = lambda config: set()
