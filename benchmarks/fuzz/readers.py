"""Every reader of what a user brings, with small valid files of each kind."""

import base64
import io
import json
import lzma
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from model.assets import ASSETS

TREES = sorted((Path(__file__).parents[2] / "tests" / "model" / "trees" / "files").glob("*.json.xz"))  # of the tests
Files = list[tuple[str, bytes]]  # names, which tell the format where the content does not, and bytes


class Reader(NamedTuple):
    """read(bytes, name) : raises ValueError with one sentence, or nothing;  files : valid ones"""

    read: Callable[[bytes, str], object]
    files: Callable[[], Files]


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40).round(3), "colour": rng.choice(["red", "blue", "grün"], 40)})
    frame["when"] = pd.date_range("2020-01-01", periods=40).astype(str)
    frame["price"] = [f"{i}.{i:03d},50 €" for i in range(40)]
    frame["code"] = np.arange(40) % 3
    return frame.assign(y=(frame.x > 0).astype(int))


def _workbook(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    return out.getvalue()


def _table_files() -> Files:
    frame = _frame()
    text = frame.to_csv(index=False)
    parquet = frame.assign(when=pd.to_datetime(frame.when), colour=frame.colour.astype("category")).to_parquet()
    return [
        ("a.csv", text.encode()),
        ("a.csv", frame.to_csv(sep=";", decimal=",").encode("cp1252")),
        ("a.tsv", ("\ufeff" + frame.to_csv(sep="\t", index=False)).encode("utf-16")),
        ("a.csv", frame.to_csv(sep=";", index=False, quoting=1, lineterminator="\r\n").encode()),
        ("a.xlsx", _workbook(frame.assign(when=pd.to_datetime(frame.when)))),
        ("a.parquet", parquet),
    ]


def _read_table(data: bytes, name: str) -> None:
    from model.files.table import read_table
    from model.table.columns import profile

    profile(read_table(data, name))


def _pair_files() -> Files:
    folder = ASSETS / "samples" / "translation"
    texts = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.csv"))]
    return [*texts, ("a.xlsx", _workbook(pd.read_csv(io.BytesIO(texts[0][1]))))]


def _read_pairs(data: bytes, name: str) -> None:
    from model.data.pairs import read_pairs

    read_pairs(data, filename=name)


def _scored_files() -> Files:
    content = (ASSETS / "samples" / "scaling" / "scored-runs.csv").read_bytes()
    return [("a.csv", content), ("a.xlsx", _workbook(pd.read_csv(io.BytesIO(content))))]


def _read_scored(data: bytes, name: str) -> None:
    from model.files.reader import read_columns
    from xai.data_scores import next_runs, scored_runs_of, source_values

    runs = scored_runs_of(read_columns(data, name))
    source_values(runs)
    next_runs(runs.coalitions, 2)


def _scaling_files() -> Files:
    folder = ASSETS / "samples" / "scaling"
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.csv")) if path.stem != "scored-runs"]


def _read_scaling(data: bytes, name: str) -> None:
    from model.files.reader import read_columns
    from xai.scaling.runs import runs_of

    runs_of(read_columns(data, name))


def _image_files() -> Files:
    from PIL import Image, ImageCms

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (24, 20, 4), dtype=np.uint8)
    colour, clear = Image.fromarray(pixels[..., :3]), Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = Image.fromarray(rng.integers(0, 65535, (24, 20), dtype=np.uint16))
    made = [
        ("a.png", colour, {"icc_profile": screen, "exif": exif}),
        ("b.png", clear.quantize(16), {"transparency": 3}),
        ("c.png", deep, {"transparency": 9}),
        ("d.png", clear, {"save_all": True, "append_images": [clear]}),
        ("a.jpg", colour, {"exif": exif, "icc_profile": screen}),
        ("b.jpg", colour.convert("CMYK"), {}),
        ("c.jpg", colour, {"progressive": True}),
        ("a.webp", clear, {"lossless": True}),
        ("b.webp", colour, {"save_all": True, "append_images": [colour]}),
        ("a.gif", colour.quantize(8), {"save_all": True, "append_images": [clear.quantize(8)]}),
        ("a.tif", deep, {}),
        ("b.tif", colour, {"compression": "tiff_lzw", "save_all": True, "append_images": [clear]}),
        ("c.tif", colour.convert("CMYK"), {"compression": "jpeg"}),
        ("a.bmp", colour, {}),
        ("a.avif", clear, {}),
    ]
    files = []
    for name, image, options in made:
        out = io.BytesIO()
        kinds = {"jpg": "JPEG", "tif": "TIFF"}
        image.save(out, kinds.get(name[2:], name[2:].upper()), **options)
        files.append((name, out.getvalue()))
    return files


def _read_image(data: bytes, name: str) -> None:
    from model.image.images import read_image

    read_image(data, "")  # by its content alone: a wrong extension would be refused first


@cache
def _columns() -> pd.DataFrame:
    return _frame()[["x", "colour", "code"]].assign(colour=lambda frame: frame.colour.astype("category"))


