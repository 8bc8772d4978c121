"""HTML: every fragment of more than one tag is a template beside this file, which escapes every text in it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from model.assets import ASSETS  # a file's style is read from there

TEMPLATES = Path(__file__).parent / "templates"
ENVIRONMENT = Environment(
    loader=FileSystemLoader([TEMPLATES, ASSETS]), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def render(name: str, **values: object) -> Markup:
    """The template of this name. Only what `render` gave enters another one unescaped."""
    return Markup(ENVIRONMENT.get_template(f"{name}.html").render(values))
