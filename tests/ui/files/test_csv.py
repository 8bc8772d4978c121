"""Every CSV that the app and the command line write: no cell of it begins a formula, whatever a file or a model called things."""

import ast
import csv
import io
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from games import FakeGame

from batch.parts import Out, encoded
from batch.summary import summarise
from model.files.reader import read_columns
from model.table.model import TableModel
from ui.data import files as data_files
from ui.data import scored_runs
from ui.files import numbers
from ui.scaling import export
from ui.scaling.study import read, study
from ui.shell.jobs import Job
from ui.table import all_rows
from ui.table.run import Fitted
from xai import explain
from xai.data_scores import next_runs, scored_runs_of, source_values

ROOT = Path(__file__).parents[3]
TEXTS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " '=1", "＝1", "x;=1", 'a\n"=1']
MAPS = {index: explain(FakeGame(9, lambda z: z @ np.arange(-4.0, 5), TEXTS), index, "exact") for index in ("banzhaf", "shapley")}


def table(*columns):
    out = io.StringIO()
    csv.writer(out).writerows(zip(*columns))
    return out.getvalue().encode()


def measures(tmp_path):
    shown = SimpleNamespace(focused=lambda weights: list(MAPS.values()), maps=list(MAPS.values()))
    about = SimpleNamespace(words=TEXTS[:2], weights=lambda words: [1.0])
    return SimpleNamespace(comparison=shown, about=about, request=SimpleNamespace(evaluation=["x"]))


def runs():
    there = np.unpackbits(np.arange(1, 13, dtype=np.uint8)[:, None], axis=1)[:, -4:]
    columns = [[name, *cells] for name, cells in zip(["=1+1", "+a", "-b", "@c"], there.T)]
    return scored_runs_of(read_columns(table(*columns, ["=BLEU", *range(1, 13)]), "runs.csv"))


def laws(tmp_path):
    sizes = [1e9, 3e9, 1e10, 3e10, 1e11]
    content = table(["data", *["=1+1"] * 5], ["tokens", *sizes], ["BLEU", *(20 + np.log10(sizes))])
    return export.to_csv(study("-runs", False, read(content, "runs.csv"), Job(lambda job: None)), 1e12)


def rows(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"=a": rng.normal(size=60), "-b": rng.choice(TEXTS[:4], 60), "+y": rng.choice(["=yes", "@no"], 60)})
    fitted = Fitted(TableModel.fit(frame, "+y", model="linear"), frame, "+y")
    return all_rows.to_csv(fitted, np.arange(60), {"banzhaf": rng.normal(size=(60, 2))})


def summary(tmp_path):
    run = {"settings": {"kind": "text", "index": "banzhaf", "players": "patch"}, "source": "=in.csv", "rows": 9}
    judged = {"worth": "sure", "headline": ""}
    found = {"row": 0, "id": "=1", "error": None, "seconds": 1.0, "output": "+out", "players": TEXTS, "evaluations": 9}
    found |= {"banzhaf": list(range(-4, 5)), "banzhaf_judgement": judged}
    with Out(tmp_path / "out") as place:
        place.begin(run)
        place.commit(0, encoded([found, found | {"row": 1, "id": "-x", "output": "@out"}], run))
    return summarise(tmp_path / "out").view.to_csv()


MAKERS = {
    "swing-values.csv": lambda place: numbers.to_csv(MAPS, [(0, 1)] * 9),
    "swing-measures.csv": lambda place: data_files.measures_csv(measures(place)),
    "swing-words.csv": lambda place: data_files.matrix_csv(measures(place)),
    "swing-sources.csv": lambda place: scored_runs._to_csv(runs(), source_values(runs())),
    "swing-next-runs.csv": lambda place: scored_runs._plan_csv(runs(), next_runs(runs().coalitions, 2)),
    "swing-scaling.csv": laws,
    "swing-rows.csv": rows,
    "swing-predictions.csv": rows,
    "swing-summary.csv": summary,
    "summary.csv": summary,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_cell_of_a_csv_starts_a_formula(name, tmp_path):
    text = MAKERS[name](tmp_path)
    assert text.count("'=") + text.count("'+") + text.count("'-") + text.count("'@") > 1
    for delimiter in ",;\t":
        cells = [cell for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in line]
        begun = [cell for cell in cells if re.match(r"[\s\"']*[=+@＝-]", cell) and not re.match(r"\s*'|-[\d.e+-]+$", cell)]
        assert begun == []


def files_of(*folders):
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def test_every_csv_is_looked_at():
    named = {
        name for file in files_of("ui", "batch") for name in re.findall(r'"((?:swing-[\w-]+|summary)\.csv)"', file.read_text())
    }
    assert named | {"swing-scaling.csv"} == set(MAKERS)


def test_only_one_file_writes_csv():
    found = {}
    for file in [ROOT / "swing.py", *files_of("ui", "batch", "model", "xai")]:
        for node in ast.walk(ast.parse(file.read_text())):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if re.search(r"csv\.(writer|DictWriter)$|(?<!view)\.to_csv$|write_csv$", called):
                found.setdefault(str(file.relative_to(ROOT)), []).append(called)
    inside = {"model/files/table.py": ["csv.writer"]}  # rows on their way to pandas, in memory
    assert {name: sorted(calls) for name, calls in found.items()} == inside | {
        "model/files/spreadsheet.py": ["csv.writer", "out.to_csv"]
    }
