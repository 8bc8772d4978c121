"""The architectures with experts: files have the gates and the ups of a layer's experts apart, transformers in one tensor."""

from typing import Any

from model.gguf.kinds.kind import OWN_HEADS, STRETCHED, USUAL, WINDOW, Join, Kind, Named, Names

Shape = tuple[int, ...]
GATE_UP = (r"blk.\1.ffn_gate_exps.weight", r"blk.\1.ffn_up_exps.weight")


def _rows_of_each(shape: Shape) -> Shape:
    experts, rows, *rest = shape
    return experts, rows // 2, *rest


def _rows_behind(parts: list[Any]) -> Any:
    import torch

    return torch.cat(parts, 1)


def _paired_of_each(shape: Shape) -> Shape:
    experts, *columns, rows = shape
    return experts, rows // 2, *columns


def _paired(parts: list[Any]) -> Any:
    """(experts, rows) or (experts, rows, columns) of each, by turns: (experts, 2 rows) or (experts, columns, 2 rows)."""
    import torch

    return torch.stack(parts, 2).flatten(1, 2).movedim(1, -1).contiguous()


def _turned(shape: Shape) -> Shape:
    experts, rows, columns = shape
    return experts, columns, rows


def _turn(parts: list[Any]) -> Any:
    return parts[0].transpose(1, 2).contiguous()


BEHIND, BY_TURNS, TURNED = Join(_rows_of_each, _rows_behind), Join(_paired_of_each, _paired), Join(_turned, _turn)
_EXPERTS = r"model\.layers\.(\d+)\.(?:mlp\.)?experts\."
STACKED = (
    Named(f"{_EXPERTS}gate_up_proj", GATE_UP, join=BEHIND),
    Named(f"{_EXPERTS}down_proj", (r"blk.\1.ffn_down_exps.weight",)),
)
_ASKED: Names = {"expert_count": "num_experts", "expert_used_count": "num_experts_per_tok"}
_LOCAL: Names = {"expert_count": "num_local_experts", "expert_used_count": "num_experts_per_tok"}
_WIDE: Names = {"expert_feed_forward_length": "moe_intermediate_size"}

MIXTRAL = Kind(
    "mixtral",
    "MixtralForCausalLM",
    {**OWN_HEADS, **_LOCAL, "tensor_data_layout": None},
    may_lack=("attention.key_length",),
    paired=True,
    named=STACKED,
)
SPARSE = {
    "gpt-oss": Kind(
        "gpt_oss",
        "GptOssForCausalLM",
        {**OWN_HEADS, **WINDOW, **_LOCAL, "expert_feed_forward_length": "intermediate_size"},
        scaled=("yarn",),
        turns={"truncate": False},
        named=(
            Named(f"{_EXPERTS}gate_up_proj", GATE_UP, join=BY_TURNS),
            Named(f"{_EXPERTS}gate_up_proj_bias", (r"blk.\1.ffn_gate_exps.bias", r"blk.\1.ffn_up_exps.bias"), join=BY_TURNS),
            Named(f"{_EXPERTS}down_proj", (r"blk.\1.ffn_down_exps.weight",), join=TURNED),
            Named(f"{_EXPERTS}down_proj_bias", (r"blk.\1.ffn_down_exps.bias",)),
            Named(r"model\.layers\.(\d+)\.self_attn\.sinks", (r"blk.\1.attn_sinks.weight",)),
        ),
    ),
    "qwen2moe": Kind(
        "qwen2_moe",
        "Qwen2MoeForCausalLM",
        {**USUAL, **_ASKED, **_WIDE, "expert_shared_feed_forward_length": "shared_expert_intermediate_size"},
        constant={"norm_topk_prob": False},
        named=STACKED,
    ),
    "qwen3moe": Kind(
        "qwen3_moe",
        "Qwen3MoeForCausalLM",
        {**OWN_HEADS, **_ASKED, **_WIDE},
        scaled=STRETCHED,
        constant={"norm_topk_prob": True},
        named=STACKED,
    ),
}
