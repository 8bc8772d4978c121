"""What is made once and kept: whole or not at all, checked before use, and one sentence where there is no room."""

import errno
import logging

import pytest
from filelock import FileLock

from model import cache as kept


@pytest.fixture()
def making(tmp_path, monkeypatch):
    """A cache of its own; what makes two small files there; and where it did."""
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    written = []

    def write(work, tell):
        tell(0.5, "half")
        (work / "config.json").write_text("{}")
        (work / "model.onnx").write_bytes(b"weights" * 100)
        written.append(work)

    return write, written


def test_made_once_and_reused(making):
    write, written = making
    told = []
    first = kept.keep("it", "It", 0, write, lambda fraction, sentence: told.append((fraction, sentence)))
    assert kept.keep("it", "It", 0, write) == first
    assert len(written) == 1
    assert told[0] == (0.5, "half") and told[-1] == (1.0, "It is converted")
    assert kept.damage(first) is None


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove", "manifest"])
def test_damage_is_noticed_and_mended(making, caplog, harm):
    write, written = making
    weights = kept.keep("it", "It", 0, write) / "model.onnx"
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
        kept.keep("it", "It", 0, write)
    assert weights.read_bytes() == good
    assert len(written) == 2
    assert "damaged" in caplog.text


def test_a_failed_conversion_leaves_nothing(making, tmp_path):
    def fail(work, tell):
        (work / "model.onnx").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="not enough room .* SWING_HOME"):
        kept.keep("it", "It", 0, fail)
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_a_full_disk_is_said_before_anything_is_written(making):
    write, written = making
    with pytest.raises(OSError, match="not enough room"):
        kept.keep("it", "It", 10**18, write)
    assert not written


def test_a_relative_home_lies_where_the_process_was_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SWING_HOME", "here")
    assert kept.home() == tmp_path / "here"


def test_a_home_that_cannot_be_written(making, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot write to .* SWING_HOME"):
        kept.keep("it", "It", 0, making[0])


def test_what_earlier_versions_kept_goes_and_nothing_else(making, tmp_path):
    models = tmp_path / "models"
    for name in ("gemma-3-270m", "it"):
        kept.keep(name, "It", 0, making[0])
    (models / "gemma-3-270m.writing").touch()
    with FileLock(models / "gemma-3-270m.lock"):  # an earlier version is loading it
        kept.sweep()
    assert (models / "gemma-3-270m").exists()
    kept.sweep()
    assert sorted(path.name for path in models.iterdir()) == ["it", "it.lock"]
    kept.sweep()
    assert kept.damage(models / "it") is None
