"""The commands `swing explain` and `swing summary`: from a command line, and `swing.toml`, to a run."""

import argparse
import io
import json
import os
import signal
import sys
import tomllib
import traceback
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any, NoReturn

from batch.page import page
from batch.progress import Reporter, duration
from batch.run import Estimate, estimated, explain_dataset, prepared
from batch.settings import Settings, flag
from batch.summary import Summary, summarise
from xai.checks import check_whole
from xai.exchange.visible import visible, visible_output

CONFIG = "swing.toml"
DONE, FAULTY, REFUSED, WITH_ERRORS, STOPPED = 0, 1, 2, 3, 130
RUNNING = {"workers": (int, "processes; left out: as many as there are cores and memory"), "limit": (int, "the first rows only")}
ON_RAY = {
    "address": (str, "a Ray cluster: ray://host:port, auto, or local to start one"),
    "gpus": (float, "GPUs of each worker there"),
}
SWITCHES = {"dry_run": "say what it would cost, and write nothing", "json": "one JSON object a line", "quiet": "no progress"}
RESUME = "go on with the run that OUT holds (default); --no-resume refuses one"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the list of options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"swing: {visible(message)} ({self.prog} --help lists the options)\n")


def main(arguments: list[str]) -> int:
    """Do what a command line says; the exit status: 0 done, 3 done and some rows have an error, 2 refused, 130 stopped."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what no terminal shows
    with visible_output("stdout", "stderr"):
        try:
            return _done(arguments)
        except Exception:  # a fault of Swing itself, in whose text a name may stand
            traceback.print_exc()
            return FAULTY


def _done(arguments: list[str]) -> int:
    options = vars(_parser().parse_args(arguments))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if options.pop("command") == "summary":
            return _summary(options)
        _configure(options)
        return _explain(dict(options))
    except (ValueError, TypeError) as error:
        _complain(str(error), options)
        return REFUSED
    except MemoryError:
        _complain("there is too little memory for a row: close something, or ask for a smaller model", options)
        return REFUSED
    except KeyboardInterrupt:
        _complain("stopped: what is committed is whole, and the same command goes on", options)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains while it ends
        return STOPPED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _complain(sentence: str, options: dict[str, Any]) -> None:
    if options.get("json"):
        print(json.dumps({"event": "error", "sentence": sentence}))
    else:
        print(f"swing: {visible(sentence)}", file=sys.stderr)


def _parser() -> Parser:
    parser = Parser(prog="swing", allow_abbrev=False)
    add_commands(parser)
    return parser


def add_commands(parser: argparse.ArgumentParser) -> tuple[argparse.ArgumentParser, ...]:
    """The parsers of both commands, which `parser` then has."""
    commands = parser.add_subparsers(dest="command", required=True)
    explain = commands.add_parser(
        "explain", help="the maps of every row of a data set", allow_abbrev=False, argument_default=argparse.SUPPRESS
    )
    explain.add_argument("source", metavar="IN", help="a CSV, Parquet or JSON lines file, a folder, or a URI")
    explain.add_argument("out", metavar="OUT", help="a new folder, or one that the same command began")
    for one in fields(Settings):
        help, choices = f"{one.metadata['help']}{_default(one.default)}", one.metadata["choices"] or None
        if isinstance(one.default, bool):
            explain.add_argument(flag(one.name), action=argparse.BooleanOptionalAction, help=help)
        else:
            whole = isinstance(one.default, int) or one.name == "rows_per_file"
            explain.add_argument(
                flag(one.name), type=_whole if whole else str, choices=choices, help=help, metavar=None if choices else "…"
            )
    for name, (_, help) in RUNNING.items():
        explain.add_argument(flag(name), type=_whole, metavar="N", help=help)
    for name, (kind, help) in ON_RAY.items():
        explain.add_argument(flag(name), type=kind, metavar="…", help=help)
    explain.add_argument("--resume", action=argparse.BooleanOptionalAction, help=RESUME)
    explain.add_argument("--every", type=_whole, metavar="SECONDS", help="between two words of progress")
    for name, help in SWITCHES.items():
        explain.add_argument(flag(name), action="store_true", help=help)
    explain.add_argument("--config", metavar="FILE", help=f"settings by the names of these flags; {CONFIG} where there is one")
    summary = commands.add_parser("summary", help="the global view of a run, as HTML and CSV", allow_abbrev=False)
    summary.add_argument("out", metavar="OUT", help="the folder that swing explain wrote")
    summary.add_argument("--json", action="store_true", help="print a JSON object instead of a sentence")
    return explain, summary


def _default(value: object) -> str:
    return "" if value is None or value is MISSING else f" (default: {value!s})".replace("%", "%%")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _configure(options: dict[str, Any]) -> None:
    """Take from the file what the command line does not say; ValueError for a name that is none."""
    file = Path(options.pop("config", CONFIG))
    said = "config" in options or file != Path(CONFIG)
    if not file.is_file():
        if said:
            raise ValueError(f"{file} is not there: --config names a file of settings")
        return
    try:
        found = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is no TOML ({error})") from error
    known = {flag(one.name)[2:]: one.name for one in fields(Settings)} | {
        flag(name)[2:]: name for name in (*RUNNING, *ON_RAY, *SWITCHES, "every", "resume")
    }
    for name, value in found.items():
        if name.replace("_", "-") not in known:
            raise ValueError(f"{file}: {name!r} is no setting; there are {', '.join(sorted(known))}")
        name = known[name.replace("_", "-")]
        if name in (*SWITCHES, "resume") and not isinstance(value, bool):
            raise ValueError(f"{file}: {flag(name)[2:]} is true or false; got {value!r}")
        options.setdefault(name, value)


def _explain(options: dict[str, Any]) -> int:
    dry, as_json, quiet = (options.pop(name, False) for name in SWITCHES)
    source, out, every = options.pop("source"), options.pop("out"), options.pop("every", None)
    resume = options.pop("resume", True)
    if "kind" not in options:
        raise ValueError("say with --kind what a row is: text, table or image")
    if every is not None:
        check_whole("--every", every)
    if dry:
        return _dry(estimated(prepared(source, out, **options), out, resume), as_json)
    reporter = None if quiet else Reporter(sys.stdout if as_json else sys.stderr, as_json, every=every)
    summary = explain_dataset(source, out, progress=reporter, resume=resume, **options)
    if as_json and quiet:
        reporter = Reporter(sys.stdout, as_json)
    if reporter is not None:
        reporter.end(**_found(summary))
    if not as_json:
        print(visible(_sentence(summary)))
    return WITH_ERRORS if summary.errors else DONE


def _dry(found: Estimate, as_json: bool) -> int:
    if as_json:
        print(json.dumps(asdict(found)))
        return DONE
    there = f"{found.there:,} rows are there; " if found.there else ""
    if not found.rows:
        print(f"{there}none is left")
        return DONE
    print(
        f"{there}{found.rows:,} rows: about {found.evaluations:,} evaluations, {duration(found.seconds)} with {found.workers} "
        f"process{'es' * (found.workers > 1)}, {found.bytes / 1e6:,.1f} MB; by the first {found.tried} rows"
    )
    if found.errors:
        print(visible(f"{found.errors} of these have an error: {found.sentence}"))
    return DONE


def _found(summary: Summary) -> dict[str, Any]:
    names = ("rows", "total", "errors", "evaluations", "seconds")
    return {"out": str(summary.path)} | {name: getattr(summary, name) for name in names}


def _sentence(summary: Summary) -> str:
    wrong = f", {summary.errors:,} with an error" if summary.errors else ""
    return f"{summary.rows:,} of {summary.total:,} rows are in {summary.path}{wrong}; swing summary {summary.path} shows them all"


def _summary(options: dict[str, Any]) -> int:
    summary = summarise(options["out"])
    html, table = summary.path / "summary.html", summary.path / "summary.csv"
    try:
        html.write_text(page(summary), encoding="utf-8")
        table.write_text(summary.view.to_csv(), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be written ({error.strerror})") from error
    if options["json"]:
        print(json.dumps(_found(summary) | {"html": str(html), "csv": str(table)}))
    else:
        print(visible(f"{html} and {table.name} show {summary.rows:,} rows"))
    return DONE
