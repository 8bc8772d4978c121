"""The command `swing`: starts the app, from anywhere; `swing explain` and `swing summary` are of whole data sets."""

import argparse
import errno
import os
import socket
import sys
import threading
import tomllib
from collections.abc import Iterator
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

from model.assets import SETTINGS
from model.precision import PRECISIONS
from xai.exchange.visible import visible, visible_output

__version__ = "0.1.0"
APP = Path(__file__).with_name("app.py")
SHELLS = "bash", "zsh", "fish"
PATHS = "source", "out", "config", "model", "table"  # options and arguments that are completed by files
PUBLIC = ["--server.headless=true", "--server.enableXsrfProtection=true", "--server.enableCORS=true"]
OPENING = "ui.kind_page", "pandas", "scipy.stats"  # seconds to import, and needed by the first page


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the list of options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"swing: {visible(message)} (swing --help lists the options)\n")


class Completion(argparse.Action):
    """Prints what a shell completes this command by, its commands among it, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, _: object, values: Any, option_string: str | None = None) -> NoReturn:
        import shtab

        from batch.command import add_commands

        for command in [parser, *add_commands(parser)]:
            for action in command._actions:
                if action.dest in PATHS:
                    action.complete = shtab.FILE  # type: ignore[attr-defined]  # where shtab looks
        print(shtab.complete(parser, shell=values))
        parser.exit()


def main(arguments: list[str] | None = None) -> None:
    """Start the app as `arguments` (the command line's) say; the process ends with it."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] in (["explain"], ["summary"]):
        from batch.command import main as of_data_sets

        sys.exit(of_data_sets(arguments))
    with visible_output("stderr"):  # where the server's log goes; what is printed elsewhere has colours
        _serve(asked(arguments))


def _serve(options: argparse.Namespace) -> None:
    host = options.host or ("0.0.0.0" if options.public else "localhost")
    if why := occupied(host, options.port) or (serve_others(options.anonymous) if options.public else ""):
        sys.exit(f"swing: {visible(why)}")
    if why := unreadable(options.model):
        sys.exit(f"swing: {visible(why)}")
    for name in ("model", "server", "server_model", "server_tokenizer", "precision"):
        if getattr(options, name):
            os.environ[f"SWING_{name.upper()}"] = getattr(options, name)
    where = [f"--server.address={host}", *([f"--server.port={options.port}"] if options.port else [])]
    where += PUBLIC if options.public else []
    from streamlit.web.cli import main as streamlit

    threading.Thread(target=lambda: [import_module(name) for name in OPENING], name="import-opening", daemon=True).start()
    streamlit(["run", str(APP), *flags(tomllib.loads(SETTINGS.read_text())), *where])


def asked(arguments: list[str]) -> argparse.Namespace:
    """The command line's options; the process ends with one sentence where they are wrong, or do not belong together."""
    parser = Parser(prog="swing", description="Shows what swings a model's answer, in the browser.", allow_abbrev=False)
    parser.epilog = "swing explain --help and swing summary --help are about whole data sets."
    parser.add_argument(
        "--model", metavar="WHICH", help="another model than the bundled Gemma 3 270M: a directory, a hub id, a GGUF file"
    )
    parser.add_argument("--server", metavar="URL", help="or one that a vLLM server runs, such as http://localhost:8000/v1")
    parser.add_argument("--server-model", metavar="NAME", help="what that server calls it")
    parser.add_argument(
        "--server-tokenizer", metavar="DIR-OR-HUB-ID", help="its tokenizer; the server is asked for each text without"
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, help="the numbers it is run in on a processor; auto: bfloat16 where that pays"
    )
    parser.add_argument("--host", help="the address to listen on: localhost, with --public all addresses of this machine")
    parser.add_argument("--port", type=port, help="1 to 65535: the first free one from 8501 on")
    parser.add_argument("--public", action="store_true", help="serve others, who log in: docs/deploy.md says how")
    parser.add_argument("--anonymous", action="store_true", help="with --public: serve whoever comes, without a login")
    parser.add_argument(
        "--print-completion", action=Completion, choices=SHELLS, help="what that shell completes swing by: docs/batch.md"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    options = parser.parse_args(arguments)
    if options.server and (options.model or not options.server_model):
        parser.error("--server needs --server-model, and no --model beside it")
    if options.server is None and (options.server_model or options.server_tokenizer):
        parser.error("--server-model and --server-tokenizer need --server")
    if options.server and options.precision:
        parser.error("--precision is of a model that runs here: a server's own decides in which numbers it is run")
    if options.anonymous and not options.public:
        parser.error("--anonymous needs --public")
    if options.host and not options.public and not is_local(options.host):
        parser.error(f"--host {options.host} lets other machines in: add --public")
    return options


def port(text: str) -> int:
    """A port's number; what is none is refused in argparse's way."""
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a whole number from 1 to 65535")
    return int(text)


def occupied(host: str, port: int | None) -> str:
    """Why no server can listen there; empty where one can."""
    try:
        socket.create_server((host, port or 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"port {port} of {host} is in use: choose another with --port, or leave it out"
        return f"cannot listen there: {error.strerror}"
    return ""


def unreadable(model: str | None) -> str:
    """Why a model cannot be read, as far as its headers tell; empty where it may be."""
    if model is None:
        return ""
    from model.about import look

    try:
        look(model)
    except ValueError as error:
        return str(error)
    return ""


def is_local(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve_others(anonymous: bool) -> str:
    """Tell the pages that the server is public; why it must not be, in one sentence, where nobody could log in or no role be
    told."""
    from ui.shell.access import ANONYMOUS, LOGIN, VARIABLE, login_fault, roles_fault

    os.environ[VARIABLE] = ANONYMOUS if anonymous else LOGIN
    os.environ.setdefault("SWING_MODELS", "fixed")
    return ("" if anonymous else login_fault()) or roles_fault()


def flags(settings: dict[str, Any], above: str = "") -> Iterator[str]:
    """Streamlit's settings as its command line takes them: it reads the file itself only beside app.py."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from flags(value, f"{above}{name}.")
        else:
            yield f"--{above}{name}={value}"


if __name__ == "__main__":
    main()
