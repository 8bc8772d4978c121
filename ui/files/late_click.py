"""A file that is made when it is asked for, still to be had while the page is drawn anew.

Streamlit names such a file afresh at every run and forgets the old name as soon as the run ends, some moments before the browser
has the new one: a click in between brought nothing but an error (1.67; a file whose bytes are there from the start gets a second
chance by `MediaFileKind.DOWNLOADABLE`). Here the old name stays good for a while, as long as its page is open.
"""

import time
from collections.abc import Callable

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager

GRACE = 20.0  # s: what a slow machine takes from the end of a run until its browser has drawn it
_LATE = "late clicks"  # stands in for a session that still uses the old names


def patient() -> None:
    """Have the server that runs, if one does, keep old names for `GRACE` seconds."""
    if runtime.exists():
        _teach(runtime.get_instance().media_file_mgr, runtime.get_instance().is_active_session)


def _teach(manager: MediaFileManager, is_open: Callable[[str], bool]) -> None:
    if "_remove_orphaned_deferred_callables" in vars(manager):  # it knows already
        return
    remove, since = manager._remove_orphaned_deferred_callables, dict[str, float]()

    def remove_old() -> None:  # its caller holds the manager's lock
        now, used = time.monotonic(), manager._files_by_session_and_coord
        named = {name for names in used.values() for name in names.values()}
        unused = {name: since.get(name, now) for name in manager._deferred_callables if name not in named}
        since.clear()
        since.update(unused)
        late = [name for name, when in unused.items() if now - when < GRACE]
        used[_LATE] = {name: name for name in late if is_open(manager._deferred_callables[name]["session_id"])}
        try:
            remove()
        finally:
            del used[_LATE]

    manager._remove_orphaned_deferred_callables = remove_old  # type: ignore[method-assign]
