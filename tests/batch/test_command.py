"""The commands: the app's own stays as it was, `swing.toml` has the flags' names, and everything wrong is one sentence."""

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from data_sets import rows_of, write
from hostile import STEERING

import swing
from batch import command, progress
from batch.progress import Reporter
from batch.run import explain_dataset as explain
from batch.settings import Settings, flag

ROOT = Path(__file__).parents[2]
SLOW = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which who began in the background was told to ignore
sys.path[:0] = [{root!r}, {tests!r}]
import batch.command, batch.run
from data_sets import Fake

if __name__ == "__main__":
    batch.run.kind_of = lambda settings, source: Fake(settings, pause=0.02)
    sys.exit(batch.command.main(sys.argv[1:]))
"""


@pytest.fixture()
def called(monkeypatch, tmp_path, capsys):
    """called(*arguments) → (status, what it printed, what it complained of), with the fake model in a folder of its own."""
    from data_sets import Fake

    monkeypatch.setattr("batch.run.kind_of", lambda settings, source: Fake(settings))
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            swing.main(list(arguments))
        found = capsys.readouterr()
        return ended.value.code, found.out, found.err

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture()
def source(tmp_path):
    return str(write(tmp_path / "texts.csv", 9, lambda i: "bad" if i == 4 else f"text {i}"))


def test_rows_are_explained_and_shown(called, source, tmp_path):
    status, said, _ = called("explain", source, "out", "--kind", "text", "--rows-per-file", "4", "--workers", "1", "--no-judge")
    assert status == 3
    assert said == "9 of 9 rows are in out, 1 with an error; swing summary out shows them all\n"
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 3 and rows_of("out")[0]["banzhaf_judgement"] is None
    status, said, _ = called("summary", "out")
    assert (status, said) == (0, "out/summary.html and summary.csv show 9 rows\n")


def test_a_run_without_errors_ends_with_0(called, source):
    assert called("explain", source, "out", "--kind", "text", "--limit", "4")[:2] == (
        0,
        "4 of 9 rows are in out; swing summary out shows them all\n",
    )


def test_json_is_one_object_a_line(called, source):
    status, said, complained = called("explain", source, "out", "--kind", "text", "--json", "--workers", "1")
    words = [json.loads(line) for line in said.splitlines()]
    assert [word["event"] for word in words] == ["begin", "end"] and words[-1]["errors"] == 1 and status == 3
    (last,) = called("explain", source, "out", "--kind", "text", "--json", "--workers", "1", "--quiet")[1].splitlines()
    assert json.loads(last) == words[-1]
    assert json.loads(called("summary", "out", "--json")[1])["rows"] == 9
    status, said, _ = called("explain", source, "out", "--kind", "text", "--json", "--seed", "1")
    assert status == 2 and json.loads(said)["sentence"].startswith("out was begun with --seed 0")


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(called, source, tmp_path):
    status, said, _ = called("explain", source, "out", "--kind", "text", "--dry-run", "--workers", "1")
    assert status == 0 and "9 rows: about 512 evaluations, " in said and "by the first 9 rows" in said
    assert "1 of these have an error: the row 'bad' is bad" in said
    found = json.loads(called("explain", source, "out", "--kind", "text", "--dry-run", "--json", "--workers", "1")[1])
    assert found["evaluations"] == 512 and found["seconds"] > 0 and not (tmp_path / "out").exists()
    explain(source, "out", "text", workers=1)
    size = sum(file.stat().st_size for file in (tmp_path / "out" / "rows").iterdir())
    assert 0 < found["bytes"] < size


def test_a_file_of_settings_says_what_the_command_line_does_not(called, source, tmp_path):
    (tmp_path / "swing.toml").write_text('kind = "text"\nrows-per-file = 2\nseed = 5\njudge = false\nworkers = 1\nquiet = true\n')
    assert called("explain", source, "out", "--seed", "6")[0] == 3
    asked = json.loads((tmp_path / "out" / "_run.json").read_text())["settings"]
    assert (asked["rows_per_file"], asked["seed"], asked["judge"]) == (2, 6, False)
    (tmp_path / "other.toml").write_text('kind = "text"\nrows_per_file = 3\nlimit = 3\n')
    assert called("explain", source, "other", "--config", "other.toml")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["--kind", "sound"], "", "swing: argument --kind: invalid choice: 'sound'"),
        (["--kind", "text", "--budget", "many"], "", "'many' is not a whole number"),
        (["--kind", "text", "--budge", "9"], "", "unrecognized arguments: --budge"),
        ([], "", "swing: say with --kind what a row is: text, table or image"),
        (["--kind", "text", "--grid", "2x2"], "", "--grid is of image"),
        (["--kind", "text"], "sed = 3", "swing.toml: 'sed' is no setting; there are absent, address, against,"),
        (["--kind", "text"], "seed = ", "swing.toml is no TOML"),
        (["--kind", "text"], 'seed = "3"', "--seed must be a whole number"),
        (["--kind", "text"], 'workers = "3"', "--workers must be a whole number"),
        (["--kind", "text", "--config", "none.toml"], "", "none.toml is not there"),
        (["--kind", "text"], 'quiet = "no"', "swing.toml: quiet is true or false; got 'no'"),
        (["--kind", "text"], "resume = 1", "swing.toml: resume is true or false; got 1"),
        (["--kind", "text"], 'gpus = "1"', "--gpus must be a number of at least 0; got '1'"),
        (["--kind", "text"], "address = 3", "--address must be a text; got 3"),
        (["--kind", "text", "--gpus", "1"], "", "--gpus is of the workers of a Ray cluster: name one with --address"),
    ],
)
def test_what_is_wrong_gets_one_sentence(called, source, tmp_path, arguments, settings, sentence):
    if settings:
        (tmp_path / "swing.toml").write_text(settings)
    status, said, complained = called("explain", source, "out", *arguments)
    assert (
        (status, said) == (2, "") and sentence in complained and complained.startswith("swing: ") and complained.count("\n") == 1
    )
    assert not (tmp_path / "out").exists()


def test_a_run_goes_on_unless_that_is_refused(called, source):
    asked = ["explain", source, "out", "--kind", "text", "--rows-per-file", "2", "--workers", "1"]
    assert called(*asked, "--limit", "4", "--no-resume")[0] == 0
    sentence = "swing: out holds a run, and --no-resume goes on with none: name another folder\n"
    assert called(*asked, "--no-resume") == (2, "", sentence) == called(*asked, "--no-resume", "--dry-run")
    assert called(*asked, "--dry-run")[1].startswith("4 rows are there; 5 rows: about ")
    assert called(*asked, "--resume")[0] == 3 and called(*asked, "--dry-run")[1] == "9 rows are there; none is left\n"
    assert called(*asked, "--dry-run", "--seed", "1")[2].startswith("swing: out was begun with --seed 0, and now it is 1")


def test_a_dry_run_refuses_what_the_run_would(called, source, tmp_path):
    (tmp_path / "holds").mkdir()
    (tmp_path / "holds" / "thesis.doc").touch()
    assert "holds holds other files" in called("explain", source, "holds", "--kind", "text", "--dry-run")[2]


def test_settings_of_a_file_that_begins_with_a_mark_count_for_errors_too(called, source, tmp_path):
    (tmp_path / "swing.toml").write_text("json = true\n", encoding="utf-8-sig")
    status, said, complained = called("explain", source, "out")
    assert (status, complained) == (2, "") and json.loads(said)["sentence"].startswith("say with --kind")


@pytest.mark.slow
def test_names_of_files_that_no_terminal_shows_are_said(source, tmp_path):
    odd = os.fsencode(tmp_path) + b"/odd\xff.csv"
    Path(source).rename(odd.decode(errors="surrogateescape"))
    (tmp_path / "slow.py").write_text(SLOW.format(root=str(ROOT), tests=str(ROOT / "tests")))
    command = [sys.executable, "slow.py", "explain", odd, b"out\xff", "--kind", "text", "--workers", "1", "--no-judge"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, b"9 of 9 rows are in out\\udcff, 1 with an error" in done.stdout) == (3, True), done.stderr


@pytest.mark.parametrize(("name", "shown"), STEERING.items())
def test_no_name_steers_the_terminal(called, source, tmp_path, name, shown):
    """Of a folder, of a file, of a column, of an option, and in the sentence of a row."""
    (tmp_path / name).mkdir()
    first = f"9 of 9 rows are in {shown}/out, 1 with an error; swing summary {shown}/out shows them all\n"
    assert called("explain", source, f"{name}/out", "--kind", "text", "--no-judge", "--quiet", "--workers", "1")[1] == first
    assert called("summary", f"{name}/out")[1] == f"{shown}/out/summary.html and summary.csv show 9 rows\n"
    sentences = [
        called("explain", name, "other", "--kind", "text"),
        called("explain", f"{name}.not-there", "other", "--kind", "text"),
        called("explain", source, "other", "--kind", name),
        called("explain", source, "other", "--kind", "text", "--id", name),
        called("explain", source, "other", "--kind", "text", f"--{name}"),
        called("explain", source, "other", "--kind", "text", "--config", name),
        called("summary", name),
    ]
    for status, said, complained in sentences:
        assert (status, said, complained.count("\n")) == (2, "", 1) and complained.startswith("swing: ")
        assert all(one.isprintable() for one in complained[:-1]), complained
    assert sum(shown in complained for *_, complained in sentences) > 4


def test_no_error_of_a_row_steers_the_terminal(called, source, monkeypatch):
    monkeypatch.setattr("data_sets.Asker.asked", lambda self, rows: [ValueError(f"no {'&'.join(STEERING)}") for _ in rows])
    said = called("explain", source, "out", "--kind", "text", "--dry-run", "--workers", "1")[1]
    assert said.count("\n") == 2 and all(one.isprintable() or one == "\n" for one in said) and r"\x1b[2J" in said


@pytest.mark.slow
def test_a_fault_of_swing_itself_steers_no_terminal_either(tmp_path):
    code = (
        "import sys, batch.command\n"
        "def fail(options): raise RuntimeError('a\\x1b[2J\\u202eb')\n"
        "batch.command._summary = fail\n"
        "sys.exit(batch.command.main(['summary', 'out']))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 1 and "\x1b" not in found.stderr and "\u202e" not in found.stderr
    assert r"RuntimeError: a\x1b[2J\u202eb" in found.stderr


def test_the_servers_log_steers_no_terminal(monkeypatch, capsys):
    def serve(arguments):
        logging.StreamHandler().emit(logging.makeLogRecord({"msg": "of a file: a\x1b[2J\u202eb"}))
        print("two\nlines", file=sys.stderr)
        assert "--logger.enableRich=False" in arguments  # which would write to another stream

    monkeypatch.setattr("streamlit.web.cli.main", serve)
    swing.main([])
    assert capsys.readouterr().err == "of a file: a\\x1b[2J\\u202eb\ntwo\nlines\n"


def test_a_folder_without_a_run_has_no_summary(called, tmp_path):
    assert called("summary", str(tmp_path)) == (
        2,
        "",
        f"swing: {tmp_path} holds no run over a data set: give the folder that swing explain wrote\n",
    )


def test_the_app_needs_nothing_of_data_sets():
    code = "import sys, swing\ntry: swing.main(['--version'])\nexcept SystemExit: print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "swing" in out and not {"batch", "pyarrow", "pandas"} & set(out.split())


@pytest.mark.slow
@pytest.mark.parametrize(("how", "workers"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_ctrl_c_leaves_everything_valid(tmp_path, how, workers):
    source, out = write(tmp_path / "texts.csv", 400), tmp_path / "out"
    (tmp_path / "slow.py").write_text(SLOW.format(root=str(ROOT), tests=str(ROOT / "tests")))
    asked = ["explain", source, out, "--kind", "text", "--rows-per-file", "2", "--workers", str(workers), "--no-judge"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "slow.py", *asked], cwd=tmp_path, start_new_session=True, **pipes) as process:
        while not (out / "rows").is_dir() or len(list((out / "rows").glob("part-*"))) < 3:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.005)
        os.killpg(process.pid, how)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said == "swing: stopped: what is committed is whole, and the same command goes on\n"
    rows = rows_of(out)
    assert 6 <= len(rows) < 400 and all(len(row["banzhaf"]) == 6 for row in rows)
    assert [file for file in (out / "rows").iterdir() if not file.name.startswith("part-")] == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(stream, as_json=False):
    """What is said of 100 rows in a quarter of a minute each, of which 10 were there."""
    now = [0.0]
    reporter = Reporter(stream, as_json, lambda: now[0])
    reporter.begin(10, 110)
    for _ in range(100):
        now[0] += 15.0
        reporter.rows(1)
    reporter.end(rows=110)
    return stream.getvalue()


def test_a_log_gets_a_line_a_minute():
    lines = told(io.StringIO()).splitlines()
    assert lines[0] == "10 of 110 rows are there; going on" and len(lines) == 26
    assert lines[1] == "14 of 110 rows (13 %), 15.0 s/row, 24 min left"
    assert lines[-1] == "110 of 110 rows (100 %), 15.0 s/row, 0 s left"


def test_a_terminal_gets_one_line_over_itself():
    said = told(Terminal())
    assert said.count("\n") == 2 and said.count("\r") == 101
    assert said.rstrip().endswith("110 of 110 rows (100 %), 15.0 s/row, 0 s left")


def test_json_has_numbers():
    words = [json.loads(line) for line in told(io.StringIO(), True).splitlines()]
    assert words[1] == {"event": "rows", "done": 11, "rows": 110, "per_second": 1 / 15, "seconds_left": 1485.0}
    assert words[-1] == {"event": "end", "rows": 110}


def test_durations_have_two_units():
    said = {0: "0 s", 59.6: "1 min", 3700: "1 h 1 min", 90000: "1 d 1 h", 86400: "1 d", 61: "1 min 1 s"}
    assert {seconds: progress.duration(seconds) for seconds in said} == said
    assert progress.pace(1234.5) == "1,234.5 rows/s" and progress.pace(0.25) == "4.0 s/row"


def test_every_setting_has_a_flag():
    shown = command._parser()._subparsers._group_actions[0].choices["explain"].format_help()
    for name in ("--kind", "--rows-per-file", "--no-judge", "--stop-when-sure", "--dry-run", "--limit", "--workers", "--config"):
        assert name in shown


def test_progress_is_told_as_often_as_is_asked(called, source):
    words = [json.loads(line) for line in called("explain", source, "out", "--kind=text", "--json", "--every=0")[1].splitlines()]
    assert [word["done"] for word in words if word["event"] == "rows"] == list(range(1, 10))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_flags(capsys, shell, tmp_path):
    with pytest.raises(SystemExit, match="0"):
        swing.main(["--print-completion", shell])
    script = capsys.readouterr().out
    flags = {flag(one.name) for one in fields(Settings)} | {"--port", "--server", "--print-completion", "--dry-run", "--workers"}
    words = set(re.findall(r"[\w-]+", script))
    for name in sorted(flags | {"explain", "summary", "banzhaf", "shapley", "orthogonal"}):
        assert name in words or shell == "fish" and name.removeprefix("--") in words, name
    if shell == "bash":
        (tmp_path / "swing").write_text(script)
        ask = 'source swing; COMP_WORDS=(swing explain --kind ""); COMP_CWORD=3; _shtab_swing; echo "${COMPREPLY[@]}"'
        found = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert found.stdout == "text table image\n"


def test_an_unknown_shell_gets_one_sentence(capsys):
    with pytest.raises(SystemExit, match="2"):
        swing.main(["--print-completion", "cmd"])
    assert "invalid choice: 'cmd' (choose from" in capsys.readouterr().err
