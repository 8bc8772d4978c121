"""A table of tokens that stays quantised: whatever is done with it gives what the table of floats gives."""

import copy

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, dequantize, quantize
from gguf_files import tiny_config, tiny_network, write_gguf
from torch.nn import functional

from model.gguf import load_gguf
from model.gguf.packed import SLAB, Packed, unpacked

ROWS, WIDTH = SLAB + 300, 64


@pytest.fixture(scope="module")
def raw():
    numbers = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)
    return quantize(numbers, GGMLQuantizationType.Q8_0)


@pytest.fixture(scope="module")
def floats(raw):
    return torch.from_numpy(dequantize(raw, GGMLQuantizationType.Q8_0))


@pytest.fixture()
def table(raw):
    return unpacked(torch.from_numpy(raw.copy()), (ROWS, WIDTH))


def test_it_takes_little_more_than_a_quarter(table, floats):
    held = sum(part.numel() * part.element_size() for part in (table.codes, table.scales))
    assert held <= 0.27 * floats.numel() * floats.element_size()
    assert table.nbytes == torch.nn.Parameter(table, requires_grad=False).nbytes == held
    assert (table.shape, table.dtype, table.device, table.numel()) == (floats.shape, floats.dtype, floats.device, floats.numel())


USES = {
    "the whole": lambda table, states, ids: table + 0,
    "a slab": lambda table, states, ids: table[100:612].t(),
    "the last rows": lambda table, states, ids: table[-5:] * 1,
    "every other row": lambda table, states, ids: table[::2] * 1,
    "a row": lambda table, states, ids: table[7],
    "columns": lambda table, states, ids: table[:, 3:9] * 1,
    "words": lambda table, states, ids: functional.embedding(ids, table),
    "words, some of them padding": lambda table, states, ids: functional.embedding(ids, table, 0),
    "a product with a slab": lambda table, states, ids: torch.mm(states[0], table[:512].t()),
    "a clone": lambda table, states, ids: table.clone(),
    "a copy": lambda table, states, ids: torch.zeros(ROWS, WIDTH).copy_(table),
    "another type": lambda table, states, ids: table.to(torch.bfloat16),
    "an array": lambda table, states, ids: torch.from_numpy(table.detach().contiguous().numpy() + np.asarray(table)),
    "numbers": lambda table, states, ids: torch.tensor(table.tolist()),
    "bytes": lambda table, states, ids: table.detach().contiguous().flatten().view(torch.uint8),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_every_use_gives_the_bits_of_the_floats(table, floats, use):
    states, ids = (
        torch.randn(2, 3, WIDTH, generator=torch.Generator().manual_seed(1)),
        torch.tensor([[0, 5, ROWS - 1], [5, 5, 0]]),
    )
    got, want = use(table, states, ids), use(floats, states, ids)
    assert type(got) is torch.Tensor and got.dtype == want.dtype and torch.equal(got, want)


@pytest.mark.parametrize("shape", [(1, WIDTH), (5, WIDTH), (2, 3, WIDTH), (0, WIDTH)])
def test_an_output_layer_of_it(table, floats, shape):
    layers = [torch.nn.Linear(WIDTH, ROWS, bias=bias) for bias in (False, False, True)]
    layers[0].weight, layers[1].weight, layers[2].weight = (
        torch.nn.Parameter(one, requires_grad=False) for one in (floats, table, table)
    )
    states = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        want, got, moved = (layer(states) for layer in layers)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(moved - layers[2].bias, want, atol=1e-5, rtol=1e-5)


def test_it_is_a_parameter_that_copies_share_and_nothing_writes_to(table, floats):
    layer = torch.nn.Embedding(ROWS, WIDTH)
    layer.weight = torch.nn.Parameter(table, requires_grad=False)
    kept = layer.weight
    assert isinstance(kept.data, Packed) and layer.to("cpu").eval().requires_grad_(False).weight is kept
    assert copy.deepcopy(layer, {id(kept): kept}).weight is kept
    assert isinstance(layer.state_dict()["weight"], Packed)
    for write in (
        lambda: kept.zero_(),
        lambda: torch.add(floats, 1, out=kept),
        lambda: kept.data.normal_(),
        lambda: layer.load_state_dict({"weight": floats}),
    ):
        with pytest.raises((TypeError, RuntimeError), match="cannot be written to"):
            write()
    assert torch.equal(kept + 0, floats)


@pytest.mark.parametrize("tied", [True, False])
def test_a_network_whose_tables_are_packed_says_what_the_other_says(tmp_path, monkeypatch, tied):
    network = tiny_network(tiny_config(tie_word_embeddings=tied))
    path = write_gguf(tmp_path / "tiny.gguf", network, GGMLQuantizationType.Q8_0)
    packed, _ = load_gguf(path, "it", torch.float32, "cpu")
    monkeypatch.setattr("model.gguf.weights.TABLES", ())
    plain, _ = load_gguf(path, "it", torch.float32, "cpu")
    tables = [network.get_input_embeddings().weight for network in (packed, plain)]
    assert [isinstance(table, Packed) for table in tables] == [True, False]
    assert (packed.lm_head.weight is packed.model.embed_tokens.weight) is tied
    ids = torch.arange(40)[None] + 7
    with torch.no_grad():
        torch.testing.assert_close(packed(ids).logits, plain(ids).logits)
    asked = {"max_new_tokens": 8, "do_sample": False}
    assert torch.equal(packed.generate(ids, **asked), plain.generate(ids, **asked))
