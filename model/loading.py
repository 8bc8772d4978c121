"""Loading a language model: the bundled one, a directory, a hub id, a GGUF file."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.about import ADAPTER, base_of, check_config, check_room, config_of, is_gguf, look
from model.cache import Progress, home, recall, remember, sha256
from model.gguf import load_gguf
from model.gguf.bundled import NAME, load_bundled
from model.gguf.split import first_part
from model.image.seeing.families import APART, FAMILIES, blind, vision_of
from model.language import title_of
from model.local import LocalModel
from model.precision import AUTO, FULL, GAIN, HALF, LARGE, PRECISIONS, gain
from model.text.handshake import Handshake, shake

SHORT = "float16"  # whose largest number, 65,504, the insides of some models exceed
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
    progress : progress(fraction, sentence)

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
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    if about is not None and device == "cpu":
        check_room(about, dtype.itemsize)
    if source is None:
        model = LocalModel(*load_bundled(dtype, device, lambda fraction, sentence: tell(0.5 + 0.4 * fraction, sentence)), NAME)
    elif is_gguf(source):
        model = _load_file(Path(source), dtype, device, lambda fraction, sentence: tell(0.1 + 0.8 * fraction, sentence))
    else:
        model = _load_directory(source, str(source), dtype, device, tell)
    if device == "cpu":
        model.told += _halved(model, precision, tell)
    if source is not None or dtype != torch.float32:  # the bundled one is known by heart; the tests shake its hand
        tell(0.95, "Comparing fast scoring with plain passes")
        model.handshake = _handshake(model)
    tell(1.0, f"{model.title[0].upper()}{model.title[1:]} is ready")
    return model


load_gemma = load_model  # its name when Swing explained Gemma 3 alone


def _halved(model: LocalModel, precision: str, tell: Progress) -> tuple[str, ...]:
    """Run it in bfloat16 where that is asked for, or pays; sentences on it."""
    from model.halved import halve

    if precision == FULL or (precision == AUTO and sum(one.numel() for one in model.model.parameters()) < LARGE):
        return ()
    tell(0.92, "Measuring in which numbers it is faster here")
    faster = gain(model.model)
    if precision == AUTO and faster < GAIN:
        return ()
    if not halve(model.model):
        return () if precision == AUTO else (f"{model.title} is run in {FULL}: its weights are no numbers of {HALF}.",)
    return (
        f"{model.title} is run in {HALF}, in which this machine multiplies {faster:.1f} × as fast as in {FULL}: what that rounds "
        "is measured for each map, and is a part of its standard errors.",
    )


def _load_file(path: Path, dtype: Any, device: str, tell: Progress) -> LocalModel:
    name = str(first_part(path))  # the same model whichever of its parts is given
    try:
        return LocalModel(*load_gguf(path, name, dtype, device, tell), name)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error


def _load_directory(directory: str | Path, name: str, dtype: Any, device: str, tell: Progress) -> LocalModel:
    """Of a directory or a hub id."""
    import transformers

    if (Path(directory) / ADAPTER).is_file():
        return _load_adapter(Path(directory), name, dtype, device, tell)
    config = _config(directory, name)
    kind = check_config(config, name)
    with _one_sentence(name):
        tell(0.5, "Loading the tokenizer")
        tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
        if not tokenizer.is_fast:
            raise ValueError("its tokenizer does not say where tokens lie in the text")
        tell(0.8, "Loading the weights")
        model = _network(directory, kind, dtype).to(device).eval().requires_grad_(False)
        text, saved = _text_of(model), _saved_as(config)
        told = (
            (f"{title_of(name)} was saved in {SHORT} and is run in {str(dtype).removeprefix('torch.')}.",)
            if saved == SHORT
            else ()
        )
        family = FAMILIES.get(kind)
        vision = vision_of(family, model, str(directory), tokenizer) if family else blind(config)
        if isinstance(vision, str):
            return LocalModel(text, tokenizer, name, told=told, blind=vision)
        return LocalModel(text, tokenizer, name, vision, told=told)


def _network(directory: str | Path, kind: str, dtype: Any) -> Any:
    """The network of a checkpoint, with its eyes where it has some that can be built."""
    import transformers

    options = {"dtype": dtype, "use_safetensors": True}
    if kind in FAMILIES:
        return getattr(transformers, FAMILIES[kind].architecture).from_pretrained(directory, **options)
    if kind not in APART:
        return transformers.AutoModelForCausalLM.from_pretrained(directory, **options)
    config = transformers.AutoConfig.from_pretrained(directory).get_text_config()
    with _quiet():  # about all that belongs to its eyes
        loaded = transformers.AutoModelForCausalLM.from_pretrained(directory, config=config, output_loading_info=True, **options)
    if missing := sorted(loaded[1]["missing_keys"]):
        raise ValueError(f"its file has no {missing[0]}, of its language model")
    return loaded[0]


def _saved_as(config: dict[str, Any]) -> str:
    """The type of numbers that a checkpoint says that it was saved in; "" where it does not say."""
    own = [part.get(key) for part in (config, config.get("text_config") or {}) for key in ("dtype", "torch_dtype")]
    return next((str(found).removeprefix("torch.") for found in own if found), "")


def _load_adapter(directory: Path, name: str, dtype: Any, device: str, tell: Progress) -> LocalModel:
    """A LoRA, merged into the model that it was trained on."""
    from peft import PeftModel

    base = base_of(directory, name)
    on = _load_directory(base, base, dtype, device, tell)
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
    return text.eval()


def _config(source: str | Path, name: str) -> dict[str, Any]:
    if Path(source).is_dir():
        return config_of(Path(source), name)
    from transformers import PretrainedConfig

    with _one_sentence(name):
        stated: dict[str, Any] = PretrainedConfig.get_config_dict(str(source))[0]
        return stated


def _handshake(model: LocalModel) -> Handshake:
    """That of this model, from an earlier start where it is the same on the same software."""
    import torch
    import transformers

    versions = f"transformers {transformers.__version__} torch {torch.__version__} {VERSION}"
    key = f"{model.fingerprint} {model.model.dtype} {model.model.device.type} {versions}"  # a fingerprint knows of rounding
    file = home() / "handshakes.json"
    with contextlib.suppress(TypeError, KeyError):  # of another version
        known = recall(file)[key]
        return Handshake(**{**known, "lines": tuple(known["lines"])})
    found = shake(model.model, model.lock, model.name)
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
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{name} could not be loaded: {reason}") from error
