"""Loading a language model: the bundled one, a directory, a hub id, a GGUF file."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.about import ADAPTER, NoRoom, base_of, check_config, check_room, config_of, is_gguf, look
from model.cache import Progress, home, recall, remember, sha256
from model.gguf import load_gguf
from model.gguf.bundled import NAME, load_bundled
from model.gguf.split import first_part
from model.image.seeing.families import APART, FAMILIES, blind, vision_of
from model.language import title_of
from model.local import LocalModel
from model.precision import AUTO, FULL, GAIN, HALF, LARGE, PRECISIONS, gain
from model.text.handshake import Handshake, shake

READING, COMPARING = "Loading the weights", "Comparing fast scoring with plain passes"
SHORT = "float16"  # whose largest number, 65,504, the insides of some models exceed
REASONS = {  # what a sentence of transformers' holds that a user of Swing can do nothing with → what it is about
    "Couldn't instantiate the backend tokenizer": "it has no tokenizer that can be read, such as a tokenizer.json",
    "ignore_mismatched_sizes": "its weights have other shapes than its config.json says",
}
VERSION = 2  # of what a handshake asks: another one is not believed


def load_model(
    source: str | Path | None = None, device: str | None = None, progress: Progress | None = None, precision: str = AUTO
) -> LocalModel:
    """A decoder-only language model, of text or (Gemma 3, Gemma 4) of text and pictures, ready to explain.

    source : None for the bundled 270M Gemma 3; a directory with a checkpoint of safetensors or with a LoRA, or a hub id
        such as "google/gemma-3-1b-pt" or "Qwen/Qwen3-0.6B" (downloaded by transformers); a GGUF file of an architecture in
        `model.gguf.kinds`, or any one of the parts that it was split into
    device : "cpu", "cuda", …; a GPU where there is one by default, on which models are run in bfloat16
    precision : on a CPU "float32", "bfloat16" (`model.precision`: the linear layers of a checkpoint that was published in it)
        or "auto": that where this machine is faster so, and the model large enough for anybody to wait for it
    progress : progress(fraction, sentence), called for each tensor that is read and each pass that is compared. What it raises
        ends the loading there, and is raised

    Raises ValueError with one sentence for what is no such model, naming what it is, for a damaged one, for one that does not
    fit into the memory of this machine, and for one that no way of scoring does justice to.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {list(PRECISIONS)}; got {precision!r}")
    tell = progress or (lambda fraction, sentence: None)
    about = None if source is None else look(source)
    tell(0.0, "Loading torch and transformers")
    import torch
    from transformers import Gemma3ForCausalLM, GemmaTokenizer  # noqa: F401 # what takes long, while that is being said
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    run = _Run(device or ("cuda" if torch.cuda.is_available() else "cpu"), precision, tell, spreads=device is None)
    dtype = run.dtype
    if about is not None and run.device == "cpu" and not (about.halves and precision != FULL):  # which is told of the network
        check_room(about.name, about.needs(dtype.itemsize))
    if source is None:
        model = LocalModel(
            *load_bundled(dtype, run.device, lambda fraction, sentence: tell(0.5 + 0.4 * fraction, sentence)), NAME
        )
    elif is_gguf(source):
        model = _load_file(Path(source), run)
    else:
        model = _load_directory(source, str(source), run)
    model.told += _halved(model, run)
    if source is not None or dtype != torch.float32:  # the bundled one is known by heart; the tests shake its hand
        model.handshake = _handshake(model, lambda share: tell(0.95 + 0.05 * share, COMPARING))
    tell(1.0, f"{model.title[0].upper()}{model.title[1:]} is ready")
    return model


load_gemma = load_model  # its name when Swing explained Gemma 3 alone


