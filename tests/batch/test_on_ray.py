"""On Ray a run has the same parts, to the last bit, as without, and goes on where one without it stopped."""

import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from data_sets import Fake, rows_of, write

from batch import explain_dataset

ROOT = Path(__file__).parents[2]
RUN = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from batch import explain_dataset
from data_sets import Fake

if __name__ == "__main__":
    explain_dataset({source!r}, {out!r}, Fake(pause={pause}), workers=2, address="local")
"""
there = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not there, reason="Ray is not installed: pip install 'swing[ray]' brings it")


@pytest.mark.skipif(there, reason="Ray is installed: what is said without it cannot be seen")
def test_without_ray_one_sentence_says_how_it_comes(tmp_path):
    source = write(tmp_path / "texts.csv", 5)
    with pytest.raises(ValueError, match=re.escape("--address needs Ray, which is not installed: pip install 'swing[ray]'")):
        explain_dataset(source, tmp_path / "out", Fake(), workers=2, address="local")


@needs_ray
def test_a_killed_driver_loses_and_doubles_nothing(tmp_path):
    source, out = write(tmp_path / "texts.csv", 40), tmp_path / "out"
    script = tmp_path / "run.py"
    paths = {"root": str(ROOT), "tests": str(ROOT / "tests"), "source": str(source), "out": str(out)}
    script.write_text(RUN.format(**paths, pause=0.3))
    with subprocess.Popen([sys.executable, script], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        while not (out / "rows").is_dir() or len(list((out / "rows").glob("part-*"))) < 2:
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.02)
        process.kill()
    assert 8 <= len(rows_of(out)) < 40
    script.write_text(RUN.format(**paths, pause=0.0))
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True, capture_output=True)
    explain_dataset(source, tmp_path / "plain", Fake(), workers=1)
    assert len(rows_of(out)) == 40 and rows_of(out) == rows_of(tmp_path / "plain")
