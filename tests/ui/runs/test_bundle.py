"""Bundles: bit for bit there and back, and never anything but one sentence for a hostile one."""

import io
import json
import pickle
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from games import FakeGame
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.runs.bundle import Bundle, read_bundle, write_bundle
from ui.runs.untrusted import MAX_BYTES
from xai import Ledger, explain, fidelity, interactions, judge, shuffled_control

PROMPT = "The plot is thin & <b>odd</b>"


def made(outputs=3, content=None):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=6) if outputs is None else rng.normal(size=(6, outputs))
    spans = [[0, 3], [3, 8], [8, 11], [11, 16], [16, 18], [18, 29]]
    labels = [PROMPT[start:end].strip() for start, end in spans]
    game = FakeGame(6, lambda z: np.tanh(z @ weights), labels)
    ledger = Ledger(game)
    maps = {index: explain(game, index, budget=40, ledger=ledger) for index in ("banzhaf", "shapley")}
    maps["few"] = explain(game, "shapley", "kernelshap", budget=8, ledger=ledger)  # its errors are NaN
    judged = fidelity(ledger, list(maps.values()), 8)
    shown = {"prompt": PROMPT, "target": " yes", "tokens": [" ye", "s"], "spans": spans}
    weights = [1.0, -0.5, 2.0][: outputs or 1]
    return Bundle(
        "text",
        "a run",
        "gemma-1",
        "done",
        {"budget": 40, "absent": "remove"},
        shown,
        ["a", "b", "c"][: outputs or 1],
        weights,
        maps,
        *ledger.known(),
        judged,
        content,
        tuple(judge(ledger, one, weights) for one in maps.values()),
    )


@pytest.fixture(scope="module")
def bundle():
    return made()


@pytest.fixture(scope="module")
def data(bundle):
    return write_bundle(bundle)


