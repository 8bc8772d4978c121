"""The locks hold every requirement with hashes, for every system, and say nothing of where they were made; their audit."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs.audit import judged

ROOT = Path(__file__).parents[1]
LOCKS = "requirements.lock", "requirements-cpu.lock"
SYSTEMS = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]
PYTHONS = ["3.11.9", "3.12.4", "3.13.1", "3.14.0"]


def pins(name):
    """Requirement and hashes of each entry of a lock."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.split("\n"))):
        written, *hashes = line.split(" --hash=")
        yield Requirement(written.strip()), [one.strip() for one in hashes]


def chosen(name, system, machine, python):
    """Package → versions that pip takes of a lock on such a machine."""
    found = {}
    here = {"sys_platform": system, "platform_machine": machine, "python_full_version": python, "python_version": python[:4]}
    for one, _ in pins(name):
        if one.marker is None or one.marker.evaluate(here):
            found.setdefault(canonicalize_name(one.name), []).append(str(one.specifier))
    return found


def required():
    """Package → version that requirements.txt asks for."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().split("\n")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines if line)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes_and_no_place_is_named(name):
    found = list(pins(name))
    assert len(found) > 100
    for one, hashes in found:
        assert re.fullmatch(r"==[\w.+]+", str(one.specifier)) and one.url is None
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)
    assert not re.search(r"://|--index|--extra-index|--find-links|file:|/", (ROOT / name).read_text())


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("system", "machine"), SYSTEMS)
def test_each_system_gets_each_requirement_once(system, machine, python):
    found = chosen("requirements.lock", system, machine, python)
    assert all(len(versions) == 1 for versions in found.values())
    assert {name: found[name] for name in required()} == {name: [f"=={version}"] for name, version in required().items()}
    assert ("triton" in found) == (system == "linux")  # what CUDA's torch needs


def test_the_cpu_lock_differs_from_the_other_in_torch_alone():
    cpu, all_of_them = (chosen(name, *SYSTEMS[0], PYTHONS[0]) for name in reversed(LOCKS))
    assert cpu.pop("torch") == ["==2.13.0+cpu"] and all_of_them["torch"] == ["==2.13.0"]
    assert cpu == {name: all_of_them[name] for name in cpu}
    cuda = re.compile("nvidia-|cuda-|triton$|torch$")
    assert [name for name in sorted(all_of_them.keys() - cpu.keys()) if not cuda.match(name)] == []


def test_an_audit_that_asked_nobody_says_so():
    sound, skipped = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}
    faulty = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1"}]}
    assert judged({"dependencies": [skipped]}) == (
        0,
        "No database of vulnerabilities can be asked from here: nothing was audited.",
    )
    assert judged({"dependencies": [sound, skipped]}) == (0, "No known vulnerability in 1 packages; 1 more are in no database.")
    assert judged({"dependencies": [sound]}) == (0, "No known vulnerability in 1 packages.")
    assert judged({"dependencies": [sound, faulty]}) == (1, "1 known vulnerabilities:\nc 2: CVE-1")
