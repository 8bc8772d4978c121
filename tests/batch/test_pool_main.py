"""Processes and the script that started them: it is run again in them only where what they work with is written there."""

import subprocess
import sys
from pathlib import Path

import pytest
from data_sets import Fake, rows_of, write

from batch import explain_dataset

ROOT = Path(__file__).parents[2]
BEGIN = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from batch import explain_dataset
from data_sets import Fake
"""
UNGUARDED = """
with open("began", "a") as file:
    file.write("once ")
print(explain_dataset("texts.csv", "out", Fake(), workers=2).rows)
"""
OWN_KIND = """
class Own(Fake):
    weights = "of a class in the script"

if __name__ == "__main__":
    print(explain_dataset("texts.csv", "out", Own(), workers=2).rows)
"""


def _run(tmp_path, code):
    write(tmp_path / "texts.csv", 9)
    script = tmp_path / "script.py"
    script.write_text(BEGIN.format(root=str(ROOT), tests=str(ROOT / "tests")) + code)
    found = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert found.stdout == "9\n", found.stderr
    explain_dataset(tmp_path / "texts.csv", tmp_path / "plain", Fake(), workers=1)
    assert rows_of(tmp_path / "out") == rows_of(tmp_path / "plain")


@pytest.mark.slow
def test_a_script_that_is_not_guarded_is_run_once(tmp_path):
    _run(tmp_path, UNGUARDED)
    assert (tmp_path / "began").read_text() == "once "


@pytest.mark.slow
def test_a_kind_that_is_written_in_the_script_is_found_there(tmp_path):
    _run(tmp_path, OWN_KIND)
    assert len(rows_of(tmp_path / "out")) == 9


@pytest.mark.slow
def test_a_page_of_a_web_app_is_not_run_again(tmp_path):
    """Streamlit makes the page it runs the main module, and leaves it so."""
    from streamlit.testing.v1 import AppTest

    write(tmp_path / "texts.csv", 9)
    page = BEGIN.format(root=str(ROOT), tests=str(ROOT / "tests")) + (
        f"with open({str(tmp_path / 'began')!r}, 'a') as file:\n    file.write('once ')\n"
        f"import streamlit as st\nst.text(explain_dataset({str(tmp_path / 'texts.csv')!r}, {str(tmp_path / 'out')!r}, "
        "Fake(), workers=2).rows)\n"
    )
    app = AppTest.from_string(page, default_timeout=240).run()
    assert not app.exception and app.text[0].value == "9"
    assert (tmp_path / "began").read_text() == "once "
