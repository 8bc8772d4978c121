"""HTML: every fragment of more than one tag is a template, here or in `xai.exchange`, which escapes every text in it."""

from pathlib import Path

from markupsafe import Markup

from model.assets import ASSETS  # a file's style is read from there
from xai.exchange.html import environment

TEMPLATES = Path(__file__).parent / "templates"
ENVIRONMENT = environment(TEMPLATES, ASSETS)


def render(name: str, **values: object) -> Markup:
    """The template of this name. Only what `render` gave enters another one unescaped."""
    return Markup(ENVIRONMENT.get_template(f"{name}.html").render(values))