def _tree_files() -> Files:
    import lightgbm

    frame = _frame()
    data, three = _columns(), np.digitize(frame.x, [-0.5, 0.5])
    quiet = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 3, "num_leaves": 4, "min_data_per_group": 2}
    files = []
    for objective, labels, more in (
        ("binary", frame.y, {}),
        ("regression", frame.x, {}),
        ("multiclass", three, {"num_class": 3}),
    ):
        text = lightgbm.train(quiet | {"objective": objective} | more, lightgbm.Dataset(data, labels), 3).model_to_string()
        files.append((f"{objective}.txt", text.encode()))
    return [*files, ("stump.json", json.dumps(_stump()).encode())]


def _stump() -> dict:
    """XGBoost's JSON of one stump of numbers and one of categories."""
    ends = {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "parents": [2147483647, 0, 0], "default_left": [0, 0, 0]}
    ends |= {"split_conditions": [0.25, -1.0, 1.0], "base_weights": [0.0, -1.0, 1.0], "sum_hessian": [9.0, 4.0, 5.0]}
    shape = {"num_deleted": "0", "num_feature": "2", "num_nodes": "3", "size_leaf_vector": "1"}
    ends |= {"loss_changes": [1.0, 0.0, 0.0], "tree_param": shape}
    none = {"categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": []}
    some = {"categories": [1], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [1]}
    trees = [
        {**ends, **none, "id": 0, "split_indices": [0, 0, 0], "split_type": [0, 0, 0]},
        {**ends, **some, "id": 1, "split_indices": [1, 0, 0], "split_type": [1, 0, 0]},
    ]
    param = {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"}
    learner = {"feature_names": ["x", "code"], "feature_types": ["float", "c"], "attributes": {}, "learner_model_param": param}
    learner |= {"objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}}}
    learner |= {"gradient_booster": {"name": "gbtree", "model": {"trees": trees, "tree_info": [0, 0]}}}
    return {"version": [3, 0, 0], "learner": learner}


def _read_trees(data: bytes, name: str) -> None:
    from model import TableModel

    frame = _columns()
    TableModel.load(data, frame).predict(frame.head(3))


@cache
def _stored() -> dict[str, dict]:
    """Some of the files that libraries of trees wrote for the tests, with their tables."""
    cells = [cell for path in TREES for cell in json.loads(lzma.decompress(path.read_bytes()))]
    return {cell["name"]: cell for cell in cells[:: 1 + len(cells) // 40] if not cell["refused"]}


def _stored_files() -> Files:
    coded, texts = "base64:", {name: cell["model"] for name, cell in _stored().items()}
    bare = {name: text.removeprefix(coded) for name, text in texts.items()}
    return [(name, base64.b64decode(bare[name]) if bare[name] != text else text.encode()) for name, text in texts.items()]


def _read_stored(data: bytes, name: str) -> None:
    from model import TableModel

    cell = _stored()[name]
    kinds = {column: pd.CategoricalDtype(levels) for column, levels in cell["levels"].items()}
    frame = pd.DataFrame(cell["table"]).astype(kinds)
    TableModel.load(data, frame).predict(frame.head(3))


def _bundle_files() -> Files:
    return [(path.name, path.read_bytes()) for path in sorted((ASSETS / "first").glob("*.zip"))]


def _read_bundle(data: bytes, name: str) -> None:
    from ui.runs.bundle import read_bundle

    read_bundle(data)


def _study_files() -> Files:
    from ui.document.shelf import STUDY

    return [(STUDY, (ASSETS / "first" / STUDY).read_bytes())]


def _read_study(data: bytes, name: str) -> None:
    from ui.document.keep.bundle import from_bytes

    from_bytes(data)


def _gguf_files() -> Files:
    from gguf import GGUFWriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gguf"
        writer = GGUFWriter(path, "gemma3")
        writer.add_uint32("gemma3.block_count", 2)
        writer.add_array("tokenizer.ggml.tokens", ["<pad>", "a", "▁b"])
        writer.add_array("tokenizer.ggml.scores", [0.0, -1.0, -2.0])
        writer.add_tensor("blk.0.attn_q.weight", np.zeros((4, 32), np.float32))
        writer.add_tensor("output_norm.weight", np.zeros(32, np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return [("a.gguf", path.read_bytes())]


def _read_gguf(data: bytes, name: str) -> None:
    from model.gguf.header import read_header
    from model.gguf.source import Source

    with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        file.write(data)
        file.flush()
        with Source([Path(file.name)], name) as source:
            read_header(source)


READERS = {
    "tables": Reader(_read_table, _table_files),
    "pairs": Reader(_read_pairs, _pair_files),
    "scored runs": Reader(_read_scored, _scored_files),
    "scaling runs": Reader(_read_scaling, _scaling_files),
    "images": Reader(_read_image, _image_files),
    "trees": Reader(_read_trees, _tree_files),
    **({"trees of libraries": Reader(_read_stored, _stored_files)} if TREES else {}),
    "bundles": Reader(_read_bundle, _bundle_files),
    "studies": Reader(_read_study, _study_files),
    "gguf": Reader(_read_gguf, _gguf_files),
}
