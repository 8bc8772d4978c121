"""The matrix as the tables of docs/tree_files.md: PYTHONPATH=. python -m benchmarks.tree_files.report FOLDER"""

import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def rows_of(cells: list[dict[str, Any]]) -> list[str]:
    """One line for each objective: in how many files of each version the predictions are equal, how many are refused."""
    versions = list(dict.fromkeys(cell["version"].split(",")[0] for cell in cells))
    counts = [Counter(), Counter()]  # type: list[Counter[tuple[str, str]]]
    for cell in cells:
        counts[bool(cell["refused"])][cell["objective"], cell["version"].split(",")[0]] += 1
    equal, refused = counts
    lines = ["| objective or model | " + " | ".join(versions) + " |", "| --- |" + " --- |" * len(versions)]
    for objective in dict.fromkeys(cell["objective"] for cell in cells):
        told = []
        for version in versions:
            same, not_read = equal[objective, version], refused[objective, version]
            told.append(", ".join(filter(None, (f"{same} =" * (same > 0), f"{not_read} refused" * (not_read > 0)))) or "–")
        lines.append(f"| `{objective}` | " + " | ".join(told) + " |")
    return lines


def main(folder: str) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(Path(folder).glob("*.json.xz")):
        for cell in json.loads(lzma.decompress(path.read_bytes())):
            found.setdefault(cell["library"], []).append(cell)
    every = [cell for cells in found.values() for cell in cells]
    refused = sum(bool(cell["refused"]) for cell in every)
    print(f"{len(every)} files: {len(every) - refused} with equal predictions, {refused} refused.")
    for library, cells in found.items():
        print(f"\n### {library}\n")
        print("\n".join(rows_of(cells)))


if __name__ == "__main__":
    main(*sys.argv[1:])
