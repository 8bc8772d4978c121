"""Cells of any type, of a table of any size: what is missing is no level, and a level is named as it is written."""

import decimal

import numpy as np
import pandas as pd
import pytest

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
