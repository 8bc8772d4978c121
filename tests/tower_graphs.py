"""ONNX graphs of an image tower and a text tower of one layer each, the tokenizer of the latter, and both in numpy."""

import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIDE, WIDTH = 8, 4
WORDS = ["[PAD]", "[CLS]", "[UNK]", "[EOS]", "a", "photo", "of", "cat", "dog", "the", "red", ",", "."]
_drawn = np.random.default_rng(0)
EYES = _drawn.normal(size=(3 * SIDE * SIDE, WIDTH)).astype(np.float32)
TABLE = _drawn.normal(size=(len(WORDS), WIDTH)).astype(np.float32)
TABLE[0] = -100.0  # of padding: never the largest
SCALED = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4)}
FLOAT, LONG = TensorProto.FLOAT, TensorProto.INT64

CHANCE = [helper.make_node("RandomNormalLike", ["e"], ["r"]), helper.make_node("Add", ["e", "r"], ["f"])]
NAN = [helper.make_node("Sub", ["e", "e"], ["z"]), helper.make_node("Div", ["z", "z"], ["f"])]
BESIDE = [helper.make_node("ReduceMean", ["e"], ["b"], axes=[0], keepdims=1), helper.make_node("Add", ["e", "b"], ["f"])]


def _model(nodes, after, given, outputs, weights, metadata):
    end = after[-1].output[0] if after else "e"
    wanted = [helper.make_node("Identity", [end if rank == 2 else "deep"], [name]) for name, rank in outputs.items()]
    told = [helper.make_tensor_value_info(name, FLOAT, [None] * rank) for name, rank in outputs.items()]
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    made = helper.make_graph([*nodes, *after, *wanted], "g", given, told, stored)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    return model.SerializeToString()


def image_graph(shape=(None, 3, SIDE, SIDE), after=(), outputs=None, width=WIDTH, metadata=()):
    """All pixels times a weight; "deep" stands for hidden states, of three dimensions."""
    nodes = [
        helper.make_node("Flatten", ["pixel_values"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["e"]),
        helper.make_node("Unsqueeze", ["e", "one"], ["deep"]),
    ]
    given = [helper.make_tensor_value_info("pixel_values", FLOAT, shape)]
    weights = {"w": EYES[:, :width], "one": np.array([1])}
    return _model(nodes, after, given, outputs or {"image_embeds": 2, "last_hidden_state": 3}, weights, metadata)


def text_graph(shape=(None, None), masked=True, pool="ReduceMean", after=(), outputs=None, table=TABLE, kind=LONG):
    """The mean of the tokens' vectors, where a mask says which count, or their largest entries."""
    nodes = [helper.make_node("Gather", ["t", "input_ids"], ["deep"])]
    if masked:
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["m"], to=FLOAT),
            helper.make_node("Unsqueeze", ["m", "two"], ["k"]),
            helper.make_node("Mul", ["deep", "k"], ["kept"]),
            helper.make_node("ReduceSum", ["kept", "one"], ["s"], keepdims=0),
            helper.make_node("ReduceSum", ["k", "one"], ["n"], keepdims=0),
            helper.make_node("Div", ["s", "n"], ["e"]),
        ]
    else:
        nodes.append(helper.make_node(pool, ["deep"], ["e"], axes=[1], keepdims=0))
    names = ["input_ids", "attention_mask"][: 1 + masked]
    given = [helper.make_tensor_value_info(name, kind, shape) for name in names]
    weights = {"t": table, "one": np.array([1]), "two": np.array([2])}
    return _model(nodes, after, given, outputs or {"text_embeds": 2, "last_hidden_state": 3}, weights, ())


def tokenizer(padding=None, most=None):
    """A tokenizer.json of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = TemplateProcessing(single="[CLS] $A [EOS]", special_tokens=[("[CLS]", 1), ("[EOS]", 3)])
    if padding is not None:
        made.enable_padding(length=padding, pad_id=0, pad_token="[PAD]")
    if most is not None:
        made.enable_truncation(most)
    return made.to_str().encode()


def write(folder, image=None, text=None, tokens=None):
    """Paths of three files."""
    paths = folder / "eyes.onnx", folder / "words.onnx", folder / "tokenizer.json"
    for path, data, usual in zip(paths, (image, text, tokens), (image_graph, text_graph, tokenizer)):
        path.write_bytes(usual() if data is None else data)
    return paths


def write_directory(folder, image=None, text=None, **told):
    """As transformers.js publishes CLIP. told : of preprocessor_config.json, beside what it says here"""
    (folder / "onnx").mkdir()
    (folder / "onnx" / "vision_model.onnx").write_bytes(image or image_graph((None, None, None, None)))
    (folder / "onnx" / "text_model.onnx").write_bytes(text or text_graph())
    (folder / "tokenizer.json").write_bytes(tokenizer())
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 10, "pad_token": "[PAD]"}))
    scaling = {"image_mean": SCALED["mean"], "image_std": SCALED["std"], "rescale_factor": 1 / 255}
    sizes = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
    (folder / "preprocessor_config.json").write_text(json.dumps({**scaling, **sizes, **told}))
    return folder


def image_embedding(pixels):
    """Of uint8 (8, 8, 3)."""
    return ((pixels / 255 - SCALED["mean"]) / SCALED["std"]).transpose(2, 0, 1).ravel() @ EYES.astype(float)


def text_embedding(text, pool=np.mean):
    words = text.replace(",", " , ").replace(".", " . ").split()
    ids = [1, *(WORDS.index(word) if word in WORDS else 2 for word in words), 3]
    return pool(TABLE[ids].astype(float), axis=0)


def cosine(one, other):
    return 100.0 * one @ other / np.linalg.norm(one) / np.linalg.norm(other)
