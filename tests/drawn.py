"""The picture of a bundle, for tests of reports: the text that it shows, or else its labels."""

from ui.maps.picture import Picture


class BundlePicture(Picture):
    def __init__(self, bundle, parts="parts", quantity="the value"):
        self.shown, self.parts, self.quantity = bundle.shown, parts, quantity
        self.answer = bundle.shown.get("target", "").strip()

    def text(self, labels):
        return (self.shown["prompt"], self.shown["spans"]) if self.shown else super().text(labels)
