"""A side environment with peers that need a newer Python than ours, and a process in it that is asked."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.parts.measure import TooSlow

SHAPIQ = "shapiq==1.8.0"
PACKAGES = (SHAPIQ, "numpy==2.4.6", "lightgbm==4.7.0", "xgboost-cpu==3.4.1")  # the last two are the proxies of its methods
MLLM_SHAP = ("mllm-shap==0.8.0", "numpy==2.4.6", "scikit-learn==1.9.1")  # the last is its proxy's
PYTHONS = ("python3.14", "python3.13", "python3.12")
_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1")  # thread, as ours has
_PEERS = Path(__file__).with_name("peers.py")


def side_python(folder: Path, packages: tuple[str, ...] = PACKAGES) -> Path:
    """The interpreter of the environment in `folder`, which is made where there is none; the first package is the peer's.

    Raises
    ------
    RuntimeError : there is no Python of 3.12 or newer, or its packages cannot be installed; one sentence
    """
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        base = next(filter(works, [sys.executable, *PYTHONS, *of_pyenv()]), None)
        if base is None:
            raise RuntimeError(
                f"{packages[0]} needs Python 3.12 or newer, and neither this one is nor {', '.join(PYTHONS)} or one of pyenv."
            )
        print(f"An environment with {', '.join(packages)} is made in {folder}.", file=sys.stderr, flush=True)
        for command in ([base, "-m", "venv", "--clear", folder], [python, "-m", "pip", "install", "-q", *packages]):
            if subprocess.run(command).returncode:
                raise RuntimeError(f"{' '.join(map(str, command))} failed, so there is nothing to compare with.")
        (folder / "installed").touch()
    return python


def of_pyenv() -> list[str]:
    """The interpreters that pyenv keeps, the newest first: its own commands start only the version that was chosen."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [(tuple(map(int, at.name.split("."))), at) for at in root.glob("3.*") if at.name.replace(".", "").isdigit()]
    return [str(at / "bin" / "python") for _, at in sorted(found, reverse=True)]


def works(name: str) -> bool:
    """Whether an interpreter of that name is there, starts, and is new enough."""
    code = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    return shutil.which(name) is not None and not subprocess.run([name, "-c", code], capture_output=True).returncode


class Process:
    """`script` running under the interpreter `python`, asked by lines of JSON and bytes; its first line is `first`."""

    def __init__(self, python: Path | str, script: Path, *arguments: str) -> None:
        command = [str(python), str(script), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | _ONE)
        self.first = self.hear()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def say(self, what: bytes) -> None:
        self._process.stdin.write(what)
        self._process.stdin.flush()

    def hear(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process of the peers ended with {self._process.wait()} instead of an answer.")
        return json.loads(line)

    def read(self, count: int) -> bytes:
        return self._process.stdout.read(count)


class Side(Process):
    """`peers.py` with the estimators of one library, asked for one estimate after the other.

    version : of the library;  seconds : of a processor that all estimates took there
    """

    def __init__(self, python: Path | str, library: str = "shapiq") -> None:
        super().__init__(python, _PEERS, library)
        self.seconds, self.version = 0.0, self.first["version"]

    def peer(self, kind: str, answer: str, limit: float, **options) -> Callable:
        """An estimator(game, budget, seed) → values (n,) by the class `kind`, which must call its answer `answer`.

        It raises TooSlow after `limit` seconds of a processor there, the game's not counted, and RuntimeError with what
        the peer itself raised.
        """

        def estimate(game, budget: int, seed: int) -> np.ndarray:
            task = {"kind": kind, "answer": answer, "n": game.n_players, "budget": budget, "seed": seed}
            self.say(json.dumps(task | {"seconds": limit, "options": options}).encode() + b"\n")
            while "ask" in (heard := self.hear()):
                rows = self.read(heard["ask"] * game.n_players)
                values = game(np.frombuffer(rows, dtype=np.uint8).reshape(-1, game.n_players).astype(bool))
                self.say(np.asarray(values, dtype=np.float64).tobytes())
            self.seconds += heard["seconds"]
            if "slow" in heard:
                raise TooSlow
            if "failed" in heard:
                raise RuntimeError(heard["failed"])
            return np.array(heard["values"])

        return estimate
