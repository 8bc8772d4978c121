"""A real server in a process of its own, for the benchmarks that load it, fill it and kill it."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from model.cache import home

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for it to come up


class Server:
    """`app.py` on a free port, its runs in `folder`; what was converted on this machine is not converted again.

    address : host and port, the same after `start` again;  model : another than the bundled one
    """

    def __init__(self, folder: Path, model: str = ""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        if (home() / "models").exists() and not (folder / "models").exists():
            (folder / "models").symlink_to(home() / "models")
        self._environment = os.environ | {"SWING_HOME": str(folder)} | ({"SWING_MODEL": model} if model else {})
        self.start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        host, port = self.address.split(":")
        where = ["--server.address", host, "--server.port", port, "--server.headless", "true"]
        command = [sys.executable, "-m", "streamlit", "run", "app.py", *where]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not come up (status {self._process.poll()})")
            time.sleep(0.1)

    def kill(self) -> None:
        """As a crash would."""
        self._process.kill()
        self._process.wait()

    def memory(self) -> float:
        """MB of its resident memory."""
        return self._told("VmRSS")

    def peak(self) -> float:
        """MB of its resident memory at most, since it was started."""
        return self._told("VmHWM")

    def _told(self, what: str) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(rf"{what}:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1024

    def _is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/_stcore/health", timeout=5):
                return True
        except OSError:
            return False
