"""Checkpoints: the bundled one's cache, directories, and what is refused."""

import errno
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from model import cache as kept
from model import load_gemma
from model.text import bundled

ROOT = Path(__file__).parents[2]


@pytest.fixture()
def fake_home(tmp_path, monkeypatch):
    """A cache of its own, and a conversion that writes two small files instead of a gigabyte."""
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    written = []

    def write(work, tell):
        tell(0.5, "half")
        (work / "config.json").write_text("{}")
        (work / "model.safetensors").write_bytes(b"weights" * 100)
        written.append(work)

    monkeypatch.setattr(bundled, "_write_in_child", write)
    return tmp_path, written


def test_converted_once_and_reused(fake_home):
    _, written = fake_home
    told = []
    first = bundled.bundled_checkpoint(lambda fraction, sentence: told.append((fraction, sentence)))
    assert bundled.bundled_checkpoint() == first
    assert len(written) == 1
    assert told[0] == (0.5, "half") and told[-1][0] == 1.0
    assert kept.damage(first) is None


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove", "manifest"])
def test_damage_is_noticed_and_mended(fake_home, caplog, harm):
    _, written = fake_home
    weights = bundled.bundled_checkpoint() / "model.safetensors"
    good = weights.read_bytes()
    if harm == "flip":
        weights.write_bytes(b"W" + good[1:])
    elif harm == "truncate":
        weights.write_bytes(good[:-1])
    elif harm == "remove":
        weights.unlink()
    else:
        (weights.parent / kept.MANIFEST).write_text("{")
    with caplog.at_level(logging.WARNING, "swing.model"):
        bundled.bundled_checkpoint()
    assert weights.read_bytes() == good
    assert len(written) == 2
    assert "damaged" in caplog.text


def test_a_failed_conversion_leaves_nothing(fake_home, monkeypatch):
    home, _ = fake_home

    def fail(work, tell):
        (work / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundled, "_write_in_child", fail)
    with pytest.raises(OSError, match="not enough room .* SWING_HOME"):
        bundled.bundled_checkpoint()
    assert [p.name for p in (home / "models").iterdir() if p.is_dir()] == []


def test_a_killed_conversion_is_swept_away(fake_home):
    home, _ = fake_home
    stale = home / "models" / ".gemma-3-270m-killed"
    stale.mkdir(parents=True)
    (stale / "model.safetensors").write_bytes(b"half")
    bundled.bundled_checkpoint()
    assert not stale.exists()


def test_a_full_disk_is_said_before_anything_is_written(fake_home, monkeypatch):
    _, written = fake_home
    monkeypatch.setattr(bundled, "BYTES_NEEDED", 10**18)
    with pytest.raises(OSError, match="not enough room"):
        bundled.bundled_checkpoint()
    assert not written


def test_a_relative_home_lies_where_the_process_was_started(tmp_path, monkeypatch):
    """The child that converts has another working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SWING_HOME", "here")
    assert kept.home() == tmp_path / "here"


def test_a_home_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot write to .* SWING_HOME"):
        bundled.bundled_checkpoint()


def test_killing_the_real_conversion_leaves_no_checkpoint(tmp_path, monkeypatch):
    """The process is killed while it writes; what is left is not taken for a checkpoint, and the next start sweeps."""
    code = "from model.text.bundled import bundled_checkpoint; bundled_checkpoint(lambda f, s: print(s, flush=True))"
    env, pipe = {"SWING_HOME": str(tmp_path), "PATH": ""}, subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stdout=pipe, stderr=pipe)
    with parent:
        assert b"step 1" in parent.stdout.readline()
        parent.kill()
        parent.stderr.read()  # its end comes when the child that shares it has ended too
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    kept.sweep()
    assert [p.name for p in (tmp_path / "models").iterdir() if p.is_dir()] == []


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
