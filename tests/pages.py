"""What tests of pages and their runs share: a slot that loads nothing, a job that nobody watches."""

import base64
import re
from contextlib import nullcontext

import numpy as np

from ui.shell.frame import SCRIPTS
from ui.shell.model_slot import ModelSlot


class Slot(ModelSlot):
    """A slot that loads nothing; tests set its state."""

    started = False

    def start(self):
        self.started = True


class Quiet:
    """A job that nobody watches."""

    worked = 1.0  # seconds

    def tell(self, *_):
        pass

    def publish(self, _):
        pass

    def cancelled(self):
        return False

    def check(self):
        pass

    def in_one_go(self, wanted=True):
        return nullcontext()


def html(page):
    """Every fragment of HTML of an AppTest's page, but the scripts that pages have."""
    own = [script.read_text().strip() for script in SCRIPTS]
    return " ".join(element.proto.body for element in page.get("html") if element.proto.body.strip() not in own)


def bench(page, kind):
    """What an AppTest's page of a kind holds."""
    return page.session_state[f"bench-{kind}"]


def shared(page, kind):
    """The id of the run on an AppTest's page, once its link is shared."""
    run = bench(page, kind).run
    page.toggle(key=f"share-{run}").set_value(True).run()
    assert not page.exception
    return run


def numbers(drawn):
    """What a figure of plotly holds, packed or not, one after the other."""
    if isinstance(drawn, dict):
        return np.frombuffer(base64.b64decode(drawn["bdata"]), drawn["dtype"])
    return np.array(drawn).ravel()


def finish(page, kind):
    """Run the page until its job is over."""
    for _ in range(100):
        job = bench(page, kind).job
        if job is None:
            return page
        job.ended.wait(60)
        page.run()
    raise AssertionError("the job did not end")


TURNED = "a\u202eb\u200bc"  # a name that turns what stands beside it around, and hides a part of itself


def turned(page):
    """What an AppTest's page sends to the browser of such a name as it is, not as an escape, but for fields to write it in."""
    found = []
    for one in _below(page._tree):
        sent = getattr(one, "proto", None) or getattr(one, "block", None)
        raw = sent.SerializeToString() if hasattr(sent, "SerializeToString") else b""
        chart = b"plotly" in raw[:40] or b'{"data":[' in raw  # JSON of ASCII alone
        for place in re.finditer(rb"(?<!\\)\\u20(?:2e|0b)" if chart else "\u202e|\u200b".encode(), raw):
            key = re.search(rb"\$\$ID-[^\x00-\x1f]*$", raw[: place.start()])  # of a widget, which is not shown
            if key is None and type(one).__name__ not in ("TextInput", "TextArea"):
                found.append((type(one).__name__, raw[max(0, place.start() - 80) : place.end() + 20]))
    return found


def _below(node):
    for child in getattr(node, "children", {}).values():
        yield child
        yield from _below(child)
