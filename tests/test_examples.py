"""The notebooks under examples/ run from the first cell to the last, and what their cells end with can be shown."""

import ast
import json
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).parents[1]
matplotlib.use("Agg")
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
MODELS = {"text": "gemma", "document": "tiny_gemma"}  # the first shows what the bundled model answers; the other gives the answer


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_every_cell_runs(notebook, request, monkeypatch):
    if notebook.stem in MODELS:
        loaded = request.getfixturevalue(MODELS[notebook.stem])
        monkeypatch.setattr("model.load_gemma", lambda: loaded)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    names, shown = {}, 0
    for cell in json.loads(notebook.read_text())["cells"]:
        tree = ast.parse("".join(cell["source"]) if cell["cell_type"] == "code" else "")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(notebook), "exec"), names)
        result = None if last is None else eval(compile(ast.Expression(last.value), str(notebook), "eval"), names)
        shown += "<" in (result._repr_html_() if hasattr(result, "_repr_html_") else "")
    assert shown >= 3 and len(matplotlib.pyplot.get_fignums()) >= 1
    matplotlib.pyplot.close("all")
