"""The output layer in slabs: what one softmax over all logits gives, in little memory."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.text import head
from model.text.head import log_probabilities


def model_of(vocabulary, width, cap=None, scale=1.0, bias=False, **config):
    layer = torch.nn.Linear(width, vocabulary, bias=bias)
    torch.nn.init.normal_(layer.weight, 0, scale, generator=torch.Generator().manual_seed(0))
    config = SimpleNamespace(final_logit_softcapping=cap, **config)
    return SimpleNamespace(lm_head=layer, get_output_embeddings=lambda: layer, config=config)


def at_once(model, hidden, target):
    logits = hidden.double() @ model.lm_head.weight.detach().double().t()
    cap = model.config.final_logit_softcapping
    logits = torch.tanh(logits / cap) * cap if cap else logits
    return torch.log_softmax(logits, -1)[:, range(len(target)), target].numpy()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 40), st.integers(1, 3), st.integers(3, 3000), st.sampled_from([None, 2.0, 30.0]), st.sampled_from([0.1, 1, 9])
)
def test_slabs_give_what_all_logits_give(rows, count, vocabulary, cap, scale):
    model = model_of(vocabulary, 16, cap, scale)
    rng = np.random.default_rng(rows + vocabulary)
    hidden = torch.from_numpy(rng.normal(size=(rows, count, 16)).astype(np.float32))
    target = rng.integers(0, vocabulary, count)
    got = log_probabilities(model, threading.RLock(), hidden, target)
    assert got.shape == (rows, count) and got.dtype == np.float64
    np.testing.assert_allclose(got, at_once(model, hidden, target), atol=3e-6 * max(1.0, 4 * scale))


@pytest.mark.parametrize(("setting", "factor"), [({}, 1.0), ({"logit_scale": 0.25}, 0.25), ({"logits_scaling": 8.0}, 1 / 8)])
def test_a_bias_and_a_scale(setting, factor):
    model, hidden = model_of(3000, 8, bias=True, **setting), torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(model.lm_head.bias, 0, 3, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        want = torch.log_softmax(model.lm_head(hidden).double() * factor, -1)[:, range(2), [7, 2999]]
    got = log_probabilities(model, threading.RLock(), hidden, np.array([7, 2999]))
    np.testing.assert_allclose(got, want, atol=3e-6)


@pytest.mark.parametrize("target", [0, 1023, 1024, 2999])
def test_the_edges_of_slabs_and_of_rows(target, monkeypatch):
    monkeypatch.setattr(head, "ROWS", 5)
    model, hidden = model_of(3000, 8), torch.randn(12, 1, 8, generator=torch.Generator().manual_seed(1))
    got = log_probabilities(model, threading.RLock(), hidden, np.array([target]))
    np.testing.assert_allclose(got, at_once(model, hidden, np.array([target])), atol=3e-6)


@pytest.mark.parametrize("rows", [1, 64, 1000])
def test_never_all_logits_at_once(rows, monkeypatch):
    sizes, mm = [], torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b: sizes.append(len(a) * b.shape[1]) or mm(a, b))
    log_probabilities(model_of(20_000, 4), threading.RLock(), torch.zeros(rows, 1, 4), np.array([7]))
    assert max(sizes) <= head.ROWS * head.SLAB


@pytest.mark.checkpoint
def test_the_bundled_layer(gemma):
    ids = torch.randint(5, 200_000, (3, 9), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        hidden = gemma.model.model(ids.to(gemma.model.device)).last_hidden_state[:, -2:]
        want = torch.log_softmax(gemma.model.lm_head(hidden).double(), -1)[:, range(2), [3000, 200_001]].cpu().numpy()
    got = log_probabilities(gemma.model, gemma.lock, hidden, np.array([3000, 200_001]))
    np.testing.assert_allclose(got, want, atol=2e-5 if gemma.model.dtype == torch.float32 else 0.1)
