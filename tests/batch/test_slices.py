"""Slices of rows by a column, and rows by their places: each row in one slice, no number read for another."""

import numpy as np
import pytest
from data_sets import Fake, rows_of, weights_of, write

from batch import Settings, explain_dataset, summarise
from batch.slices import MISSING, MOST, OTHERS, cells_of, rows_between, slices
from batch.sources import source_of
from batch.summary import View


def of(tmp_path, cells, frames=False):
    """Slices of rows with these cells, as they stand in a file."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "".join(f'"{cell}",x\n' for cell in cells), encoding="utf-8")
    return slices(source_of(str(path)), "a", frames)


def test_few_cells_are_slices_by_themselves(tmp_path):
    assert of(tmp_path, ["fr", " jp", "fr", "", "1"]) == ["fr", "jp", "fr", MISSING, "1"]


def test_many_numbers_are_cut_into_quarters(tmp_path):
    found = of(tmp_path, [*range(40)])
    assert found == ["0 to 9"] * 10 + ["10 to 19"] * 10 + ["20 to 29"] * 10 + ["30 to 39"] * 10
    assert of(tmp_path, [*range(40)], frames=True) == found
    skewed = of(tmp_path, ["7"] * 60 + [*range(20)])
    assert len(set(skewed)) <= 4 and skewed.count(skewed[0]) >= 60


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        ([f"{i},5" for i in range(20)], "0.5 to 4.5"),
        ([f"{i}.5" for i in range(20)], "0.5 to 4.5"),
        ([f"1.{i:03d}" for i in range(20)], "1.000"),  # thousands, or decimals: nobody knows
        ([f"{i} apples" for i in range(20)], "0 apples"),
        (["1.5", "1,5", *map(str, range(20))], "1.5"),
    ],
)
def test_texts_are_numbers_where_they_cannot_be_others(tmp_path, cells, first):
    assert of(tmp_path, cells)[0] == first


def test_many_texts_leave_the_frequent_ones(tmp_path):
    found = of(tmp_path, [f"t{i}" for i in range(30) for _ in range(30 - i)])
    assert len(set(found)) == MOST and found[0] == "t0" and found[-1] == OTHERS


def test_lists_are_no_slices(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"a": [1]}\n{"a": [2]}\n')
    with pytest.raises(ValueError, match="'a' holds no single values"):
        slices(source_of(str(tmp_path / "rows.jsonl")), "a", False)


def test_means_of_slices_are_those_of_their_rows(tmp_path):
    source = write(tmp_path / "texts.csv", 11, lambda i: "bad" if i == 4 else f"text {i}")
    explain_dataset(source, tmp_path / "out", Fake(), workers=1)
    cut = ["even" if i % 2 == 0 else "odd" for i in range(11)]
    view = View(summarise(tmp_path / "out"), cut)
    assert [(group.name, group.rows) for group in view.by_slice["banzhaf"]] == [("even", 5), ("odd", 5)]
    known = np.mean([weights_of(f"text {i}") for i in range(1, 11, 2)], axis=0)
    found = view.by_slice["shapley"][1].players
    np.testing.assert_allclose([found[f"p{k}"].mean for k in range(6)], known, atol=1e-9)
    assert View(summarise(tmp_path / "out")).by_slice == {"banzhaf": [], "shapley": []}
    assert view.to_csv().count("shapley,even,") == 6


def test_rows_are_found_by_their_places(tmp_path):
    source = write(tmp_path / "texts.csv", 11)
    explain_dataset(source, tmp_path / "out", Fake(), workers=1)  # in parts of four
    (tmp_path / "out" / "rows" / "part-000001.parquet").unlink()
    every = rows_of(tmp_path / "out", ())
    assert rows_between(tmp_path / "out", 4, 2, 8) == [row for row in every if 2 <= row["row"] < 10]
    assert rows_between(tmp_path / "out", 4, 5, 1) == [] == rows_between(tmp_path / "out", 4, 50, 3)
    rows, table = Settings("text", rows_per_file=4), Settings("table", target="text", rows_per_file=4)
    assert cells_of(source_of(str(source)), rows, 9) == {"text": "text 9"}
    (tmp_path / "two.csv").write_text("text,more\n" + "".join(f"t{i},{i}\n" for i in range(11)))
    assert cells_of(source_of(str(tmp_path / "two.csv")), table, 9).to_dict("records") == [{"text": "t9", "more": 9}]
    with pytest.raises(ValueError, match="has no row 11"):
        cells_of(source_of(str(source)), rows, 11)
