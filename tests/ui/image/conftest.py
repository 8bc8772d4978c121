"""A quick classifier for the page: what it says of a photo hangs on the pixels, as a random layer sees them."""

import numpy as np
import pytest
import streamlit as st

from model.image.classifier import ImageClassifier, class_names


@pytest.fixture(autouse=True)
def quick_classifier(request, monkeypatch):
    """Stands for the bundled one but in tests of `real_classifier`."""
    if "real_classifier" in request.fixturenames:
        return
    layer = np.random.default_rng(0).normal(size=(3 * 14 * 14, 1000))

    def run(inputs):
        seen = inputs.reshape(len(inputs), 3, 14, 16, 14, 16).mean(axis=(3, 5)).reshape(len(inputs), -1)
        return np.stack([row @ layer for row in seen.astype(np.float64)])

    classifier = ImageClassifier(run, class_names())
    monkeypatch.setattr("ui.image.run.photo_model", lambda: classifier)


@pytest.fixture()
def real_classifier():
    """The bundled classifier, where its answers are the subject: what the server keeps of the quick one goes."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()
