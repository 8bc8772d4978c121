"""Cells of any type, of a table of any size: what is missing is no level, and a level is named as it is written."""

import decimal
import io

import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.files.table import read_table
from model.table.columns import profile

GONE = [None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), decimal.Decimal("NaN"), "", "  "]


@pytest.mark.parametrize("rows", [2, 3, 8, 9, 40])
@pytest.mark.parametrize("gone", GONE, ids=repr)
@pytest.mark.parametrize("dtype", [object, "category"])
def test_what_is_missing_is_no_level_in_a_table_of_any_size(gone, rows, dtype):
    cells = pd.Series([gone if i % 3 == 1 else "ab"[i % 2] for i in range(rows)], dtype=object).astype(dtype)
    column = profile(pd.DataFrame({"a": cells}), {"a": "category"})[0]
    assert set(column.levels) == set(cells[::3]) | set(cells[2::3])
    assert column.missing == len(range(1, rows, 3))
    np.testing.assert_array_equal(np.isnan(column.encode(cells)), np.arange(rows) % 3 == 1)


def file_of(cells, form):
    """A file with these cells in its first column and numbers in its second."""
    if form == "xlsx":
        stream = io.BytesIO()
        pd.DataFrame({"a": cells, "y": range(len(cells))}).to_excel(stream, index=False)
        return stream.getvalue()
    return ("a;y\n" + "\n".join(f"{cell};{i}" for i, cell in enumerate(cells))).encode()


PADDED = {
    "articles": (["007", "042", "7"], [7, 42, 7]),
    "postal codes, some missing": (["01067", "", "99999"], [1067, np.nan, 99999]),
    "signs": (["-01", "+02", "3"], [-1, 2, 3]),
    "decimals": (["005.133", "117.2", "8"], [5.133, 117.2, 8]),
    "decimal commas": (["005,133", "117,2", "8"], [5.133, 117.2, 8]),
    "zeros": (["00", "0", "1"], [0, 0, 1]),
    "units": (["€ 05", "€ 7"], [5, 7]),
    "long": (["0049171234567890123", "1", "2"], [49171234567890123, 1, 2]),
}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("name", PADDED)
def test_zeros_before_a_number_stay_where_it_is_corrected_to_a_category(name, form):
    cells, values = PADDED[name]
    frame = read_table(file_of(cells * 5, form), f"table.{form}")
    column = profile(frame)[0]
    assert column.kind == "number"
    np.testing.assert_array_equal(column.encode(frame["a"])[: len(cells)], np.array(values, float))
    levels = profile(frame, {"a": "category"})[0].levels
    assert sorted(levels) == sorted({cell for cell in cells if cell})


def test_a_zero_alone_or_before_a_mark_makes_no_texts():
    frame = read_table(b"a,b,c,y\n0,0.5,1e05,1\n-0,.05,20,2\n10,-0.25,5,3\n")
    assert [kind.kind for kind in frame.dtypes] == ["i", "f", "f", "i"]


@pytest.mark.slow
def test_a_class_of_numbers_is_the_same_however_it_is_written():
    frame = pd.DataFrame({"x": np.arange(60) % 7, "y": ["1", "01", "2"] * 20})
    target = TableModel.fit(frame, "y").target
    assert target.encode(frame["y"][:3]).tolist() == [0, 0, 1]
    assert len(TableModel.fit(frame, "y", kinds={"y": "category"}).target.classes) == 3
