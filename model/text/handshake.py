"""Which way of scoring a model may be taken: the fastest that says what plain passes of the unchanged model say.

Some ten short passes decide, before the first run of a checkpoint: tokens removed, and tokens hidden in their places, of
a few random sequences; within a sliding window, and beyond it. What agrees is remembered, by the model's fingerprint.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from model.precision import in_full
from model.text.cases import BODY, TARGET, Cases, Steps, cases_of, differ, read_on, read_once, tried
from model.text.nodes.foretold import Sharing
from model.text.once import READ_ONCE, OnceScorer
from model.text.scoring import BatchScorer, PrefixScorer, Sequence, WholeScorer
from model.text.shared import SharedScorer
from xai.typing import Floats, Ints

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("swing.model")

AGREE = 1e-4  # natural log-probability by which a way may differ from plain passes, in float32
ROUNDING = 4.0  # in shorter types: times what the rounding of the first layer's input alone changes; see `_bound`
SHORT = 8  # a sliding window that these sequences leave
QUESTIONS, COMPARISONS = 9, 17  # steps of `_questions` in float32, and of `_apart`
TIMED_PREFIX, TIMED_ROWS = 64, 8  # of what is timed where a slower way is taken

Sample = Callable[[], list[Sequence]]


class Scorer(Protocol):
    """computed, anew, sharing : as of `model.text.scoring.PrefixScorer`"""

    computed: int
    anew: int

    @property
    def sharing(self) -> Sharing: ...

    def score(self, sequences: list[Any]) -> Floats: ...  # a `Sequence`, or what else of that kind it takes


class Way(NamedTuple):
    """make : (model, lock, prefix, target, sample of what will be asked, None for none) → a scorer;  said : how, in a sentence"""

    name: str
    make: Callable[[Any, threading.RLock, Ints, Ints, Sample | None], Scorer]
    said: str


def _prefixed(model: Any, lock: threading.RLock, prefix: Ints, target: Ints, sample: Sample | None) -> Scorer:
    return SharedScorer(model, lock, prefix, target, sample) if sample else PrefixScorer(model, lock, prefix, target)


WAYS = (  # the fastest first
    Way("prefix", _prefixed, "with the prefix cache"),
    Way("batches", lambda model, lock, prefix, target, _: BatchScorer(model, lock, prefix, target), "without the prefix cache"),
    Way("whole", lambda model, lock, prefix, target, _: WholeScorer(model, lock, prefix, target), "by whole passes, one by one"),
)
ONCE = Way(READ_ONCE, lambda model, lock, prefix, target, _: OnceScorer(model, lock, prefix, target), "reading once")


@dataclass(frozen=True)
class Handshake:
    """removed, hidden : names of the ways taken where absent tokens are left out, and hidden; hidden "" where none agrees

    gaps : whether hidden tokens may be left out, the others keeping their positions, up to `window` tokens (0: no window)
    reads : whether `generation.Reader` agrees too, which continues many contexts at once;  once : whether ONCE does
    off, allowed : the largest difference of these ways from plain passes, and the one allowed, natural log-probability
    lines : what is to be said of it, sentences without their beginning (the model's name) and end
    """

    removed: str = "prefix"
    hidden: str = "prefix"
    gaps: bool = True
    window: int = 0
    reads: bool = True
    once: bool = True
    off: float = 0.0
    allowed: float = AGREE
    lines: tuple[str, ...] = ()

    def in_place(self, tokens: int) -> bool:
        """Whether hidden tokens of so long a sequence must stay behind a mask: sliding layers would count those left."""
        return not self.gaps or 0 < self.window < tokens

    def way(self, absent: str) -> Way:
        """That of an absence; ValueError where this model has none."""
        hiding = absent in ("hole", READ_ONCE)
        if hiding and not self.hidden:
            raise ValueError(f"this model {self.lines[-1]}: choose that absent parts are removed, or replaced")
        if absent == READ_ONCE:
            if not self.once:
                raise ValueError("this model cannot be read once and parts be hidden then: choose another way of absence")
            return ONCE
        name = self.hidden if hiding else self.removed
        return next(way for way in WAYS if way.name == name)


def window_of(config: Any) -> int:
    """Beyond how many tokens some layer counts which tokens it sees, 0 for none; whatever the setting's name."""
    found = config.to_dict().items()
    named = [value for key, value in found if key.endswith(("window", "window_size", "chunk_size"))]
    return min((value for value in named if type(value) is int and value > 0), default=0)


def shake(model: Any, lock: threading.RLock, name: str, told: Callable[[float], None] | None = None) -> Handshake:
    """Compare all ways with plain passes; ValueError with one sentence for a model that can be explained by none.

    told : told(share) between the passes; what it raises ends them

    Where `model.precision` rounds, they are compared without: how far that moves values, each game measures.
    """
    step = Steps(told, QUESTIONS + COMPARISONS * (2 if _slides(model.config) else 1))
    try:
        with in_full(model, lock):
            allowed, unhidden = _questions(model, lock, step)
            apart = [_apart(model, lock, step)]
            with _short_window(model.config) as shorter:
                if shorter:
                    apart.append(_apart(model, lock, step))
            slow = any(found[WAYS[0].name]["removed"] > allowed for found in apart)
            seconds = {way.name: _seconds(model, lock, way) for way in WAYS} if slow else {}
    except _Refused as refused:
        raise ValueError(f"{name} {refused}, so it cannot be explained") from None
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{name} cannot be asked for log-probabilities ({type(error).__name__}: {reason})") from error
    found = _settled(apart, allowed, unhidden, window_of(model.config), seconds)
    for line in found.lines:
        log.warning("%s %s.", name, line)
    return found


class _Refused(Exception):
    """What a model does that no way of scoring can do with; goes on after its name."""


def _questions(model: Any, lock: threading.RLock, step: Steps) -> tuple[float, str]:
    """By how much ways may differ, and why nothing can be hidden ("" if it can); all of it asked of plain passes."""
    cases = cases_of(model)
    asked = WholeScorer(model, lock, cases.prefix, cases.target)
    removed, place = step.score(asked, cases.removed), step.score(asked, cases.place[1:])
    if not (np.isfinite(removed).all() and (removed < AGREE).all()):
        raise _Refused("answers with what is no log-probability")
    allowed = _allowed(model, lambda: step.score(asked, cases.removed[:1]))
    if not differ(step.score(asked, cases.removed[-1:]), removed[-1:]) <= allowed:
        raise _Refused("gives other answers when asked the same again")
    first = cases.removed[-1]
    shorter = Sequence(first.ids[: 1 - TARGET], first.positions[: 1 - TARGET], first.visible[: 1 - TARGET])
    alone = step.score(WholeScorer(model, lock, cases.prefix, cases.target[:1]), [shorter])
    if not differ(alone, removed[-1:, :1]) <= allowed:
        raise _Refused("reads what follows before it answers: it does not go from left to right")
    if not getattr(model.config, "num_attention_heads", 0):
        return allowed, "has no attention that words could be hidden from"
    others = [Sequence(np.where(s.visible, s.ids, s.ids[::-1]), s.positions, s.visible) for s in cases.place[1:]]
    if not differ(step.score(asked, others), place) <= allowed:
        return allowed, "lets what hidden words say reach the answer"
    if differ(removed[1:], place) <= allowed:
        return allowed, "has no places that the others could keep where words are hidden"
    return allowed, ""


def _apart(model: Any, lock: threading.RLock, step: Steps) -> dict[str, dict[str, float]]:
    """Way → how tokens are absent → its largest difference from plain passes; infinite where it fails."""
    cases = cases_of(model, seed=1)
    whole = WholeScorer(model, lock, cases.prefix, cases.target)
    removed, place = step.score(whole, cases.removed), step.score(whole, cases.place)
    wanted = {"removed": removed, "gaps": place, "place": place}
    found: dict[str, dict[str, float]] = {}
    for way, (kind, values) in product(WAYS, wanted.items()):
        step()
        ask = partial(_scored, way, model, lock, cases, kind)
        found.setdefault(way.name, {})[kind] = tried(f"{way.said}, tokens {kind}", ask, values)
    step()
    found["read on"] = {"removed": read_on(model, lock, cases)}
    step()
    found[READ_ONCE] = {"place": read_once(model, lock, cases)}
    return found


def _scored(way: Way, model: Any, lock: threading.RLock, cases: Cases, kind: str) -> Floats:
    return way.make(model, lock, cases.prefix, cases.target, None).score(getattr(cases, kind))


def _settled(
    apart: list[dict[str, dict[str, float]]], allowed: float, unhidden: str, window: int, seconds: dict[str, float]
) -> Handshake:
    """apart : within a window and, where there is one, beyond it;  seconds : of the ways, where the first may not be taken"""

    def first(kind: str) -> Way | None:
        return next((way for way in WAYS if all(found[way.name][kind] <= allowed for found in apart)), None)

    removed, hidden = first("removed") or WAYS[-1], None if unhidden else first("place")
    gaps = hidden is not None and apart[0][hidden.name]["gaps"] <= allowed
    used = [found[removed.name]["removed"] for found in apart]
    lines = []
    if removed is not WAYS[0]:
        lines.append(f"is scored {removed.said}{_slower(removed, seconds)}")
    if hidden:
        used += [found[hidden.name]["place"] for found in apart] + [apart[0][hidden.name]["gaps"]] * gaps
        if hidden is not removed:
            lines.append(f"is scored {hidden.said} where words are hidden")
    else:
        lines.append(unhidden or "has no way of hiding words that agrees with its plain passes")
    if allowed > AGREE:
        lines.insert(0, f"rounds: its fast scoring differs from plain passes by up to {max(used):.1g}")
    reads = all(found["read on"]["removed"] <= allowed for found in apart)
    once = bool(hidden) and all(found[READ_ONCE]["place"] <= allowed for found in apart)
    return Handshake(removed.name, hidden.name if hidden else "", gaps, window, reads, once, max(used), allowed, tuple(lines))


def _slower(taken: Way, seconds: dict[str, float]) -> str:
    """How much slower than the fastest way that runs, right or wrong; nothing where none runs."""
    others = [seconds[way.name] for way in WAYS[: WAYS.index(taken)] if np.isfinite(seconds[way.name])]
    return f": {seconds[taken.name] / min(others):.1f} × slower" if others else ""


def _seconds(model: Any, lock: threading.RLock, way: Way) -> float:
    """What some sequences after a longer prefix take; infinite where the way fails."""
    rng = np.random.default_rng(0)
    prefix, target = (rng.integers(3, model.config.vocab_size, count) for count in (TIMED_PREFIX, 1))
    rows = rng.integers(3, model.config.vocab_size, (TIMED_ROWS, BODY))
    asked = [Sequence(row, TIMED_PREFIX + np.arange(BODY), np.ones(BODY, bool)) for row in rows]
    try:
        scorer = way.make(model, lock, prefix, target, None)
        scorer.score(asked)
        began = time.perf_counter()
        scorer.score(asked)
    except Exception:
        return float("inf")
    return time.perf_counter() - began


@contextlib.contextmanager
def _short_window(config: Any) -> Iterator[bool]:
    """A window that short sequences leave, in place of the model's own: masks and caches are made by this setting."""
    window, shorter = getattr(config, "sliding_window", None), _slides(config)
    try:
        if shorter:
            config.sliding_window = SHORT
        yield shorter
    finally:
        if shorter:
            config.sliding_window = window


def _slides(config: Any) -> bool:
    window = getattr(config, "sliding_window", None)
    return type(window) is int and window > SHORT


def _allowed(model: Any, ask: Callable[[], Floats]) -> float:
    """1e-4 in float32. In shorter types the order of additions counts, which differs between any two ways: measured by
    answers to the same question where every number that the first layer reads is one rounding off."""
    import torch

    if model.dtype in (torch.float32, torch.float64):
        return AGREE
    step, generator = torch.finfo(model.dtype).eps, torch.Generator().manual_seed(0)

    def shaken(module: Any, inputs: Any, out: "Tensor") -> "Tensor":
        signs = torch.randint(0, 2, out.shape, generator=generator).to(out.device, out.dtype) * 2 - 1
        return out * (1 + step * signs)

    plain = ask()
    hook = model.get_input_embeddings().register_forward_hook(shaken)
    try:
        return max(AGREE, ROUNDING * max(differ(ask(), plain) for _ in range(3)))
    finally:
        hook.remove()