class _Run:
    """Where a network is run, and in which numbers: decided once, of the network with or without its weights.

    device : torch's name of it;  spreads : whether more than one GPU may hold it;  tell : progress(fraction, sentence)
    """

    def __init__(self, device: str, precision: str, tell: Progress, spreads: bool = False) -> None:
        import torch

        self.device, self.tell, self.spreads = device, tell, spreads and device == "cuda"
        self.dtype = torch.float32 if device == "cpu" else torch.bfloat16
        self.precision = precision if device == "cpu" else FULL
        self._decided: list[float | None] = []

    def faster(self, network: Any, at: float) -> float | None:
        """How many times as fast it is in bfloat16, where it is to be run in it; else None. at : the share that is done"""
        if not self._decided:
            self._decided.append(self._measured(network, at))
        return self._decided[0]

    def places(self, network: Any, name: str) -> dict[str, Any]:
        """Part of a network → its device; "" is the whole."""
        from model.weights.devices import spread_over

        return (self.spreads and spread_over(network, self.dtype.itemsize, name)) or {"": self.device}

    def _measured(self, network: Any, at: float) -> float | None:
        few = self.precision == AUTO and sum(one.numel() for one in network.parameters()) < LARGE
        if self.precision == FULL or few:
            return None
        self.tell(at, "Measuring in which numbers it is faster here")
        found = gain(network)
        return None if self.precision == AUTO and found < GAIN else found


def _halved(model: LocalModel, run: _Run) -> tuple[str, ...]:
    """Run it in bfloat16 where that is asked for, or pays; sentences on it."""
    from model.halved import halve

    faster = run.faster(model.model, 0.92)
    if faster is None:
        return ()
    if not halve(model.model):
        said = f"{model.title} is run in {FULL}: its weights are no numbers of {HALF}."
        return () if run.precision == AUTO else (said,)
    return (
        f"{model.title} is run in {HALF}, in which this machine multiplies {faster:.1f} × as fast as in {FULL}: what that rounds "
        "is measured for each map, and is a part of its standard errors.",
    )


def _load_file(path: Path, run: _Run) -> LocalModel:
    from model.weights.devices import spread

    def tell(fraction: float, sentence: str) -> None:
        run.tell(0.1 + 0.8 * fraction, sentence)

    name = str(first_part(path))  # the same model whichever of its parts is given
    try:
        network, tokenizer = load_gguf(path, name, run.dtype, "cpu", tell)
        places = run.places(network, name)
        return LocalModel(network.to(run.device) if "" in places else spread(network, places), tokenizer, name)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error


def _load_directory(directory: str | Path, name: str, run: _Run) -> LocalModel:
    """Of a directory or a hub id."""
    import transformers

    if (Path(directory) / ADAPTER).is_file():
        return _load_adapter(Path(directory), name, run)
    config = _config(directory, name)
    kind = check_config(config, name)
    with _one_sentence(name):
        run.tell(0.05, "Loading the tokenizer")
        tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
        if not tokenizer.is_fast:
            raise ValueError("its tokenizer does not say where tokens lie in the text")
        known = getattr(transformers.AutoConfig.from_pretrained(directory).get_text_config(), "vocab_size", 0)
        if 2 * len(tokenizer) < known:  # without its files transformers makes one that knows next to nothing
            raise ValueError(f"its tokenizer knows {len(tokenizer):,} tokens and its network {known:,}: files of it are missing")
        model = _read(directory, name, kind, run).eval().requires_grad_(False)
        text, saved = _text_of(model), _saved_as(config)
        told = (
            (f"{title_of(name)} was saved in {SHORT} and is run in {str(run.dtype).removeprefix('torch.')}.",)
            if saved == SHORT
            else ()
        )
        family = FAMILIES.get(kind)
        vision = vision_of(family, model, str(directory), tokenizer) if family else blind(config)
        if isinstance(vision, str):
            return LocalModel(text, tokenizer, name, told=told, blind=vision)
        return LocalModel(text, tokenizer, name, vision, told=told)


