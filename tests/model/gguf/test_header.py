"""The header reader against the `gguf` package's, on files which that package writes; and what is refused."""

import struct
import tracemalloc

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType
from gguf_files import finish
from hypothesis import given
from hypothesis import strategies as st

from model.gguf.header import ARRAY, MOST_BYTES, STRING, read_header
from model.gguf.source import Source

KINDS = sorted(GGML_QUANT_SIZES)
BYTES = 10_000_000  # more than any small file needs


def write(path, alignment=None, types=KINDS):
    """A file with a field of every type, and a tensor of every quantisation."""
    writer = GGUFWriter(path, "gemma3")
    if alignment:
        writer.add_custom_alignment(alignment)
    for bits in (8, 16, 32, 64):
        getattr(writer, f"add_uint{bits}")(f"most.{bits}", 2**bits - 1)
        getattr(writer, f"add_int{bits}")(f"least.{bits}", -(2 ** (bits - 1)))
    writer.add_float32("single", 1e-6)
    writer.add_float64("double", 1 / 3)
    writer.add_bool("yes", True)
    writer.add_bool("no", False)
    writer.add_string("text", "▁ naïve 🙂\n")
    writer.add_string("nothing", "")
    writer.add_array("words", ["a", "", "▁▁", "🙂" * 30])
    writer.add_array("whole", list(range(-5, 500)))
    writer.add_array("real", [0.5, -1.25])
    writer.add_array("both", [True, False, True])
    writer.add_array("bytes", b"\x00\xff")
    random = np.random.default_rng(0)
    for i, kind in enumerate(types):
        block, size = GGML_QUANT_SIZES[kind]
        raw = random.integers(0, 256, (i % 4 + 1, 2 * size), np.uint8)
        writer.add_tensor(f"tensor.{kind.name}", raw, raw_shape=raw.shape, raw_dtype=kind)
    return finish(writer)


