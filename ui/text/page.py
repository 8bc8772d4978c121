"""The Text page: a prompt, what of it is explained, and why the model said what it said."""

from ui.kind_page import kind_page
from ui.text.kind import TextKind

kind_page(TextKind())