def _read(directory: str | Path, name: str, kind: str, run: _Run) -> Any:
    """The network, where it is run; what is to be run in bfloat16, and was published so, is never anything wider."""
    import torch
    import transformers

    from model.halved import narrow
    from model.weights.devices import spread
    from model.weights.reading import read_network

    def ready(network: Any, types: set[str]) -> None:
        text = _text_of(network)
        if types == {"BF16"} and run.faster(text, 0.1) is not None:
            narrow(text)
        if run.device == "cpu" and not getattr(network.config, "quantization_config", None):
            check_room(name, sum(one.nbytes for one in network.parameters()))

    def told(share: float) -> None:
        run.tell(0.1 + 0.8 * share, READING)

    config, options = transformers.AutoConfig.from_pretrained(directory), {"dtype": run.dtype}
    if kind in APART:
        options["config"] = config = config.get_text_config()
    with torch.device("meta"):  # for its class and its size
        eyes = getattr(transformers, FAMILIES[kind].architecture) if kind in FAMILIES else None
        bare: Any = eyes(config) if eyes else transformers.AutoModelForCausalLM.from_config(config)
    places = run.places(bare, name)
    with _quiet() if kind in APART else contextlib.nullcontext():  # about all that belongs to its eyes
        network = read_network(type(bare), directory, ready, told, places, **options)
    return network.to(run.device) if "" in places else spread(network, places)


def _saved_as(config: dict[str, Any]) -> str:
    """The type of numbers that a checkpoint says that it was saved in; "" where it does not say."""
    own = [part.get(key) for part in (config, config.get("text_config") or {}) for key in ("dtype", "torch_dtype")]
    return next((str(found).removeprefix("torch.") for found in own if found), "")


def _load_adapter(directory: Path, name: str, run: _Run) -> LocalModel:
    """A LoRA, merged into the model that it was trained on."""
    from peft import PeftModel

    base = base_of(directory, name)
    on = _load_directory(base, base, _Run(run.device, FULL, run.tell, run.spreads))  # what is merged is no number of bfloat16
    with _one_sentence(name), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of how it would be trained, by names that will change
        merged = PeftModel.from_pretrained(on.model, directory).merge_and_unload()
    why = on.blind or "its LoRA is merged into the language model alone" * (on.vision is not None)
    model = LocalModel(merged.eval().requires_grad_(False), on.tokenizer, name, told=on.told, blind=why)
    model.adapted = sha256(directory / "adapter_model.safetensors")
    return model


def _text_of(model: Any) -> Any:
    """The language model of a multimodal one, which serves prompts of text alone and shares all weights; itself of others."""
    import torch
    from transformers import AutoModelForCausalLM

    if getattr(model.config, "text_config", None) is None:
        return model
    if not hasattr(model.model, "language_model"):
        raise ValueError(f"Swing does not know where the language model of a {model.config.model_type!r} lies")
    with torch.device("meta"):
        text: Any = AutoModelForCausalLM.from_config(model.config.text_config)
    text.model, text.lm_head = model.model.language_model, model.lm_head
    text.generation_config = model.generation_config
    if hasattr(model, "hf_device_map"):
        text.hf_device_map = model.hf_device_map
    return text.eval()


def _config(source: str | Path, name: str) -> dict[str, Any]:
    if Path(source).is_dir():
        return config_of(Path(source), name)
    from transformers import PretrainedConfig

    with _one_sentence(name):
        stated: dict[str, Any] = PretrainedConfig.get_config_dict(str(source))[0]
        return stated


def _handshake(model: LocalModel, told: Callable[[float], None]) -> Handshake:
    """That of this model, from an earlier start where it is the same on the same software."""
    import torch
    import transformers

    versions = f"transformers {transformers.__version__} torch {torch.__version__} {VERSION}"
    count = len({one.device for one in model.model.parameters()})
    where = model.model.device.type + (f" × {count}" if count > 1 else "")
    key = f"{model.fingerprint} {model.model.dtype} {where} {versions}"  # a fingerprint knows of rounding
    file = home() / "handshakes.json"
    with contextlib.suppress(TypeError, KeyError):  # of another version
        known = recall(file)[key]
        return Handshake(**{**known, "lines": tuple(known["lines"])})
    found = shake(model.model, model.lock, model.name, told)
    remember(file, key, asdict(found))
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let transformers write nothing but errors."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


@contextlib.contextmanager
def _one_sentence(name: str) -> Iterator[None]:
    """Turn a loader's pages of advice into one sentence."""
    try:
        yield
    except NoRoom:
        raise
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        lines = str(error).strip().split("\n")
        reason = next((own for theirs, own in REASONS.items() if theirs in lines[0]), lines[0])
        raise ValueError(f"{name} could not be loaded: {reason}") from error
