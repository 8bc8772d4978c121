"""The Data page: what a prompt's examples, the sources of training runs, or the words of a sentence are worth."""

from ui.data.kind import DataKind
from ui.kind_page import kind_page

kind_page(DataKind())
