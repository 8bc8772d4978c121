"""A tiny Gemma 3 from GGUF files: network and tokenizer as transformers makes them, every quantisation, what is refused."""

import json

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter, dequantize
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf_files import finish, tiny_config, tiny_network, vocabulary, write_gguf
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import CORPUS

from model.gguf import load_gguf, weights
from model.gguf.config import read_config
from model.gguf.header import read_header
from model.gguf.source import Source
from model.gguf.tokenizer import merges, read_tokenizer

WHOLE = (GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.BF16)
KINDS = [*WHOLE, *(GGMLQuantizationType[name] for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"))]


@pytest.fixture(scope="module")
def network():
    return tiny_network(tiny_config())


@pytest.fixture(scope="module")
def file(network, tmp_path_factory):
    return write_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf", network)


def load(path, dtype="float32", **options):
    import torch

    return load_gguf(path, "my file", getattr(torch, dtype), "cpu", **options)


def header_of(path):
    with Source([path], "my file") as source:
        return read_header(source)


def bits(tensor):
    return tensor.detach().contiguous().flatten().view(dtype=__import__("torch").uint8).numpy().tobytes()


def everything(network):
    """Name → bits of every parameter and buffer, also of tied ones and those that are never saved."""
    both = [*network.named_parameters(remove_duplicate=False), *network.named_buffers()]
    return {name: (tensor.dtype, tuple(tensor.shape), bits(tensor)) for name, tensor in both}


def test_the_network_is_the_one_that_was_written(network, file):
    import torch

    loaded, _ = load(file)
    stored = everything(loaded)
    for name, (dtype, shape, content) in everything(network).items():
        if name.endswith("norm.weight"):  # one is added and taken away again
            assert torch.allclose(loaded.get_parameter(name), network.get_parameter(name), atol=1e-6)
            stored.pop(name)
        else:
            assert stored.pop(name) == (dtype, shape, content), name
    assert stored == {}
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    assert not loaded.training and not any(parameter.requires_grad for parameter in loaded.parameters())
    ids = torch.arange(40)[None] + 7
    with torch.no_grad():
        assert torch.allclose(loaded(ids).logits, network(ids).logits, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_every_bit_is_as_transformers_reads_it(network, tmp_path, kind, dtype):
    import torch
    from transformers import Gemma3ForCausalLM

    write_gguf(tmp_path / "tiny.gguf", network, kind)
    theirs = Gemma3ForCausalLM.from_pretrained(tmp_path, gguf_file="tiny.gguf", dtype=getattr(torch, dtype))
    ours, _ = load(tmp_path / "tiny.gguf", dtype)
    assert everything(ours) == everything(theirs)
    assert ours.generation_config.to_dict() == theirs.generation_config.to_dict()
    known, other = (json.loads(one.config.to_json_string()) for one in (ours, theirs))
    assert known.pop("query_pre_attn_scalar") == 32 and other.pop("query_pre_attn_scalar") == 256  # which loses it
    assert known.pop("architectures") == ["Gemma3ForCausalLM"]
    other.pop("architectures", None), other.pop("quantization_config", None)
    assert known == other


@pytest.mark.parametrize("kind", sorted(GGML_QUANT_SIZES), ids=lambda kind: kind.name)
def test_pieces_say_what_the_whole_says(tmp_path, monkeypatch, kind):
    """Of random bytes in every quantisation that the package knows; those that it cannot read are refused by name."""
    import torch

    block, size = GGML_QUANT_SIZES[kind]
    raw = np.random.default_rng(kind).integers(0, 256, (7, 3 * size), np.uint8)
    writer = GGUFWriter(tmp_path / "one.gguf", "gemma3")
    writer.add_tensor("one", raw, raw_shape=raw.shape, raw_dtype=kind)
    tensor = header_of(finish(writer)).tensors["one"]
    monkeypatch.setattr(weights, "AT_ONCE", 5 * block)
    with Source([tmp_path / "one.gguf"], "my file") as source:
        try:
            with np.errstate(all="ignore"):
                expected = dequantize(GGUFReader(tmp_path / "one.gguf").tensors[0].data.view(np.uint8), kind)
        except NotImplementedError:
            with pytest.raises(ValueError, match=f"my file is quantised as {kind.name}, which"):
                weights.read_tensor(source, tensor, torch.float32)
            return
        found = weights.read_tensor(source, tensor, torch.float32)
        assert bits(found) == np.ascontiguousarray(expected).tobytes()
        with np.errstate(all="ignore"):
            halves = torch.from_numpy(expected - np.float32(1)).to(torch.bfloat16)
        assert bits(weights.read_tensor(source, tensor, torch.bfloat16, -1.0)) == bits(halves)


def test_a_head_of_its_own(tmp_path):
    untied = tiny_network(tiny_config(tie_word_embeddings=False))
    loaded, _ = load(write_gguf(tmp_path / "untied.gguf", untied))
    assert not loaded.config.tie_word_embeddings
    assert bits(loaded.lm_head.weight) == bits(untied.lm_head.weight) != bits(loaded.model.embed_tokens.weight)


def test_the_tokenizer_holds_its_vocabulary_once_and_can_be_saved(file, tmp_path):
    from transformers import AutoTokenizer

    _, tokenizer = load(file)
    held = {name: len(part) for name, part in vars(tokenizer).items() if isinstance(part, (dict, list, tuple))}
    assert max(held.values()) < len(tokenizer) == len(tokenizer.get_vocab())
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for text in CORPUS[:20]:
        assert again(text)["input_ids"] == tokenizer(text)["input_ids"]


def convert(path):
    """transformers' own tokenizer of a file's data."""
    from transformers.integrations.gguf import convert_gguf_tokenizer, get_gguf_tokenizer

    kind, said, _ = get_gguf_tokenizer(str(path))
    return convert_gguf_tokenizer(kind, {**said, "token_type": header_of(path).fields["tokenizer.ggml.token_type"].tolist()})[0]


def test_the_tokenizer_is_as_transformers_makes_it(file):
    theirs, (_, ours) = convert(file), load(file)
    whole, other = json.loads(ours.backend_tokenizer.to_str()), json.loads(theirs.to_str())
    assert len(whole["model"]["merges"]) > 15
    assert whole.pop("post_processor")["single"][0] == {"SpecialToken": {"id": "<bos>", "type_id": 0}}
    other.pop("post_processor")
    assert whole == other
    for text in CORPUS:
        expected = theirs.encode(text, add_special_tokens=False)
        found = ours(text, add_special_tokens=False, return_offsets_mapping=True)
        assert (found["input_ids"], found["offset_mapping"]) == (expected.ids, expected.offsets)
        assert ours(text)["input_ids"] == [2, *expected.ids]


def test_what_the_file_says_of_its_tokens(network, tmp_path):
    path = write_gguf(
        tmp_path / "chat.gguf", network, leave=["tokenizer.ggml.add_bos_token"], add={"tokenizer.chat_template": "{{ x }}"}
    )
    tokenizer = read_tokenizer(header_of(path))
    assert tokenizer.chat_template == "{{ x }}" and tokenizer.padding_side == "left"
    assert [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id] == [2, 1, 3, 0]
    assert len(tokenizer) == len(vocabulary())


def test_an_answer_of_a_chat_ends_where_its_turn_does(network, tmp_path):
    """Files of Gemma name the end of a text alone; others name that of a turn."""
    chat = {"tokenizer.chat_template": "{{ x }}"}
    turn = vocabulary().index("<end_of_turn>")
    assert load(write_gguf(tmp_path / "chat.gguf", network, add=chat))[0].generation_config.eos_token_id == [1, turn]
    named = write_gguf(tmp_path / "named.gguf", network, add={**chat, "tokenizer.ggml.eot_token_id": 20})
    assert load(named)[0].generation_config.eos_token_id == [1, turn, 20]
    assert load(write_gguf(tmp_path / "plain.gguf", network))[0].generation_config.eos_token_id == 1


@given(tokens=st.lists(st.text("ab▁ ", min_size=1, max_size=5), unique=True, max_size=40))
def test_merges_are_those_of_transformers(tokens):
    from transformers.tokenization_utils_base import generate_merges

    vocab = {token: i for i, token in enumerate(tokens)}
    assert merges(vocab) == generate_merges(vocab, {token: -i for token, i in vocab.items()})


def test_progress_never_goes_back_and_ends(file):
    told = []
    load(file, progress=lambda fraction, sentence: told.append((fraction, sentence)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] == 1 and len(fractions) > 20
    assert list(dict.fromkeys(sentence for _, sentence in told)) == [
        "Reading the header",
        "Making the tokenizer",
        "Reading the weights",
    ]


REFUSED = {
    "of another kind": ({"arch": "mamba"}, "model of type 'mamba'; Swing reads gemma, gemma2"),
    "no blocks": ({"leave": ["gemma3.block_count"]}, "does not state gemma3.block_count"),
    "no width": ({"leave": ["gemma3.attention.key_length"]}, "does not state gemma3.attention.key_length"),
    "scaled": ({"add": {"gemma3.rope.scaling.factor": 8}}, "states 'gemma3.rope.scaling.factor', which Swing does not know"),
    "scaled in turns": (
        {"add": {"gemma3.rope.scaling.type": "yarn", "gemma3.rope.scaling.factor": 8}},
        "states 'gemma3.rope.scaling.factor', which Swing does not know",
    ),
    "too many blocks": ({"add": {"gemma3.block_count": 2**31 - 1}}, "states 2147483647 blocks, and has tensors of 6"),
    "text for a number": ({"add": {"gemma3.block_count": "six"}}, "states gemma3.block_count = 'six'; a positive whole number"),
    "nothing": ({"add": {"gemma3.embedding_length": 0}}, "states gemma3.embedding_length = 0; a positive whole number"),
    "other width": ({"add": {"gemma3.embedding_length": 128}}, "of shape .* the network needs"),
    "impossible heads": ({"add": {"gemma3.attention.head_count": 3}}, "a network that cannot be: "),
    "values": ({"add": {"gemma3.attention.value_length": 8}}, "keys and values of different lengths"),
    "words": ({"add": {"gemma3.vocab_size": 8}}, "states 8 tokens, and lists"),
    "outside": ({"add": {"tokenizer.ggml.eos_token_id": 9999}}, "special token 9999"),
    "lacking": ({"leave": ["blk.3.ffn_up.weight"]}, "lacks the tensor 'blk.3.ffn_up.weight'"),
    "surplus": ({"tensors": {"v.patch.weight": np.zeros((2, 32))}}, "a tensor 'v.patch.weight', which this network has no place"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_read_rightly_is_refused(network, tmp_path, why):
    changes, sentence = REFUSED[why]
    path = write_gguf(tmp_path / "other.gguf", network, **changes)
    with pytest.raises(ValueError, match=sentence) as caught:
        load(path)
    assert str(caught.value).startswith("my file ") and "\n" not in str(caught.value)


def test_the_largest_scales_its_queries_otherwise(file):
    """By width over heads, as ggml's own network does: 168 of the 27B model, where a head has 128 numbers."""
    header = header_of(file)
    fields = header.fields | {"gemma3.block_count": 62}
    places = {f"blk.{i}.ffn_up.weight": header.tensors["blk.0.ffn_up.weight"] for i in range(62)}
    assert read_config(header).query_pre_attn_scalar == 32
    wider = fields | {"gemma3.embedding_length": 80}
    assert read_config(header._replace(fields=wider, tensors=places)).query_pre_attn_scalar == 40


def test_scaled_positions(network, tmp_path):
    """As files of 4B and larger state them: of the global layers alone."""
    import torch

    scaled = tiny_network(tiny_config(rope_scaling={"rope_type": "linear", "factor": 8.0}))
    scaled.load_state_dict(network.state_dict())
    add = {"gemma3.rope.scaling.type": "linear", "gemma3.rope.scaling.factor": 8}
    loaded, _ = load(write_gguf(tmp_path / "scaled.gguf", network, add=add))
    parameters = loaded.config.rope_parameters
    assert parameters["full_attention"]["factor"] == 8.0 and parameters["sliding_attention"]["rope_type"] == "default"
    ids = torch.arange(40)[None] + 7
    with torch.no_grad():
        assert torch.allclose(loaded(ids).logits, scaled(ids).logits, atol=1e-4)
        assert not torch.allclose(loaded(ids).logits, network(ids).logits, atol=1e-2)


def test_how_far_positions_turn_in_sliding_layers(network, tmp_path):
    """As files of newer converters state it."""
    import torch

    other = tiny_network(tiny_config(rope_local_base_freq=50.0))
    loaded, _ = load(write_gguf(tmp_path / "local.gguf", other, add={"gemma3.rope.freq_base_swa": 50}))
    assert loaded.config.rope_parameters["sliding_attention"]["rope_theta"] == 50
    ids = torch.arange(40)[None] + 7
    with torch.no_grad():
        assert torch.allclose(loaded(ids).logits, other(ids).logits, atol=1e-4)
        assert not torch.allclose(loaded(ids).logits, network(ids).logits, atol=1e-2)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("tokenizer.ggml.tokens", None, "has no tokens"),
        ("tokenizer.ggml.tokens", np.arange(9), "has no tokens"),
        ("tokenizer.ggml.tokens", ["a", "b"], "does not say of each of its 2 tokens what kind it is"),
        ("tokenizer.ggml.token_type", None, "what kind it is"),
        ("tokenizer.ggml.model", "gpt2", "tokenizer of type 'gpt2'; Gemma's has the type 'llama'"),
        ("tokenizer.ggml.merges", ["a b"], "tokenizer of type"),
        ("tokenizer.ggml.bos_token_id", -1, "special token -1"),
        ("tokenizer.ggml.bos_token_id", "2", "special token '2'"),
    ],
)
def test_tokens_that_cannot_be_read_rightly_are_refused(file, field, value, sentence):
    header = header_of(file)
    with pytest.raises(ValueError, match=f"^my file .*{sentence}"):
        read_tokenizer(header._replace(fields=header.fields | {field: value}))


def test_tokens_without_those_of_gemma_are_refused(file):
    header = header_of(file)
    words = ["mask" if word == "<mask>" else word for word in vocabulary()]
    with pytest.raises(ValueError, match="lacks a token of Gemma's own"):
        read_tokenizer(header._replace(fields=header.fields | {"tokenizer.ggml.tokens": words}))


def test_a_file_that_is_not_the_published_one_is_refused(file):
    import hashlib

    good = hashlib.sha256(file.read_bytes()).hexdigest()
    load(file, sha256=good)
    with pytest.raises(ValueError, match="my file is damaged: it is not the file that was published"):
        load(file, sha256=good.replace(good[0], "f" if good[0] != "f" else "0"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.gguf")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file_loads_or_is_refused_and_nothing_else(file, data):
    """Three bytes of what describes the network are others; the long lists of tokens are left out of it."""
    content, header = bytearray(file.read_bytes()), header_of(file)
    list_begins, list_ends = content.index(b"tokenizer.ggml.tokens"), content.rindex(b"tokenizer.ggml.add_bos_token")
    places = st.one_of(st.integers(0, list_begins + 40), st.integers(list_ends, header.start - 1))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(places)] = data.draw(st.integers(0, 255))
    changed = file.with_name("changed.gguf")
    changed.write_bytes(content)
    try:
        load(changed)
    except ValueError as error:
        assert str(error).startswith("my file ") and "\n" not in str(error)
