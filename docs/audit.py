"""`make audit`: asks for known vulnerabilities of every locked package, and says so where nobody could be asked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
COMMAND = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
FINE, FOUND = 0, 1


def judged(report: dict[str, Any]) -> tuple[int, str]:
    """Status of the process and a sentence, of what pip-audit reports as JSON.

    It counts a package that its database does not know as one without a fault: these are told apart here.
    """
    packages = report["dependencies"]
    known = [one for one in packages if "skip_reason" not in one]
    faults = [f"{one['name']} {one['version']}: {fault['id']}" for one in known for fault in one["vulns"]]
    if not known:
        return FINE, "No database of vulnerabilities can be asked from here: nothing was audited."
    if faults:
        return FOUND, "\n".join([f"{len(faults)} known vulnerabilities:", *sorted(faults)])
    unknown = f"; {len(packages) - len(known)} more are in no database" if len(known) < len(packages) else ""
    return FINE, f"No known vulnerability in {len(known)} packages{unknown}."


def main() -> int:
    done = subprocess.run([*COMMAND, "-r", str(LOCK)], capture_output=True, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:  # it ends without a report where it reaches nobody, or refuses the lock
        status, sentence = judged({"dependencies": []}) if "Connection" in done.stderr else (FOUND, done.stderr.strip())
    else:
        status, sentence = judged(report)
    print(sentence)
    return status


if __name__ == "__main__":
    sys.exit(main())