def of(path, name="file"):
    with Source([path], name) as source:
        return read_header(source)


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("alignment", [None, 8, 64, 4096])
@pytest.mark.parametrize("version", [2, 3])
def test_all_is_as_the_package_reads_it(tmp_path, version, alignment):
    path = write(tmp_path / "all.gguf", alignment)
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack("<I", version)
    path.write_bytes(content)
    theirs, ours = GGUFReader(path), of(path)
    assert ours.version == version and ours.start == theirs.data_offset
    fields = {key: field.contents() for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert {key: plain(value) for key, value in ours.fields.items()} == fields
    assert {type(ours.fields[key]) for key in ("yes", "single", "most.8", "text")} == {bool, float, int, str}
    assert list(ours.tensors) == [tensor.name for tensor in theirs.tensors]
    for tensor in theirs.tensors:
        found = ours.tensors[tensor.name]
        assert found.shape == tuple(reversed(tensor.shape.tolist()))
        assert (found.kind, found.at, found.size) == (tensor.tensor_type, tensor.data_offset, tensor.n_bytes)


def test_parts_are_read_as_the_whole(tmp_path):
    path = write(tmp_path / "all.gguf")
    content = path.read_bytes()
    whole = of(path)
    for cuts in ([0, 1, 5, 1000], [len(content) - 1], [3, 3, 3]):
        parts = []
        for begin, end in zip([0, *cuts], [*cuts, len(content)]):
            parts.append(tmp_path / f"{len(parts)}.part")
            parts[-1].write_bytes(content[begin:end])
        with Source(parts, "file") as source:
            found = read_header(source)
            everything = bytearray(source.size)
            source.read_into(everything, 0)
        assert everything == content
        assert found.tensors == whole.tensors and found.fields.keys() == whole.fields.keys()


def test_a_header_larger_than_what_is_read_at_once(tmp_path):
    writer = GGUFWriter(tmp_path / "large.gguf", "gemma3")
    words = [f"word {i} " + "x" * (i % 50) for i in range(200_000)]
    writer.add_array("words", words)
    assert of(finish(writer)).fields["words"] == words


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Content of a small file, its header, and a path to write changed ones to."""
    types = [GGMLQuantizationType.F32, GGMLQuantizationType.Q4_K]
    path = write(tmp_path_factory.mktemp("small") / "small.gguf", None, types)
    return path.read_bytes(), of(path), path.with_name("changed.gguf")


def reads_or_refuses(content, path):
    """The header; None where it is refused with one sentence. Anything else fails."""
    path.write_bytes(content)
    try:
        return of(path, "my file")
    except ValueError as error:
        assert type(error) is ValueError and str(error).startswith("my file ") and "\n" not in str(error)
        return None


@given(data=st.data())
def test_a_file_cut_off_anywhere_is_refused(small, data):
    content, whole, path = small
    end = max(tensor.at + tensor.size for tensor in whole.tensors.values())
    assert reads_or_refuses(content[: data.draw(st.integers(0, end - 1))], path) is None


@given(data=st.data())
def test_changed_bytes_are_refused_or_read_and_nothing_else(small, data):
    content, whole, path = small
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, whole.start - 1))] = data.draw(st.integers(0, 255))
    found = reads_or_refuses(changed, path)
    if found:
        assert all(tensor.at + tensor.size <= len(content) for tensor in found.tensors.values())


@given(content=st.binary(max_size=300))
def test_what_is_no_gguf_is_refused(small, content):
    assert reads_or_refuses(content, small[2]) is None
    reads_or_refuses(b"GGUF\x03\0\0\0" + content, small[2])


def text(word):
    return struct.pack("<Q", len(word)) + word


def field(kind, value, name=b"key"):
    return text(name) + struct.pack("<I", kind) + value


def header(*fields, tensors=(), version=3, n_fields=None, n_tensors=None):
    counts = (len(tensors) if n_tensors is None else n_tensors, len(fields) if n_fields is None else n_fields)
    return b"GGUF" + struct.pack("<IQQ", version, *counts) + b"".join(fields) + b"".join(tensors)


def tensor(name=b"t", shape=(32,), kind=0, offset=0):
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


HUGE = 2**63 + 12345
REFUSED = {
    "letters": (b"GGML" + header()[4:], "letters GGUF"),
    "empty": (b"", "letters GGUF"),
    "first": (header(version=1), "version is 1; Swing reads"),
    "fourth": (header(version=4), "version is 4"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "other order of bytes"),
    "fields": (header(n_fields=HUGE), "goes on beyond its end"),
    "tensors": (header(n_tensors=HUGE), "goes on beyond its end"),
    "name": (header(struct.pack("<Q", HUGE) + b"x" * 99), "goes on beyond its end"),
    "text": (header(field(STRING, struct.pack("<Q", HUGE) + b"x" * 99)), "goes on beyond its end"),
    "numbers": (header(field(ARRAY, struct.pack("<IQ", 12, HUGE) + b"x" * 99)), "goes on beyond its end"),
    "texts": (header(field(ARRAY, struct.pack("<IQ", STRING, HUGE) + b"x" * 99)), "goes on beyond its end"),
    "nested": (header(field(ARRAY, struct.pack("<IQ", ARRAY, 1) + b"x" * 99)), "arrays within arrays"),
    "type": (header(field(13, b"x" * 99)), "unknown type 13"),
    "array's type": (header(field(ARRAY, struct.pack("<IQ", 99, 1) + b"x" * 99)), "unknown type 99"),
    "letters of a text": (header(field(STRING, text(b"\xff\xfe"))), "UTF-8"),
    "twice": (header(field(7, b"\1"), field(7, b"\1")), "'key' twice"),
    "tensor twice": (header(tensors=[tensor(), tensor()]) + bytes(999), "'t' twice"),
    "dimensions": (header(tensors=[tensor(shape=(1,) * 5)]), "5 dimensions"),
    "many dimensions": (header(tensors=[text(b"t") + struct.pack("<I", 2**32 - 1) + bytes(99)]), "dimensions"),
    "quantisation": (header(tensors=[tensor(kind=5)]) + bytes(999), "the type 5, which"),
    "rows": (header(tensors=[tensor(shape=(33,), kind=2)]) + bytes(999), "rows of .33,. numbers, which Q4_0 cannot hold"),
    "shape": (header(tensors=[tensor(shape=(2**62, 2**62))]) + bytes(999), "lies beyond its end"),
    "offset": (header(tensors=[tensor(offset=HUGE)]) + bytes(999), "lies beyond its end"),
    "alignment": (header(field(GGUFValueType.UINT32, struct.pack("<I", 33), b"general.alignment")), "alignment is 33"),
    "no alignment": (header(field(GGUFValueType.UINT32, struct.pack("<I", 0), b"general.alignment")), "alignment is 0"),
    "alignment's type": (header(field(STRING, text(b"32"), b"general.alignment")), "alignment is '32'"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_lengths_are_not_believed(tmp_path, why):
    """One sentence that says what is wrong; no memory is taken by a length that the file only states."""
    content, sentence = REFUSED[why]
    path = tmp_path / "hostile.gguf"
    path.write_bytes(content)
    of(write(tmp_path / "good.gguf"))  # what is imported on first use is not counted
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=sentence) as caught:
            of(path, "hostile.gguf")
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith("hostile.gguf ") and "\n" not in str(caught.value)


def test_a_header_that_never_ends_is_refused(tmp_path):
    """A file of holes, as large as a checkpoint, which states that all of it is one list of empty words."""
    path = tmp_path / "holes.gguf"
    path.write_bytes(header(field(ARRAY, struct.pack("<IQ", STRING, 2**28))))
    with open(path, "r+b") as file:
        file.truncate(2**32)
    with pytest.raises(ValueError, match=f"header is larger than {MOST_BYTES >> 20} MiB"):
        of(path)
