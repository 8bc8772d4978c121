"""Which Chromium is driven."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the lightest first


def chromium() -> str | None:
    """Where the first of them lies, None for Playwright's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)
