"""Two devices that are made of the processor: their tensors say that they lie elsewhere, and refuse to meet others.

As on GPUs, an operation takes tensors of one device; only those of no dimension may lie elsewhere. What is found is what the
processor finds. It is meant for processes of a test's own: torch knows these devices to their end.
"""

import contextlib
from collections.abc import Iterator

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "privateuseone"
MOVES = torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default


class Elsewhere(torch.Tensor):
    """A tensor on one of them. here : the same on the processor"""

    @staticmethod
    def __new__(cls, here, device):
        of = {"strides": here.stride(), "storage_offset": here.storage_offset(), "dtype": here.dtype, "device": device}
        made = torch.Tensor._make_wrapper_subclass(cls, here.shape, **of)
        made.here = here
        return made

    def __format__(self, how):
        return format(self.here, how)

    def tolist(self):
        return self.here.tolist()

    def data_ptr(self):
        return self.here.data_ptr()  # by which accelerate tells tied weights

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})


class _Between(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})


def device(index):
    return torch.device(NAME, index)


def run(function, args, kwargs):
    """One operation, where its tensors lie."""
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    places = {one.device for one in tensors if one.ndim or isinstance(one, Elsewhere)}
    wide = {one.device for one in tensors if one.ndim}
    if function not in MOVES and len(wide) > 1:
        raise RuntimeError(f"{function}: tensors of {sorted(map(str, wide))} meet")
    asked = kwargs.get("device")
    there = [place for place in wide or places if place.type == NAME]
    goes = torch.device(asked) if asked is not None else there[0] if there else None
    plain = {**kwargs, "device": torch.device("cpu")} if asked is not None else kwargs
    own, named = tree_map(lambda one: one.here if isinstance(one, Elsewhere) else one, (args, plain))
    found = function(*own, **named)
    if function._schema.is_mutable:
        return args[0]
    if goes is None or goes.type != NAME:
        return found
    return tree_map(lambda one: Elsewhere(one, goes) if isinstance(one, torch.Tensor) else one, found)


@contextlib.contextmanager
def two_devices() -> Iterator[None]:
    """Within this context there are `device(0)` and `device(1)`."""
    _setup_privateuseone_for_python_backend()
    torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(…, device=…)` moves what it made, as it does for fake tensors
    try:
        with _Between():
            yield
    finally:
        torch._C._set_only_lift_cpu_tensors(False)
