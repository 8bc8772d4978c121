"""Data sets of a home that is full, that a kill left half written, or that another server works in."""

import errno
from pathlib import Path

import pytest

from batch.parts import Out, is_held
from ui.sets import kept
from ui.sets.kept import Asked

ASKED = Asked("", "mine", {"kind": "text"})


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "visitor", lambda: "me")
    return tmp_path


def files(home):
    return [path for path in (home / "sets").rglob("*") if path.is_file()]


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_upload_that_finds_no_room_is_one_sentence_and_leaves_none_of_it(home, monkeypatch):
    def half(path, data):
        with path.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        full()

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(ValueError, match="the file cannot be kept .No space left on device.: free some room"):
        kept.bring("mine.csv", b"text\n1\n")
    assert files(home) == [] and kept.mine() == []


@pytest.mark.parametrize("fails", ["write_text", "rename"])
def test_a_data_set_that_finds_no_room_is_not_begun_and_what_was_brought_stays(home, monkeypatch, fails):
    brought = kept.bring("mine.csv", b"text\n1\n")
    monkeypatch.setattr(Path, fails, full)
    with pytest.raises(ValueError, match="the data set cannot be kept .No space left on device.: bring it again"):
        kept.begin(Asked(str(brought), "mine", {"kind": "text"}))
    assert files(home) == [brought]


def test_what_a_kill_left_half_written_is_no_data_set_and_goes_after_a_day(home, monkeypatch):
    one = kept.begin(ASKED)
    (one.folder / kept.ASKED).rename(one.folder / f".{kept.ASKED}")
    assert kept.mine() == []
    kept.new_folder()
    assert one.folder.exists()
    kept.os.utime(one.folder, (1, 1))
    kept.new_folder()
    assert not one.folder.exists()


def test_what_another_server_computes_never_makes_room(monkeypatch):
    old, new = kept.begin(ASKED), kept.begin(ASKED)
    for age, one in enumerate((old, new)):
        kept.os.utime(one.folder, (age + 1, age + 1))
    monkeypatch.setattr(kept, "MOST_BYTES", 0)
    with Out(old.out):
        assert is_held(old.out) and not is_held(new.out)
        kept.os.utime(old.folder, (1, 1))
        kept.new_folder()
        assert old.folder.exists() and not new.folder.exists()
    assert not is_held(old.out)
    kept.new_folder()
    assert not old.folder.exists()
