"""A file asked for by the name that it had one run ago."""

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from ui.files import late_click

OPEN = "dontcare"  # the session that Streamlit takes outside of one


def manager(sessions):
    storage = MemoryMediaFileStorage("/media")
    made = MediaFileManager(storage)
    late_click._teach(made, sessions.__contains__)

    def run(text):
        """One run of a page with one such file; its name."""
        made.clear_session_refs()
        name = made.add_deferred(lambda: text, "text/plain", "0.1")
        made.remove_orphaned_files()
        return name

    def read(name):
        return storage.get_file(made.execute_deferred(name).rpartition("/")[2].partition(".")[0]).content.decode()

    return made, run, read


def test_the_last_runs_file_is_still_there():
    _, run, read = manager({OPEN})
    first, second = run("first"), run("second")
    assert (read(first), read(second)) == ("first", "second")


def test_nothing_is_kept_for_long(monkeypatch):
    made, run, read = manager({OPEN})
    first, second = run("first"), run("second")
    monkeypatch.setattr(late_click, "GRACE", 0.0)
    made.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError, match="not found"):
        read(first)
    assert read(second) == "second"


def test_nothing_is_kept_of_a_page_that_is_closed():
    sessions = {OPEN}
    made, run, read = manager(sessions)
    names = [run("first"), run("second")]
    sessions.clear()
    made.clear_session_refs()
    made.remove_orphaned_files()
    for name in names:
        with pytest.raises(MediaFileStorageError, match="not found"):
            read(name)


def test_it_is_taught_once_and_another_session_does_not_forget_it():
    made, run, read = manager({OPEN})
    late_click._teach(made, lambda session: False)  # had it been taught anew, nothing would be kept
    first = run("first")
    made.clear_session_refs()  # its page is being drawn anew, and meanwhile
    made.remove_orphaned_files()  # another session's run ends
    assert read(first) == "first"