def rewritten(data, method=zipfile.ZIP_DEFLATED, **changes):
    """The same zip with files replaced, added (bytes) or left out (None)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        files = {name: old.read(name) for name in old.namelist()} | changes
    with zipfile.ZipFile(out, "w", method) as new:
        for name, content in files.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def manifest(data, **changes):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = json.loads(archive.read("manifest.json"))
    found.update(changes)
    return rewritten(data, **{"manifest.json": json.dumps(found).encode()})


@pytest.mark.slow
@pytest.mark.parametrize("outputs", [None, 1, 3])
@pytest.mark.parametrize("content", [None, b"\x89PNG\x00 bytes"])
def test_everything_comes_back_bit_for_bit(outputs, content):
    bundle = made(outputs, content)
    data = write_bundle(bundle)
    again = read_bundle(data)
    assert write_bundle(again) == data == write_bundle(bundle)
    assert again.content == content and again.settings == bundle.settings and again.shown == bundle.shown
    assert again.coalitions.dtype == bool and np.array_equal(again.coalitions, bundle.coalitions)
    assert again.values.tobytes() == bundle.values.tobytes() and again.values.shape == bundle.values.shape
    assert again.fidelity.to_json() == bundle.fidelity.to_json()
    assert list(again.attributions) == ["banzhaf", "shapley", "few"]
    for name, one in bundle.attributions.items():
        other = again.attributions[name]
        assert other.to_json() == one.to_json() and other.values.tobytes() == one.values.tobytes()
        if outputs == 3:
            weights = np.array([0.3, -1.0, 2.0])
            assert other.combine(weights).values.tobytes() == one.combine(weights).values.tobytes()


def test_figures_are_the_same(bundle, data):
    from ui.draw.charts import bars, reach_of
    from ui.draw.colour import shared_scale, token_heatmap

    def drawn(one):
        maps = [one.attributions[name].combine(np.ones(3)) for name in ("banzhaf", "shapley")]
        scale = shared_scale(*maps)
        charts = [bars(a, "the value", reach_of(maps)).to_json() for a in maps]
        return [token_heatmap(PROMPT, one.shown["spans"], a, scale) for a in maps] + charts

    assert drawn(read_bundle(data)) == drawn(bundle)


def test_what_needs_no_model_works_offline(bundle, data):
    ledger = read_bundle(data).ledger()
    assert np.array_equal(ledger.known()[1], bundle.values)
    assert interactions(ledger).values.shape == (15, 3)
    assert shuffled_control(ledger, bundle.attributions["banzhaf"]).ratio > 0
    with pytest.raises(ValueError, match="holds only what was paid for"):
        Ledger(ledger.game).evaluate(np.ones((1, 6), bool))


def refused(data, match):
    with pytest.raises(ValueError, match=match) as caught:
        read_bundle(data)
    sentence = str(caught.value)
    assert sentence.startswith("This file cannot be opened as a Swing bundle: ") and sentence.endswith(".")
    assert "\n" not in sentence and len(sentence) < 400


def test_what_is_no_bundle(data):
    refused(b"", "not a whole zip")
    refused(b"PK\x05\x06" + bytes(18), "lacks")
    refused(data[: len(data) // 2], "not a whole zip")
    refused(bytes(MAX_BYTES + 1), "MB, and at most")
    for name in ("manifest.json", "values.npy", "coalitions.npy"):
        refused(rewritten(data, **{name: None}), f"lacks {name}")
    without = {f"attributions/{name}.json": None for name in ("banzhaf", "shapley", "few")}
    refused(rewritten(data, **without), "no attribution")
    many = {f"attributions/m{i}.json": b"{}" for i in range(30)}
    refused(rewritten(data, **many), "too many")


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/passwd", "attributions/../x.json", "attributions/A.json", "x.pkl", "C:\\x", "manifest.json/"]
)
def test_names_that_do_not_belong(data, name):
    refused(rewritten(data, **{name: b"import os"}), "does not belong there")


def test_a_name_that_does_not_belong_is_shown_as_an_escape(data):
    refused(rewritten(data, **{"a\u202egnp.\x1b[2J\u200b": b""}), r"a\\u202egnp.\\x1b\[2J\\u200b")


def test_zip_bombs_are_not_unpacked(data):
    refused(rewritten(data, **{"input.bin": bytes(MAX_BYTES)}), "would unpack to")
    bomb = bytearray(rewritten(data, **{"input.bin": bytes(40 << 20)}))
    place = bomb.rfind(b"input.bin") - 46  # its entry in the central directory lies about its size
    assert bomb[place : place + 4] == b"PK\x01\x02"
    bomb[place + 24 : place + 28] = struct.pack("<I", 100)
    refused(bytes(bomb), "not a whole zip|not as long")
    two = io.BytesIO(data)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(two, "a") as archive:
        archive.writestr("values.npy", b"")
    refused(two.getvalue(), "twice")
    refused(rewritten(data, zipfile.ZIP_LZMA), "packed in a way")


def test_manifests_that_lie(data):
    refused(manifest(data, version=2), "version 2, and this Swing reads version 1")
    refused(manifest(data, format="other"), "not that of a bundle")
    refused(manifest(data, more=1), "says too much")
    refused(manifest(data, labels=["a"] * 5000), "5000 players")
    refused(manifest(data, labels=["a"] * 6), "other players")
    refused(manifest(data, labels=[1] * 6), "list of texts")
    refused(manifest(data, coalitions=[10**12, 6]), "shape")
    refused(manifest(data, coalitions=[1.5, 6]), "whole numbers")
    refused(manifest(data, values=[50, 10**9]), "shape")
    refused(manifest(data, settings=[]), "settings")
    refused(manifest(data, name="x" * 2000), "short text")
    refused(manifest(data, outputs=["a"]), "one by one")
    refused(manifest(data, outputs=[1, 2, 3]), "not named")
    refused(manifest(data, weights=[1.0, 2.0]), "one by one")
    refused(manifest(data, weights=[1.0, 2.0, "x"]), "not numbers")
    refused(manifest(data, weights=[1.0, 2.0, True]), "not numbers")
    refused(manifest(data, weights=[1.0, 2.0, 10**400]), "not numbers")
    refused(manifest(data, state="running"), "neither done nor partial")
    deep = b'{"a":' * 40 + b"1" + b"}" * 40
    refused(rewritten(data, **{"manifest.json": deep}), "nested more than 12")
    refused(rewritten(data, **{"manifest.json": b"[" * 100_000}), "JSON|too large")
    refused(rewritten(data, **{"manifest.json": b"[" + b"[]," * 300_000 + b"1]"}), "too large")
    refused(rewritten(data, **{"manifest.json": b"\xff\xfe"}), "not JSON")
    refused(manifest(data, name="\ud800"), "surrogates")
    refused(rewritten(data, **{"manifest.json": b'{"format": NaN}'}), "no number")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"spans": [[0, 3]] * 6}, "overlap"),
        ({"spans": [[0, 99], *[[i, i + 1] for i in range(1, 6)]]}, "do not lie"),
        ({"spans": [[True, 3], *[[i, i + 1] for i in range(3, 8)]]}, "do not lie"),
        ({"spans": 7}, "do not lie"),
        ({"tokens": [1]}, "not texts"),
        ({"prompt": 5}, "not described"),
        ({"extra": 5}, "not described"),
    ],
)
def test_texts_that_lie(bundle, data, change, match):
    refused(manifest(data, shown={**bundle.shown, **change}), match)


def test_arrays_that_lie(bundle, data):
    def npy(array, **how):
        out = io.BytesIO()
        np.save(out, array, **how)
        return out.getvalue()

    values = bundle.values
    refused(rewritten(data, **{"values.npy": npy(values[:-1])}), "manifest promises")
    refused(rewritten(data, **{"values.npy": npy(values.astype("f4"))}), "manifest promises")
    refused(rewritten(data, **{"values.npy": npy(values)[:-8]}), "manifest promises")
    refused(rewritten(data, **{"values.npy": npy(np.asfortranarray(values))}), "manifest promises")
    refused(rewritten(data, **{"values.npy": npy(np.where(values > 0, np.nan, values))}), "not finite")
    refused(rewritten(data, **{"values.npy": npy(np.array([print] * 3), allow_pickle=True)}), "manifest promises")
    refused(rewritten(data, **{"coalitions.npy": pickle.dumps(print)}), "manifest promises")
    huge = npy(values).replace(str(values.shape).encode(), b"(9999999999999,)")
    refused(rewritten(data, **{"values.npy": huge}), "manifest promises")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("values", [[1.0] * 3] * 5),
        ("values", [[None] * 3] * 6),
        ("values", [[1e999] * 3] * 6),
        ("values", "x"),
        ("standard_error", [1.0]),
        ("covariance", [[[1.0]]]),
        ("labels", 5),
        ("index", "other"),
        ("method", "__class__"),
        ("method", ["kernel"]),
        ("seed", 1.5),
        ("seed", True),
        ("note", {"a": 1}),
        ("p", 7.0),
        ("seconds", None),
        ("empty_value", None),
        ("full_value", [1.0]),
        ("unknown", 1),
        ("values", 10**400),
    ],
)
def test_attributions_that_lie(bundle, data, name, change):
    record = json.loads(bundle.attributions["banzhaf"].to_json())
    record[name] = change
    text = json.dumps(record).replace("Infinity", "1e999")
    refused(rewritten(data, **{"attributions/banzhaf.json": text.encode()}), "attribution|JSON")


def test_fidelity_that_lies(bundle, data):
    record = json.loads(bundle.fidelity.to_json())
    for change in (
        {"maps": 5},
        {"maps": [{}]},
        {"counts": [0.5]},
        {"n_players": 7},
        {"random": {"insertion": [1.0]}},
        {"seconds": "x"},
        {"held_out": [8]},
        {"exhaustive": 1},
        {"more": 1},
        {"random_spread": 10**400},
    ):
        refused(rewritten(data, **{"fidelity.json": json.dumps({**record, **change}).encode()}), "fidelity|JSON")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_bytes_are_read_or_refused(data, draw):
    mutated = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        place = draw.draw(st.integers(0, len(mutated) - 1))
        kind = draw.draw(st.sampled_from(["set", "cut", "insert", "zero"]))
        if kind == "set":
            mutated[place] = draw.draw(st.integers(0, 255))
        elif kind == "cut":
            del mutated[place : place + draw.draw(st.integers(1, 40))]
        elif kind == "insert":
            mutated[place:place] = draw.draw(st.binary(max_size=20))
        else:
            mutated[place : place + 8] = bytes(8)
        mutated = mutated or bytearray(b"x")
    read_or_refused(bytes(mutated))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_json_is_read_or_refused(bundle, data, draw):
    name = draw.draw(st.sampled_from(["manifest.json", "attributions/banzhaf.json", "fidelity.json"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        record = json.loads(archive.read(name))
    at = record
    while True:  # down to somewhere, and something else there
        key = draw.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if isinstance(at[key], (dict, list)) and at[key] and draw.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = draw.draw(json_values)
        break
    read_or_refused(rewritten(data, **{name: json.dumps(record).encode()}))


def read_or_refused(data):
    try:
        found = read_bundle(data)
    except ValueError as error:
        assert str(error).startswith("This file cannot be opened as a Swing bundle: ")
        return
    again = read_bundle(write_bundle(found))  # what is let in is whole
    assert again.values.tobytes() == found.values.tobytes()
    found.ledger()


def test_an_attribution_of_other_columns_is_refused(bundle):
    with pytest.raises(ValueError, match="other output columns"):
        write_bundle(replace(bundle, attributions={"left": bundle.attributions["few"].combine(np.ones(3))}))


def test_writing_refuses_what_reading_would(bundle):
    with pytest.raises(ValueError, match="overlap|do not lie"):
        write_bundle(replace(bundle, shown={**bundle.shown, "prompt": "short"}))
    with pytest.raises(ValueError, match="does not belong"):
        write_bundle(replace(bundle, attributions={"Big Name": bundle.attributions["few"]}))
