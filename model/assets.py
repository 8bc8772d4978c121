"""Where the files are that come with Swing: samples, styles, the small checkpoint; and Streamlit's settings."""

from pathlib import Path

_ROOT = Path(__file__).parents[1]
_INSTALLED = _ROOT / "swing_assets"  # their name in a wheel (setup.py), where another package may have "assets"
if _INSTALLED.is_dir():
    ASSETS, SETTINGS = _INSTALLED, _INSTALLED / "streamlit" / "config.toml"
else:
    ASSETS, SETTINGS = _ROOT / "assets", _ROOT / ".streamlit" / "config.toml"
