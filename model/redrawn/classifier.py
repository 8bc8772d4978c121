"""The bundled classifier with weights drawn anew, from its answer down: see `model.redrawn.gemma`.

Each kernel is drawn from the normal law of its own mean and standard deviation, the offsets of a layer are dealt out anew
among its channels. It runs in ONNX Runtime on the CPU, wherever the real one runs.
"""

from collections.abc import Callable, Iterator

import numpy as np

from model.image.classifier import ImageClassifier, converted, in_onnxruntime
from model.redrawn.gemma import SHARES, STAGES
from xai import Redrawn
from xai.game import Game


def on_redrawn(classifier: ImageClassifier, game_of: Callable[[ImageClassifier], Game]) -> Redrawn:
    """The stages for the control `xai.randomised_control`. game_of : of a classifier, the game that is explained"""
    return Redrawn(STAGES, lambda seed: map(game_of, redrawn_classifier(classifier, seed)))


def redrawn_classifier(classifier: ImageClassifier, seed: int) -> Iterator[ImageClassifier]:
    """A classifier for each of `model.redrawn.gemma.STAGES`; of the bundled one, which is never altered."""
    import onnx
    from onnx import numpy_helper

    network, rng, done = onnx.load(str(converted() / "model.onnx")), np.random.default_rng(seed), 0
    weights = {tensor.name: tensor for tensor in network.graph.initializer}
    layers = [node for node in network.graph.node if node.op_type in ("Conv", "Gemm")][::-1]
    for share in SHARES:
        upto = max(1, round(share * len(layers)))
        for name in (name for layer in layers[done:upto] for name in layer.input[1:]):
            old = numpy_helper.to_array(weights[name])
            new = rng.normal(old.mean(), old.std(), old.shape) if old.ndim > 1 else rng.permutation(old)
            weights[name].CopyFrom(numpy_helper.from_array(new.astype(old.dtype), name))
        done = upto
        yield ImageClassifier(in_onnxruntime(network.SerializeToString()), classifier.class_names, f"{classifier.name}, redrawn")
