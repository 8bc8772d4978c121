"""Models whose file was split: read from any one part as from the whole, and one sentence where that cannot be."""

import shutil

import pytest
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf_files import finish, vocabulary
from gguf_kinds import tiny, write_kind

from batch.kinds.weights import weights_of
from model import load_model
from model.about import look
from model.gguf.split import open_gguf

PARTS = 3


@pytest.fixture(scope="module")
def network():
    from transformers import LlamaConfig

    return tiny(LlamaConfig, vocab_size=len(vocabulary()), tie_word_embeddings=False)


@pytest.fixture(scope="module")
def whole(network, tmp_path_factory):
    return write_kind(tmp_path_factory.mktemp("whole") / "tiny.gguf", network, "llama")


@pytest.fixture(scope="module")
def written(network, whole, tmp_path_factory):
    """The directory of the parts that the package writes: all that describes the model is in the first."""
    directory = tmp_path_factory.mktemp("split")
    count = len(GGUFReader(whole).tensors)
    write_kind(directory / "tiny.gguf", network, "llama", split=-(-count // PARTS))
    assert sorted(path.name for path in directory.iterdir()) == [f"tiny-{i:05d}-of-00003.gguf" for i in (1, 2, 3)]
    assert GGUFReader(part(directory, 2)).get_field("general.architecture") is None
    return directory


@pytest.fixture
def parts(written, tmp_path):
    return shutil.copytree(written, tmp_path / "split")


def part(directory, number, count=PARTS):
    return directory / f"tiny-{number:05d}-of-{count:05d}.gguf"


def change(path, key, value, kind=GGUFValueType.UINT16):
    """Write `path` anew, with a field that states something else, or none where the value is None."""
    reader, writer = GGUFReader(path), GGUFWriter(path.with_suffix(".new"), "llama")
    writer.kv_data = [{}]
    for name, field in reader.fields.items():
        if name != key and not name.startswith("GGUF."):
            of = field.types[0]
            writer.add_key_value(name, field.contents(), of, field.types[-1] if len(field.types) > 1 else None)
    if value is not None:
        writer.add_key_value(key, value, kind)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    finish(writer).replace(path)


def content(paths):
    with open_gguf(paths, "my file") as (source, header):
        found = {}
        for name, tensor in header.tensors.items():
            found[name] = bytearray(tensor.size)
            source.read_into(found[name], tensor.at)
        return header, found


@pytest.mark.parametrize("number", range(1, PARTS + 1))
def test_any_part_gives_the_whole(whole, written, number):
    import numpy as np

    expected, tensors = content((whole,))
    header, found = content((part(written, number),))
    assert found == tensors and header.name == "my file"
    for key, value in expected.fields.items():
        assert np.array_equal(header.fields[key], value), key


def test_the_model_is_the_same_whichever_part_is_given(network, whole, parts, tmp_path, monkeypatch):
    import torch

    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    first, last = load_model(part(parts, 1)), load_model(part(parts, 3))
    assert first.name == last.name == str(part(parts, 1)) and first.fingerprint == last.fingerprint
    for name, tensor in network.state_dict().items():
        assert torch.equal(last.model.state_dict()[name], tensor), name


def test_what_is_told_before_counts_all_parts(whole, written):
    expected = look(whole)
    for number in (1, 2, 3):
        found = look(part(written, number))
        assert (found.parameters, found.size, found.type) == (expected.parameters, expected.size, "llama")
        assert found.needs(4) == expected.needs(4)


def test_a_model_that_was_joined_again(whole, tmp_path):
    """Which says that it has no parts, and keeps the rest of what its first part said."""
    joined = shutil.copy(whole, tmp_path / "tiny-00001-of-00003.gguf")
    change(joined, "split.count", 0)
    assert look(joined).parameters == look(whole).parameters


@pytest.mark.parametrize("given", [1, 2])
def test_a_missing_part_is_named(parts, given):
    part(parts, 3).unlink()
    path = part(parts, given)
    sentence = f"^{path} is in 3 parts, and part 3, tiny-00003-of-00003.gguf, is not beside it$"
    for asked in (look, load_model):
        with pytest.raises(ValueError, match=sentence):
            asked(path)


def test_a_part_of_another_name_is_refused(parts):
    other = part(parts, 2).rename(parts / "other.gguf")
    with pytest.raises(ValueError, match=r"part 2 of 3 of a model: its name must end in -00002-of-00003\.gguf for"):
        look(other)
    swapped = shutil.copy(other, part(parts, 1))
    with pytest.raises(ValueError, match=r"part 2 of 3 of a model: its name must end in -00002-of-00003\.gguf for"):
        look(swapped)


@pytest.mark.parametrize(
    ("number", "key", "value", "sentence"),
    [
        (2, "split.no", 0, "tiny-00002-of-00003.gguf does not state that it is part 2 of 3: it is of another model"),
        (3, "split.count", 4, "tiny-00003-of-00003.gguf does not state that it is part 3 of 3: it is of another model"),
        (3, "split.no", None, "tiny-00003-of-00003.gguf states split.no = None; a whole number is expected"),
        (1, "split.no", 7, "tiny-00001-of-00003.gguf states that it is part 8 of 3 of a model: it is damaged"),
        (1, "split.tensors.count", 99, "tiny-00001-of-00003.gguf has 39 tensors in its 3 parts, and states 99"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(parts, number, key, value, sentence):
    change(part(parts, number), key, value)
    with pytest.raises(ValueError, match=sentence) as caught:
        look(part(parts, 1))
    assert "\n" not in str(caught.value)


def test_a_tensor_that_two_parts_have_is_refused(parts):
    shutil.copy(part(parts, 1), part(parts, 3))
    change(part(parts, 3), "split.no", 2)
    with pytest.raises(ValueError, match="tiny-00003-of-00003.gguf has the tensor .*, as an earlier part has: it is of another"):
        look(part(parts, 1))


def test_a_part_that_is_cut_off_is_named(parts):
    path = part(parts, 2)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=f"^{path} cannot be read as a GGUF file: .* cut off or damaged"):
        look(part(parts, 3))


def test_a_data_set_knows_a_split_model_by_all_its_parts(parts, whole):
    named = [weights_of(str(part(parts, number))) for number in (1, 2, 3)]
    assert len(set(named)) == 1 and named[0] != weights_of(str(whole))
    part(parts, 3).write_bytes(part(parts, 3).read_bytes()[:-1] + b"x")
    assert weights_of(str(part(parts, 1))) != named[0]
    with pytest.raises(ValueError, match="neither a directory nor a checkpoint of the hub"):
        weights_of("nowhere")
