"""Pipelines of transformers are games whose values are what the pipeline itself says of a text or a picture."""

import numpy as np
import pytest
from games import brute_force
from PIL import Image

from model import pipeline_game
from xai import explain

pytestmark = pytest.mark.slow  # loads every pipeline that transformers has

TEXT = "a thin plot , but superb acting"
WORDS = TEXT.split()


@pytest.fixture(scope="module")
def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]")


def texts(tokenizer, labels=3, **more):
    import torch
    from transformers import BertConfig, BertForSequenceClassification, TextClassificationPipeline

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(vocab_size=len(tokenizer), initializer_range=1.0, **sizes, num_labels=labels, **more)
    return TextClassificationPipeline(model=BertForSequenceClassification(config).eval(), tokenizer=tokenizer, device="cpu")


@pytest.fixture(scope="module")
def pictures():
    import torch
    from transformers import ImageClassificationPipeline, ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "patch_size": 8}
    config = ViTConfig(image_size=16, num_labels=7, initializer_range=1.0, **sizes)
    processor = ViTImageProcessorPil(size={"height": 16, "width": 16})
    return ImageClassificationPipeline(model=ViTForImageClassification(config).eval(), image_processor=processor, device="cpu")


def said(pipeline, given, label):
    """Log-odds of what the pipeline itself says."""
    p = next(one["score"] for one in pipeline([given], top_k=7)[0] if one["label"] == label)
    return np.log(p) - np.log1p(-p)


def test_a_text_without_words_is_what_the_pipeline_says_of_it(tokenizer):
    pipeline = texts(tokenizer)
    game = pipeline_game(pipeline, TEXT)
    assert game.labels == WORDS and sorted(game.outputs) == ["LABEL_0", "LABEL_1", "LABEL_2"]
    for coalition, text in ([1, 1, 1, 1, 1, 1, 1], TEXT), ([0, 1, 0, 0, 1, 0, 1], "thin but acting"), ([0] * 7, ""):
        assert game.compose(np.array(coalition, bool)) == text
        expected = [said(pipeline, text, label) for label in game.outputs]
        np.testing.assert_allclose(game(np.array([coalition], bool))[0], expected, atol=1e-4)
    assert (np.diff(game(np.ones((1, 7), bool))[0]) <= 0).all()


def test_one_label_alone_is_a_column_of_all(tokenizer):
    pipeline = texts(tokenizer)
    every = np.random.default_rng(0).random((40, 7)) < 0.5
    game = pipeline_game(pipeline, TEXT)
    one = pipeline_game(pipeline, TEXT, label="LABEL_1")
    np.testing.assert_allclose(one(every), game(every)[:, game.outputs.index("LABEL_1")], atol=1e-6)
    np.testing.assert_allclose(one(every), [one(z[None])[0] for z in every], atol=1e-4)
    three = pipeline_game(pipeline, TEXT, players=[(0, 6), (7, 14), (15, 31)], label="LABEL_1")
    np.testing.assert_allclose(explain(three, "shapley", "exact").values, brute_force(three, "shapley"), atol=1e-4)


@pytest.mark.parametrize(
    ("players", "absent", "coalition", "text"),
    [
        ("word", "mask", [0, 1, 0, 1, 1, 1, 1], "[MASK] thin [MASK] , but superb acting"),
        ("line", "remove", [0], ""),
        ("sentence", "mask", [0], "[MASK]"),
        ([(18, 24), (2, 6)], "remove", [1, 0], "a plot , but superb acting"),
        ([(18, 24), (2, 6)], "remove", [0, 1], "a thin plot , but acting"),
        ([(18, 24), (2, 6)], "mask", [0, 0], "a [MASK] plot , but [MASK] acting"),
    ],
)
def test_absent_parts_are_removed_or_masked(tokenizer, players, absent, coalition, text):
    game = pipeline_game(texts(tokenizer), TEXT, players=players, absent=absent)
    assert game.compose(np.array(coalition, bool)) == text
    assert game.compose(np.ones(game.n_players, bool)) == TEXT


@pytest.mark.parametrize("text", [" two  words ", "One. Two!\n\nThree", "(a) b"])
@pytest.mark.parametrize("players", ["word", "sentence", "line"])
@pytest.mark.parametrize("absent", ["remove", "mask"])
def test_the_whole_text_is_asked_as_it_was_written(tokenizer, text, players, absent):
    game = pipeline_game(texts(tokenizer), text, players=players, absent=absent)
    assert game.compose(np.ones(game.n_players, bool)) == text


