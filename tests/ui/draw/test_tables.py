"""Tables of the pages: no name in them hides or turns around, and no formula leaves by Streamlit's own button."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import TURNED
from streamlit.testing.v1 import AppTest

from model.assets import ASSETS
from ui.draw import table as tables

ROOT = Path(__file__).parents[3]
SEEN = r"a\u202eb\u200bc"


def drawn(rows):
    """The table on a page, and whether it stands where the button of Streamlit's CSV is hidden."""

    def script(rows):
        from ui.draw.table import show_table

        show_table(rows, "one")

    page = AppTest.from_function(script, args=(rows,)).run()
    assert not page.exception
    within = [block for block in page.main.children.values() if getattr(block, "type", "") in ("container", "flex_container")]
    return page.dataframe[0].value, bool(within)


@pytest.mark.parametrize(
    "rows",
    [
        [{TURNED: TURNED, "x": 1.5}],
        pd.DataFrame({TURNED: [TURNED], "x": [1.5]}),
        pd.DataFrame({TURNED: [TURNED], "x": [1.5]}, dtype=object),
        pd.DataFrame({TURNED: pd.Categorical([TURNED]), "x": [1.5]}),
    ],
)
def test_names_and_cells_are_seen_as_what_they_are(rows):
    found, hidden = drawn(rows)
    assert found.to_dict("records") == [{SEEN: SEEN, "x": 1.5}] and not hidden


def test_a_frame_in_which_nothing_hides_is_the_same():
    frame = pd.DataFrame({"a": ["x\ny", None], "b": [1, 2], "c": [True, False], "d": pd.to_datetime(["2020-01-01"] * 2)})
    assert tables._of_frame(frame) is frame
    changed = tables._of_frame(frame.assign(a=[TURNED, None]))
    assert changed["a"][0] == SEEN and pd.isna(changed["a"][1]) and frame["a"][0] == "x\ny"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|x", "a;=HYPERLINK(1)"])
def test_where_a_cell_would_be_a_formula_streamlits_csv_is_not_offered(text):
    for rows in ([{"a": text}], [{text: 1}], pd.DataFrame({"a": [text]}), pd.DataFrame({text: [1]})):
        assert drawn(rows)[1], rows


@pytest.mark.parametrize("text", ["x", "+0.12", "−0.5", "-0.1 to +0.3", "+1.2 ± 0.3", "-5 %", "a=b"])
def test_numbers_as_the_pages_write_them_are_no_formulas(text):
    assert not drawn([{"a": text, "b": -1.0}])[1] and not drawn(pd.DataFrame({"a": [text, None], "b": [-1.0, np.nan]}))[1]


def test_the_page_hides_the_button_there():
    style = (ASSETS / "style.css").read_text()
    assert '[class*="st-key-computes-"] [aria-label^="Download as CSV"] { display: none; }' in style


@pytest.mark.slow
def test_every_table_of_a_page_is_drawn_there():
    found = {}
    for file in sorted((ROOT / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("dataframe", "data_editor", "table"):
                found.setdefault(str(file.relative_to(ROOT)), []).append(ast.unparse(node))
    assert {name: calls for name, calls in found.items() if any(c.startswith(("st.", "place.")) for c in calls)} == {
        "ui/draw/table.py": ["place.dataframe"]
    }
