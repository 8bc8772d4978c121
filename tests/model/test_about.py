"""What is said of a model before it is loaded, and what is refused then, by one sentence each."""

import json
import shutil
import sys

import pytest
from gguf_kinds import tiny, write_kind

from model import about, load_model
from model.about import look

METHODS = [(method, package) for method, packages in about.PACKAGES.items() for package in list(packages.values())[:1]]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A GGUF file of a tiny Llama, and the network that it holds."""
    from gguf_files import vocabulary
    from transformers import LlamaConfig

    network = tiny(LlamaConfig, vocab_size=len(vocabulary()), tie_word_embeddings=False)
    return write_kind(tmp_path_factory.mktemp("file") / "tiny.gguf", network, "llama"), network


def changed(checkpoint, tmp_path, **config):
    """A copy of a checkpoint whose config.json says something else; None takes a word out of it."""
    directory = tmp_path / "changed"
    shutil.copytree(checkpoint, directory)
    said = {**json.loads((directory / "config.json").read_text()), **config}
    (directory / "config.json").write_text(json.dumps({key: value for key, value in said.items() if value is not None}))
    return directory


def numbers(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_a_gguf_file(file):
    path, network = file
    found = look(path)
    assert (found.kind, found.type, found.stored) == ("GGUF file", "llama", "float32")
    assert found.parameters == numbers(network) and found.needs(4) == 4 * numbers(network) == 2 * found.needs(2)
    other = path.with_name("of_another_name")
    other.write_bytes(path.read_bytes())
    assert look(other).parameters == found.parameters and load_model(other).name == str(other)


def test_the_bundled_model(gemma):
    found = look(None)
    assert (found.kind, found.type) == ("bundled model", "gemma3") and found.parameters == numbers(gemma.model)


def test_a_directory(tiny_checkpoint, tiny_gemma):
    found = look(tiny_checkpoint)
    assert (found.kind, found.type, found.stored) == ("directory", "gemma3_text", "float32")
    assert found.parameters == numbers(tiny_gemma.model) and found.size > 4 * found.parameters


def test_a_directory_of_several_files(tiny_checkpoint, tiny_gemma, tmp_path):
    """Those that its index names alone: others are the same weights for other programs."""
    tiny_gemma.model.save_pretrained(tmp_path, max_shard_size="50KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    (tmp_path / "consolidated.safetensors").write_bytes((tiny_checkpoint / "model.safetensors").read_bytes())
    assert look(tmp_path).parameters == numbers(tiny_gemma.model)
    next(tmp_path.glob("model-*.safetensors")).unlink()
    with pytest.raises(ValueError, match="lacks model-0.*, which model.safetensors.index.json names"):
        look(tmp_path)


def test_a_hub_id_is_known_once_it_was_downloaded(tiny_checkpoint, tiny_gemma, monkeypatch):
    assert look("owner/name") == about.About("hub id", "owner/name")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda name, file: str(tiny_checkpoint / file))
    found = look("owner/name")
    assert (found.kind, found.name, found.parameters) == ("hub id", "owner/name", numbers(tiny_gemma.model))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "model.onnx",
            b"\x08\x07",
            "is an ONNX file, of which Swing explains table models and image classifiers, on their pages; here give a GGUF",
        ),
        ("model.pkl", b"\x80\x04", "is a pickle, which would run code of its own"),
        ("pytorch_model.bin", b"PK\x03\x04", "is a pickle, which would run code of its own"),
        ("model.safetensors", b"", "has weights alone: give the directory"),
        ("model.txt", b"hello", "is a file of another kind than a language model's: give a GGUF file, a directory"),
        ("model.gguf", b"hello, hello", "it does not begin with the letters GGUF"),
        ("cut.gguf", b"GGUF\x03", "cut off or damaged"),
    ],
)
def test_a_file_that_is_no_language_model(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    for ask in (look, load_model):
        with pytest.raises(ValueError, match=sentence) as caught:
            ask(str(tmp_path / name))
        assert str(caught.value).startswith(str(tmp_path / name)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("method", "package"), METHODS)
def test_a_quantised_directory_names_the_package_that_it_lacks(tiny_checkpoint, tmp_path, monkeypatch, method, package):
    """And is not refused where that is there."""
    directory = changed(tiny_checkpoint, tmp_path, quantization_config={"quant_method": method})
    with monkeypatch.context() as patch:
        for imported in about.PACKAGES[method]:
            patch.setitem(sys.modules, imported, None)
        for ask in (look, load_model):
            with pytest.raises(
                ValueError, match=f"is quantised by {method}, which the package {package} runs: pip install {package}$"
            ):
                ask(directory)
    monkeypatch.setattr(about, "find_spec", lambda name: name)
    found = look(directory)
    assert found.quantised == found.stored == method and found.parameters is None and found.needs() == found.size


def test_bitsandbytes_by_its_older_settings(tiny_checkpoint, tmp_path, monkeypatch):
    directory = changed(tiny_checkpoint, tmp_path, quantization_config={"load_in_4bit": True})
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(ValueError, match="quantised by bitsandbytes, which the package bitsandbytes runs"):
        look(directory)


def test_a_directory_of_pickles(tiny_checkpoint, tmp_path):
    directory = changed(tiny_checkpoint, tmp_path)
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    with pytest.raises(ValueError, match="it has no weights in safetensors; pytorch_model.bin is a pickle"):
        load_model(directory)


def test_damaged_weights(tiny_checkpoint, tmp_path):
    directory = changed(tiny_checkpoint, tmp_path)
    for content in (b"", b"\x08", b"\xff" * 20, b"\x02" + b"\x00" * 7 + b"{}", b"\x08" + b"\x00" * 7 + b'{"a": 1}'):
        (directory / "model.safetensors").write_bytes(content)
        with pytest.raises(ValueError, match="model.safetensors is damaged"):
            look(directory)


def test_what_does_not_fit_is_not_loaded(file, tiny_checkpoint, tmp_path, monkeypatch):
    memory = tmp_path / "meminfo"
    monkeypatch.setattr(about, "MEMORY", memory)
    for source in (file[0], tiny_checkpoint):
        memory.write_text(f"MemTotal: 9 kB\nMemAvailable: {look(source).needs() // 1024 - 1} kB\n")
        with pytest.raises(ValueError, match=f"{source} takes 0.[0-9] MB of memory, and 0.[0-9] MB are free"):
            load_model(source)
    memory.write_text("of another system")
    assert about.free_memory() is None and load_model(tiny_checkpoint)


@pytest.mark.parametrize("word", ["dtype", "torch_dtype"])
def test_half_precision_is_run_in_float32_and_told(tiny_checkpoint, tiny_gemma, tmp_path, word):
    import torch
    from transformers import AutoModelForCausalLM

    directory = changed(tiny_checkpoint, tmp_path, **{"dtype": None, word: "float16"})
    halves = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float16)
    config = (directory / "config.json").read_text()
    halves.save_pretrained(directory)
    (directory / "config.json").write_text(config)
    assert look(directory).stored == "float16"
    loaded = load_model(directory)
    assert loaded.model.dtype == torch.float32
    assert loaded.notes[0] == f"{directory.name} was saved in float16 and is run in float32."
    assert not any("float16" in note for note in tiny_gemma.notes)
