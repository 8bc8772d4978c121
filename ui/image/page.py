"""The Image page: a picture, a model that looks at it, and which patches made it say what it said."""

from ui.image.kind import ImageKind
from ui.kind_page import kind_page

kind_page(ImageKind())
