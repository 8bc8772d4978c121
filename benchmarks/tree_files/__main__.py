"""What libraries of trees predict, stored as small files that the tests read: python -m benchmarks.tree_files xgboost FOLDER

Run in an environment that has the library, from the project's root; it needs numpy and pandas besides, and of Swing nothing:

    PYTHONPATH=. side/bin/python -m benchmarks.tree_files xgboost tests/model/trees/files

Writes FOLDER/LIBRARY-VERSION.json.xz, a list of the cells of the matrix. Names: xgboost, lightgbm, catboost, onnx.
"""

import importlib
import json
import lzma
import sys
import warnings
from pathlib import Path


def main(library: str, folder: str) -> None:
    warnings.filterwarnings("ignore")
    module = importlib.import_module(f"benchmarks.tree_files.{library}_cells")
    cells = list(module.cells())
    path = Path(folder) / f"{library}-{module.VERSION}.json.xz".replace(" ", "-")
    names = [cell.name for cell in cells]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    text = json.dumps([cell.record() for cell in cells], ensure_ascii=False)
    path.write_bytes(lzma.compress(text.encode(), preset=9))
    print(f"{path}: {len(cells)} cells, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
