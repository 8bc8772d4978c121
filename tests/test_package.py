"""The package: installed from a wheel it is whole, and its command starts the app from any folder."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

import swing

ROOT = Path(__file__).parents[1]
NOT_OURS = (".git", ".venv", ".*cache", ".hypothesis", ".training*", "__pycache__", "build", "*.egg-info", "tests")
PAGE = """
import swing, xai.explain
from streamlit.testing.v1 import AppTest
from ui.draw.html import ENVIRONMENT
ENVIRONMENT.get_template("document.html"), ENVIRONMENT.get_template("report.css")
page = AppTest.from_file(swing.APP, default_timeout=60).run()
print(swing.APP, page.title[0].value[:5], len(page.exception))
"""
OPTIONS = """
import json, os, sys, swing
from streamlit import config
from streamlit.web import bootstrap
bootstrap.run = lambda *_: print(os.environ["SWING_MODEL"], json.dumps({key: config.get_option(key) for key in sys.argv[1:]}))
swing.main(["--port", "8765", "--host", "127.0.0.1", "--model", "my/own"])
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the checkout, as a clone would be."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("source") / "swing", ignore=shutil.ignore_patterns(*NOT_OURS))


@pytest.fixture(scope="module")
def installed(source, tmp_path_factory):
    """The folder that the wheel of the checkout is installed into."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command = [*pip, "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, source]
    subprocess.run(command, check=True)
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", "--target", target, *wheels.iterdir()], check=True)
    return target


@pytest.fixture()
def elsewhere(installed, tmp_path):
    """What a process is started with in another folder, where it finds the installed package."""
    own = {"PYTHONPATH": str(installed), "SWING_HOME": "home", "STREAMLIT_SERVER_HEADLESS": "true"}
    return {"cwd": tmp_path, "env": os.environ | own, "text": True, "stdout": subprocess.PIPE}


def files(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.parent.name != "__pycache__"}


def options(settings, above=""):
    """Whole names of Streamlit's settings → what the file says."""
    found = {}
    for name, value in settings.items():
        found |= options(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
    return found


@pytest.mark.slow
def test_every_file_is_in_the_wheel(source, installed):
    for folder in ("xai", "model", "batch", "ui"):
        assert files(installed / folder) == files(source / folder)
        assert (installed / folder / "py.typed").is_file()
    assert files(installed / "swing_assets") == files(source / "assets") | {str(Path("streamlit", "config.toml"))}


def test_one_module_knows_where_the_assets_are(source):
    knows = [
        file
        for folder in ("xai", "model", "batch", "ui")
        for file in (source / folder).rglob("*.py")
        if '"assets' in file.read_text()
    ]
    assert knows == [source / "model" / "assets.py"]


@pytest.mark.slow
def test_the_engine_and_the_first_page_work_from_another_folder(installed, elsewhere):
    done = subprocess.run([sys.executable, "-c", PAGE], check=True, **elsewhere)
    assert done.stdout.split("\n")[0] == f"{installed / 'app.py'} Swing 0"


@pytest.mark.slow
def test_the_command_passes_its_options_and_the_settings_of_the_file(elsewhere):
    expected = options(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text()))
    assert "theme.light.primaryColor" in expected
    expected |= {"server.port": 8765, "server.address": "127.0.0.1"}
    done = subprocess.run([sys.executable, "-c", OPTIONS, *expected], check=True, **elsewhere)
    model, found = done.stdout.split(" ", 1)
    assert (model, json.loads(found)) == ("my/own", expected)


@pytest.mark.slow
def test_the_command_starts_the_app(installed, elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, installed / "bin" / "swing", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, **elsewhere) as process:
        try:
            assert health(f"http://127.0.0.1:{port}/_stcore/health", process) == b"ok"
        finally:
            process.kill()


def health(address, process, seconds=60):
    for _ in range(seconds * 5):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    return None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--modle", "my/own"], "unrecognized arguments: --modle my/own"),
        (["--mod", "my/own"], "unrecognized arguments: --mod my/own"),
        (["--port", "65536"], "'65536' is not a port: give a whole number from 1 to 65535"),
        (["--port", "0"], "'0' is not a port"),
        (["--port", "http"], "'http' is not a port"),
    ],
)
def test_a_wrong_option_gets_one_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit, match="2"):
        swing.main(arguments)
    said = capsys.readouterr().err
    assert said.startswith("swing: ") and said.count("\n") == 1 and sentence in said


def test_a_port_in_use_gets_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"^swing: port {port} of 127.0.0.1 is in use: choose another"):
            swing.main(["--host", "127.0.0.1", "--port", str(port)])


def test_a_host_of_another_machine_gets_one_sentence():
    with pytest.raises(SystemExit, match="^swing: cannot listen there: .*192.0.2.1"):
        swing.main(["--host", "192.0.2.1", "--public", "--anonymous"])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--server", "http://h/v1"], "--server needs --server-model, and no --model"),
        (["--server", "http://h/v1", "--server-model", "m", "--model", "d"], "--server needs --server-model, and no --model"),
        (["--server-model", "m"], "need --server "),
        (["--server", "http://h/v1", "--server-model", "m", "--precision", "auto"], "--precision is of a model that runs here"),
    ],
)
def test_options_of_a_server_belong_together(options, why, capsys):
    with pytest.raises(SystemExit):
        swing.main(options)
    assert why in capsys.readouterr().err
