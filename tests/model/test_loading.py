"""Checkpoints: directories, and what is refused."""

import json

import pytest

from model import load_gemma


def test_a_directory_with_another_model_is_refused_by_name(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(ValueError, match="'llama'"):
        load_gemma(str(tmp_path))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("weights.gguf", "GGUF"),
        ("not a model", "neither a directory nor a hub id"),
        ("/nonexistent/dir", "neither a directory nor a hub id"),
    ],
)
def test_what_is_no_checkpoint_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        load_gemma(source)


def test_an_empty_directory_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no config.json"):
        load_gemma(str(tmp_path))


def test_a_checkpoint_without_weights_gets_one_sentence(tiny_checkpoint, tmp_path):
    for file in tiny_checkpoint.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match="could not be loaded") as caught:
        load_gemma(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_directory_loads(tiny_gemma, tiny_checkpoint):
    assert tiny_gemma.name == str(tiny_checkpoint)
    assert tiny_gemma.context == 2048
    assert isinstance(tiny_gemma.generate("Review:", max_new_tokens=3), str)
    with pytest.raises(ValueError, match="at most 2048"):
        tiny_gemma.text_game("one two " * 2000, " three")
