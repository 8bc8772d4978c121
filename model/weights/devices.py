"""Where a network's weights lie: on one device, or, where no GPU alone has room for them, on all GPUs, layer after layer.

accelerate hangs hooks into the layers then, which move what passes through to the device that a layer lies on. torch is imported.
"""

from importlib.util import find_spec
from typing import Any

import torch

from model.about import NoRoom, amount

SHARE = 0.9  # of a GPU's free memory is for weights: keys, values and states need some


def rooms() -> dict[int, int]:
    """GPU → bytes that weights may take there."""
    return {i: int(SHARE * free_of(i)) for i in range(torch.cuda.device_count())}


def free_of(device: Any) -> int:
    """Bytes of a GPU that tensors may still take."""
    found: int = torch.cuda.mem_get_info(device)[0]
    return found + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def gpu(index: int) -> torch.device:
    return torch.device("cuda", index)


def spread_over(network: Any, width: int, name: str) -> dict[str, torch.device]:
    """Part of a network → its GPU, where more than one has to hold it; else nothing. Its weights need not be there.

    width : bytes of each of its numbers. NoRoom where all GPUs together have too little; ValueError where the package that
    spreads is not there.
    """
    found, needed = rooms(), width * sum(one.numel() for one in network.parameters())
    if not found or needed <= found[0]:
        return {}
    if needed > sum(found.values()):
        raise NoRoom(
            f"{name} takes {amount(needed)} of the memory of GPUs, and {amount(sum(found.values()))} are free on "
            f"{len(found)} here: take a smaller one"
        )
    if find_spec("accelerate") is None:
        raise ValueError(
            f"{name} takes {amount(needed)}, more than one GPU here has free; the package accelerate spreads it over "
            f'{len(found)}: pip install "swing[gpus]"'
        )
    from accelerate import infer_auto_device_map

    kept: Any = {"no_split_module_classes": sorted(network._no_split_modules or ()), "dtype": {2: torch.bfloat16}.get(width)}
    places = infer_auto_device_map(network, max_memory=found, **kept)
    if not set(places.values()) <= found.keys():
        raise NoRoom(f"{name} has parts that do not fit into what each of {len(found)} GPUs has free: take a smaller one")
    return {part: gpu(place) for part, place in places.items()}


def spread(network: Any, places: dict[str, torch.device]) -> Any:
    """A network whose weights are here, on these GPUs."""
    from accelerate import dispatch_model

    return dispatch_model(network, places, skip_keys=network._skip_keys_device_placement)
