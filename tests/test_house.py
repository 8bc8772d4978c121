"""The house keeps its order: one direction of imports, no circle, small files, heavy libraries where they belong."""

import ast
import re
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEVER = {
    "xai": {"torch", "transformers", "streamlit", "model", "batch", "ui", "app"},
    "model": {"streamlit", "batch", "ui", "app"},
    "batch": {"streamlit", "ui", "app"},
    "ui": {"app"},
}
MOST_LINES, MOST_FILES, LONGEST = 300, 12, 60


def files_of(root, *folders):
    return [file for folder in folders for file in sorted((root / folder).rglob("*.py"))]


def modules_of(node):
    """Whole names of what one import statement may load."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def imported(file):
    """Whole names of all modules that a file imports, wherever in it."""
    return {name for node in ast.walk(ast.parse(file.read_text())) for name in modules_of(node)}


def graph(root, *folders):
    """Module → modules of these folders that it imports, wherever in it; a package stands for its `__init__`."""
    names = {}
    for file in files_of(root, *folders):
        parts = file.relative_to(root).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    found = {}
    for name, file in names.items():
        loads = imported(file)
        whole = {one for one in loads if one in names}
        # `from package import module` needs the module, not what else the package's list of names holds
        found[name] = {one for one in whole - {name} if not any(other.startswith(f"{one}.") for other in whole)}
    return found


def circle(links):
    """The modules of one import circle; None where there is none."""
    try:
        TopologicalSorter(links).prepare()
    except CycleError as error:
        return error.args[1]
    return None


@pytest.mark.parametrize("folder", NEVER)
def test_imports_run_one_way(folder):
    files = files_of(ROOT, folder)
    assert len(files) > 10
    found = {file: {name.split(".")[0] for name in imported(file)} & NEVER[folder] for file in files}
    assert found == {file: set() for file in files}


def test_there_is_no_import_circle():
    links = graph(ROOT, "xai", "model", "batch", "ui")
    assert len(links) > 100
    assert circle(links) is None


def test_a_planted_circle_is_found(tmp_path):
    for name, text in (
        ("one.py", "def later():\n    from house.room.two import two\n"),
        ("room/two.py", "from house.room import three\n"),
        ("room/three.py", "import house.one\n"),
        ("room/four.py", "import house.one, house.room.two\n"),
    ):
        file = tmp_path / "house" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert set(circle(graph(tmp_path, "house"))) == {"house.one", "house.room.two", "house.room.three"}
    (tmp_path / "house" / "room" / "three.py").write_text("import json\n")
    assert circle(graph(tmp_path, "house")) is None


def test_rooms_files_and_functions_are_small():
    files = [file for file in files_of(ROOT, "xai", "model", "batch", "ui", "benchmarks") if file.name != "__init__.py"]
    rooms = Counter(file.parent for file in files)
    assert {str(room): count for room, count in rooms.items() if count > MOST_FILES} == {}
    lines = {str(file.relative_to(ROOT)): file.read_text().count("\n") for file in files}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    long = [
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST
    ]
    assert long == []


def test_the_first_page_needs_no_heavy_library():
    code = "import sys, model, xai, ui.text.run, ui.maps.side_by_side, ui.shell.model_slot; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "shap"} & set(out.stdout.split())


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/security.md"])
def test_documents_name_files_that_are_there(document):
    assert len(named_in(document)) > 5
    assert missing_of(document) == []


@pytest.mark.parametrize("page", sorted(page.name for page in (ROOT / "docs" / "guide").glob("*.md")))
def test_the_guide_names_files_and_links_pages_that_are_there(page):
    assert missing_of(f"docs/guide/{page}") == []
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / "docs" / "guide" / page).read_text())
    assert [link for link in links if not (ROOT / "docs" / "guide" / link).exists()] == []
    assert f"guide/{page}\n" in (ROOT / "mkdocs.yml").read_text()


def test_the_reference_names_what_is_there():
    pages = [page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md")]
    named = re.findall(r"^::: ([\w.]+)\.(\w+)$", "\n".join(pages), re.M)
    assert len(named) > 20 and len(named) == sum(page.count(":::") for page in pages)
    files = {module: ROOT / f"{module.replace('.', '/')}.py" for module, _ in named}
    tops = {m: {getattr(node, "name", None) for node in ast.parse(file.read_text()).body} for m, file in files.items()}
    assert [(module, name) for module, name in named if name not in tops[module]] == []


def named_in(document):
    return set(re.findall(r"\b(?:ui|batch|model|xai|docs|tests|assets|benchmarks)/[\w./-]*\w", (ROOT / document).read_text()))


def missing_of(document):
    """Files and commands that a document names and that are not there."""
    files = [name for name in named_in(document) if not (ROOT / name).exists()]
    commands = re.findall(r"python -m ((?:benchmarks|docs|model)\.[\w.]*\w)", (ROOT / document).read_text())
    places = {name: ROOT / name.replace(".", "/") for name in commands}
    return sorted(files) + [
        n for n, at in places.items() if not (at.with_suffix(".py").exists() or (at / "__main__.py").exists())
    ]


def test_documents_name_tests_that_are_there():
    named = {name for file in (ROOT / "docs").glob("*.md") for name in re.findall(r"`(test_\w+)`", file.read_text())}
    there = {name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)}
    assert named and sorted(named - there) == []


def test_each_row_on_who_reaches_what_and_what_was_tried_has_its_test_and_each_attack_its_count():
    page = (ROOT / "docs" / "security.md").read_text()
    kept, tried = (re.search(rf"^## {name}$.*?(?=^## )", page, re.M | re.S)[0] for name in ("What is kept.*?", "What was tried"))
    rows = {part: [line.split(" | ") for line in part.split("\n") if line.startswith("| ")][1:] for part in (kept, tried)}
    assert all(len(found) > 15 for found in rows.values())
    assert [row[0] for found in rows.values() for row in found if not re.search(r"`test", row[-1])] == []
    assert [row[0] for row in rows[tried] if len(row) != 4 or not all(cell.strip() for cell in row)] == []


def test_walks_pass_as_many_files_as_they_say():
    walks = re.findall(r"^## [^\n]*: (\d+) files$(.*?)(?=^##? )", (ROOT / "docs/architecture.md").read_text(), re.M | re.S)
    assert len(walks) == 5
    for count, walk in walks:
        passed = re.findall(r"^\d+\. `(.+?)`", walk, re.M)
        assert len(passed) == len(set(passed)) == int(count) <= 10
