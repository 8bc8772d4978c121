"""The Table page: a table, a model of one of its columns, and which cells of a row make it say what it says."""

from ui.kind_page import kind_page
from ui.table.kind import TableKind

kind_page(TableKind())
