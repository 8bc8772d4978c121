"""What could be read as numbers and may be codes is no number, unless something says that it is an amount."""

import pandas as pd
import pytest

from model.files.table import read_table
from model.table.columns import profile


def cells_of(texts, kinds=None):
    """The column of these texts and its cells as numbers."""
    frame = read_table("\n".join(["a;y", *(f"{text};{i % 2}" for i, text in enumerate(texts))]).encode())
    column = profile(frame, kinds)[0]
    return column, column.encode(frame["a"]).tolist()


CODES = [
    "RM 101|RM 102",
    "DM 12|DM 13",
    "TL 5|TL 6",
    "Ft 5|Ft 6",
    "5 Ft|6 Ft",
    "Fr 5|Fr 6",
    "NOK1|SEK1",
    "NOK1|NOK2",
    "RM101|RM102",
]
AMOUNTS = ["RM 101|RM 1,250", "DM 12.50|DM 13", "NOK 5|NOK 6", "Fr 5|CHF 6", "5 kr|6 kr", "USD5|USD6", "Rs. 5|Rs. 6"]


@pytest.mark.parametrize("texts", CODES)
def test_codes_that_may_be_money_are_texts_unless_their_name_says_amounts(texts):
    texts = texts.split("|")
    column, _ = cells_of(texts * 9)
    assert column.kind == "category"
    assert any(f"{text!r} may be a code or an amount" in column.note for text in texts) or "Its amounts are in" in column.note
    if "NOK1" not in texts:
        frame = read_table("room price;y\n{};1\n{};0\n".format(*texts).encode())
        assert frame["room price"].tolist() == [float("".join(filter(str.isdigit, text))) for text in texts]
        assert cells_of(texts, kinds={"a": "number"})[1] == frame["room price"].tolist()


@pytest.mark.parametrize("texts", AMOUNTS)
def test_a_word_that_is_left_out_of_amounts_is_said(texts):
    column, _ = cells_of(texts.split("|") * 9)
    assert column.kind == "number"
    assert "beside its numbers is read as a currency and left out" in column.note


@pytest.mark.parametrize("texts", ["18+|35+|65+", "0-17|18-64|65+"])
def test_open_classes_are_no_numbers(texts):
    column, _ = cells_of(texts.split("|") * 9)
    assert (column.kind, column.levels) == ("category", sorted(texts.split("|")))


@pytest.mark.parametrize("label", ["telefon", "Tel", "phone", "phone_number", "mobile", "Handynummer", "x"])
@pytest.mark.parametrize("form", ["+4930123{}", "4930123{}"])
def test_telephone_numbers_are_no_numbers(label, form):
    texts = [form.format(456 + 7 * i) for i in range(12)]
    frame = read_table("\n".join([f"{label};y", *(f"{text};1" for text in texts)]).encode())
    assert (profile(frame)[0].kind == "number") == (label == "x" and form[0] != "+")
    numbers = pd.DataFrame({label: [int(text) for text in [*texts, texts[0]]]})
    assert (profile(numbers)[0].kind == "identifier") == (label != "x")


def test_counts_of_telephones_are_numbers():
    assert profile(read_table(b"phones;mobile;tel\n1;0;3\n2;1;4\n3;0;5\n"))[0].kind == "number"
    assert [column.kind for column in profile(pd.DataFrame({"mobile": [0, 1, 2] * 5, "handy": [1.5, 2, 3] * 5}))] == [
        "number"
    ] * 2
