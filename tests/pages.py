"""What tests of pages and their runs share: a slot that loads nothing, a job that nobody watches."""

from ui.shell.frame import HIGHLIGHT
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


def html(page):
    """Every fragment of HTML of an AppTest's page, but the one script that pages have."""
    own = HIGHLIGHT.read_text().strip()
    return " ".join(element.proto.body for element in page.get("html") if element.proto.body.strip() != own)
