"""What is explained: models, and the games they make of an input. torch is imported when a model is loaded."""

import os
from importlib import import_module

# Measured on two cores with one other busy process (a browser, the page's own server thread): OpenMP's default of
# spinning at barriers makes torch 10 times slower, sleeping makes it 2 times slower. Read when torch is first loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from model.image.classifier import load_image_classifier  # noqa: E402 (the setting above must come first)
from model.image.images import read_image  # noqa: E402
from model.loading import load_gemma, load_model  # noqa: E402
from model.pipelines import pipeline_game  # noqa: E402
from model.remote import connect  # noqa: E402

_LATER = {  # with pandas, half a second
    "TableModel": "model.table.model",
    "gemma_table_game": "model.table.gemma_game",
    "load_towers": "model.towers.loading",
}

__all__ = ["TableModel", "connect", "gemma_table_game", "load_gemma", "load_image_classifier", "load_model"]
__all__ += ["load_towers", "pipeline_game", "read_image"]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