@pytest.mark.parametrize(
    ("labels", "kind", "link"),
    [(3, "multi_label_classification", "sigmoid"), (1, None, "sigmoid"), (1, "regression", "none"), (2, "regression", "none")],
)
def test_labels_that_do_not_exclude_each_other_have_values_of_their_own(tokenizer, labels, kind, link):
    pipeline = texts(tokenizer, labels, problem_type=kind)
    game = pipeline_game(pipeline, TEXT)
    for label, value in zip(game.outputs, game(np.ones((1, 7), bool))[0]):
        if link == "sigmoid":
            np.testing.assert_allclose(value, said(pipeline, TEXT, label), atol=1e-4)
        else:
            np.testing.assert_allclose(
                value, {one["label"]: one["score"] for one in pipeline([TEXT], top_k=7)[0]}[label], atol=1e-5
            )


def test_a_picture_without_patches_is_what_the_pipeline_says_of_it(pictures):
    photo = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    game = pipeline_game(pictures, photo, grid=(2, 3), absent="black")
    assert game.n_players == 6 and game.labels[4] == "row 2, column 2" and len(game.outputs) == 5
    without = photo.copy()
    without[:10, 10:20] = 0
    shown = game.compose(np.array([1, 0, 1, 1, 1, 1], bool))
    np.testing.assert_array_equal(np.asarray(shown), without)
    for coalition, picture in ([1, 0, 1, 1, 1, 1], without), ([1] * 6, photo), ([0] * 6, photo * 0):
        expected = [said(pictures, Image.fromarray(picture), label) for label in game.outputs]
        np.testing.assert_allclose(game(np.array([coalition], bool))[0], expected, atol=1e-4)
    mean = np.asarray(pipeline_game(pictures, Image.fromarray(photo), grid=(1, 2)).compose(np.zeros(2, bool)))
    assert (mean == np.rint(photo.mean(axis=(0, 1)))).all()
    blurred = np.asarray(pipeline_game(pictures, photo, grid=(1, 2), absent="blur").compose(np.array([1, 0], bool)))
    np.testing.assert_array_equal(blurred[:, :15], photo[:, :15])
    assert blurred[:, 15:].std() < photo[:, 15:].std()


@pytest.mark.parametrize(
    ("given", "more", "why"),
    [
        (3, {}, "needs a text; got int"),
        (" ", {}, "the text has no word to explain"),
        (TEXT, {"players": "letter"}, "players must be one of"),
        (TEXT, {"players": [(0, 99)]}, r"the span \(0, 99\)"),
        (TEXT, {"absent": "hole"}, r"absent must be one of \['remove', 'mask'\]"),
        (TEXT, {"label": "POSITIVE"}, "label must be one of .*; got 'POSITIVE'"),
        (TEXT * 200, {}, "cannot read the input whole or without any part"),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence(tokenizer, given, more, why):
    with pytest.raises((TypeError, ValueError), match=why):
        pipeline_game(texts(tokenizer), given, **more)


def test_other_pipelines_and_pictures_get_one_sentence(pictures, tokenizer):
    with pytest.raises(TypeError, match="explains pipelines of .*; got function"):
        pipeline_game(lambda text: 1.0, TEXT)
    for given, why in ((TEXT, "needs a picture; got str"), (np.zeros((20, 20)), "an image must be")):
        with pytest.raises(TypeError, match=why):
            pipeline_game(pictures, given)
    with pytest.raises(ValueError, match="absent must be one of"):
        pipeline_game(pictures, Image.new("RGB", (20, 20)), absent="remove")
    with pytest.raises(ValueError, match="has room for"):
        pipeline_game(pictures, Image.new("RGB", (3, 3)), grid=(4, 4))
    with pytest.raises(ValueError, match="two labels of the pipeline have the same name"):
        pipeline_game(texts(tokenizer, id2label={0: "a", 1: "a", 2: "b"}), TEXT)
    tokenizer = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, pad_token="[PAD]")
    with pytest.raises(ValueError, match="no mask token"):
        pipeline_game(texts(tokenizer), TEXT, absent="mask")
