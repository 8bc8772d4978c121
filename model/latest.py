"""What was computed for the prompts that a model was last asked about."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

V = TypeVar("V")


class Latest(WeakKeyDictionary[Any, "OrderedDict[object, V]"]):
    """Of each model the `most` values that were last asked for; they go with the model, and are its lock's to guard."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def value(self, model: Any, key: object, make: Callable[[], V]) -> V:
        """That of a key, made where it is not among the latest; room is made before, so that no more are ever there."""
        kept = self.setdefault(model, OrderedDict())
        if key not in kept:
            while len(kept) >= self.most:
                kept.popitem(last=False)
            kept[key] = make()
        kept.move_to_end(key)
        return kept[key]
