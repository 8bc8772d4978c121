"""What all sessions share holds nothing of anybody's own: a text and a table that one session brings are not in there."""

import ast
import gc
import re
from collections import deque
from pathlib import Path
from types import FunctionType, ModuleType

import numpy as np
import pages
import table_pages
from streamlit.testing.v1 import AppTest

from model.language import Language
from ui.image.brought import classifiers
from ui.image.pair import pairs
from ui.kind_page import first_results
from ui.runs.store import RunStore
from ui.shell.account import links
from ui.shell.jobs import lines
from ui.shell.limits import allowances
from ui.shell.model_slot import ModelSlot
from ui.shell.pace import pace
from ui.shell.visitor import departures
from ui.table.run import shelf

ROOT = Path(__file__).parents[2]
PAGE = str(ROOT / "ui" / "text" / "page.py")
SHARED = (first_results, shelf, lines, pace, allowances, links, classifiers, pairs, departures)
SECRET = "xylophone7f3a"
NOT = (ModuleType, type, ModelSlot, Language, RunStore)  # no memory of inputs


def within(*roots):
    """Texts of the secret among all that these objects lead to."""
    found, seen, left = [], set(), deque(roots)
    while left:
        one = left.popleft()
        if id(one) in seen or isinstance(one, NOT):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            found += [one] * ((SECRET if isinstance(one, str) else SECRET.encode()) in one)
        elif isinstance(one, FunctionType):
            left.extend(cell.cell_contents for cell in one.__closure__ or () if cell != type(cell)())
        elif isinstance(one, np.ndarray):
            left.extend(one.tolist() if one.dtype.kind in "OUS" else ())
        elif hasattr(one, "to_numpy"):
            left.append(np.asarray(one, dtype=object).ravel())
        else:
            left.extend(gc.get_referents(one))
    return found


def test_a_secret_would_be_found():
    here = SECRET

    def closure():
        return here

    table = table_pages.table().astype({"city": object})
    table["city"] = SECRET
    for planted in ({"a": [SECRET]}, closure, table, [SECRET.encode()], {(SECRET, 1)}):
        assert within({"deep": [planted]}), planted
    assert within([1, "x", table_pages.table()]) == []


def test_what_all_share_holds_nothing_of_a_session(ready):
    page = pages.finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text")
    page.text_area(key="text").set_value(f"one {SECRET} three").run()
    page.button(key="explain").click().run()
    page = pages.finish(page, "text")
    frame = table_pages.table()
    frame["city"] = frame["city"].replace("Oslo", SECRET)
    of_table = table_pages.explain_row(table_pages.upload(table_pages.open_page(), table_pages.csv(frame), f"{SECRET}.csv"))
    assert within(pages.bench(page, "text")) and within(pages.bench(of_table, "table"))
    assert {one.__name__: within(one()) for one in SHARED} == {one.__name__: [] for one in SHARED}
    assert first_results()  # the newcomer's result, which is of a bundled text


def test_every_object_that_sessions_share_is_looked_at():
    bundled = {"_studies", "_scene", "_photo", "_results", "sample"}  # files that ship with Swing, read once
    others = {"the_slot", "store"}  # the server's model; runs in their file, each with its owner
    shared = set()
    for file in sorted((ROOT / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and any("st.cache" in ast.unparse(one) for one in node.decorator_list):
                shared.add(node.name)
    assert shared == bundled | others | {one.__name__ for one in SHARED}


def test_every_cache_of_what_is_brought_stands_in_the_page_on_security():
    """By file, how many: what stays in the server's process, whoever brought it, is listed in docs/security.md."""
    brought = {"model/files/dates.py": 2, "model/files/numerals.py": 1, "batch/summary.py": 1, "ui/sets/images.py": 2}
    brought |= {"model/remote/tokens.py": 1, "model/text/once.py": 1, "model/text/shared.py": 1}
    own = {"ui/draw/png.py": 4, "ui/image/run.py": 4, "xai/threads.py": 1, "xai/exchange/html.py": 1}  # fonts, models, templates
    own |= {"xai/estimators/kernelshap.py": 1, "xai/estimators/codes.py": 2}
    files = [file for folder in ("ui", "model", "xai", "batch") for file in (ROOT / folder).rglob("*.py")]
    made = re.compile(r"(?:@|= |functools\.)(?:lru_)?cache\b(?!d)|= Latest\(")
    found = {str(file.relative_to(ROOT)): len(made.findall(file.read_text())) for file in files}
    assert {name: count for name, count in found.items() if count} == brought | own
    page = (ROOT / "docs" / "security.md").read_text()
    assert [name for name in brought if f"`{name}`" not in page] == []
