"""The house keeps its one direction: app → ui → model → xai, and heavy libraries stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEVER = {
    "xai": {"torch", "transformers", "streamlit", "model", "ui", "app"},
    "model": {"streamlit", "ui", "app"},
    "ui": {"app"},
}


def imported(file):
    """Top-level names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("folder", NEVER)
def test_imports_run_one_way(folder):
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    assert {file: set(imported(file)) & NEVER[folder] for file in files} == {file: set() for file in files}


def test_the_first_page_needs_no_heavy_library():
    code = "import sys, model, xai, ui.text.run, ui.maps.side_by_side, ui.shell.model_slot; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "shap"} & set(out.stdout.split())
