"""Where Swing keeps what it makes: converted checkpoints, results, downloads."""

import os
from pathlib import Path

from platformdirs import user_cache_dir


def home() -> Path:
    """`SWING_HOME` where set, else the user's cache directory for Swing; not created here."""
    return Path(os.environ.get("SWING_HOME") or user_cache_dir("swing")).expanduser()
