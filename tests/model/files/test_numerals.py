"""Numbers in every style that people write them in read back exactly; what one column cannot tell, others do, or nobody."""

import decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.files.numerals import judge, number, plain
from model.files.reader import read_columns
from model.files.table import read_table
from model.table.columns import profile

NUMBERS = [
    ("1.234", ",", 1234),
    ("1.234", ".", 1.234),
    ("1,234", ".", 1234),
    ("1 234,5", ",", 1234.5),
    ("1\u00a0234\u00a0567", ".", 1234567),
    ("1\u202f234,5", ",", 1234.5),
    ("1\u2009234.5", ".", 1234.5),
    ("1'234.50", ".", 1234.5),
    ("1’234.50", ".", 1234.5),
    ("1.234.567,89", ",", 1234567.89),
    ("12,34,567.5", ".", 1234567.5),
    ("CHF 1’234.50", ".", 1234.5),
    ("$1,234.50", ".", 1234.5),
    ("-$5", ".", -5),
    ("$-5", ".", -5),
    ("$ (1,234)", ".", -1234),
    ("(1.234,5 €)", ",", -1234.5),
    ("5-", ".", -5),
    ("5 €-", ".", -5),
    ("\u22125", ".", -5),
    ("–1,5", ",", -1.5),
    ("12,5 %", ",", 0.125),
    ("%7", ".", 0.07),
    ("12.3%", ".", 0.123),
    ("5 ‰", ".", 0.005),
    ("5.-", ".", 5),
    ("5,--", ",", 5),
    ("1,5E+03", ",", 1500),
    (",5", ",", 0.5),
    ("5 kr.", ".", 5),
    ("12 zł", ".", 12),
    ("R$ 1.234,56", ",", 1234.56),
    ("1,000円", ".", 1000),
    ("￥1,000", ".", 1000),
    ("１，２３４．５", ".", 1234.5),
    ("（１．２３４，５）", ",", -1234.5),
    ("12 元", ".", 12),
    ("5.50 dollars", ".", 5.5),
    ("Fr. 1’234.50", ".", 1234.5),
    ("١٢٫٥", ".", 12.5),
    ("١٢٫٥", ",", 12.5),
    ("١٬٢٣٤٫٥", ".", 1234.5),
    ("١٬٢٣٤٫٥", ",", 1234.5),
    ("۱٬۲۳۴٬۵۶۷", ",", 1234567),
    ("−٥٪", ".", -0.05),
    ("٥؉", ".", 0.005),
    ("१,२३,४५६.७५", ".", 123456.75),
    ("১২.৫", ".", 12.5),
    ("๑๒.๕", ".", 12.5),
]


@pytest.mark.parametrize(("text", "mark", "value"), NUMBERS)
def test_a_number_is_read(text, mark, value):
    assert number(text, mark) == value


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1-2", "--5", "(5", "5)", "12 34", "0x1", "1_000", "5 $ €", "10:30", "a5", "1,23,4", "%5%"]
)
def test_what_is_no_number_is_none(text):
    assert plain(text, ".") is None
    assert plain(text, ",") is None


def test_a_long_text_of_digits_and_blanks_takes_no_time():
    for text in ("1 " * 40_000, "1," * 40_000 + "x", " " * 80_000, "1" + " " * 80_000 + "x"):
        assert plain(text, ".") is None


def cells_of(texts, delimiter=";", kinds=None):
    """What a file with these texts in its first column gives: the column and its cells as numbers."""
    rows = [f'"{text}"{delimiter}{i % 2}' for i, text in enumerate(texts)]
    frame = read_table(("a" + delimiter + "y\n" + "\n".join(rows)).encode())
    column = profile(frame, kinds)[0]
    return column, column.encode(frame["a"]).tolist()


def test_a_comma_late_in_the_file_is_seen_between_all_delimiters():
    for delimiter in ";\t,|":
        column, cells = cells_of([*map(str, range(3000)), "7,25"], delimiter, {"a": "number"})
        assert cells[-2:] == [2999, 7.25]


def test_thousands_are_told_by_whole_numbers_without_a_mark_beside_them():
    assert cells_of(["950", "1.234", "12.500"] * 10)[1][:3] == [950, 1234, 12500]
    assert cells_of(["950", "1,234", "12,500"] * 10)[1][:3] == [950, 1234, 12500]
    assert judge(["1.230", "1.234"]).mark == ""  # three decimals, padded
    assert judge(["1.231", "1.234", "7"]).mark == ""  # trimmed decimals, of which seven lost all


def test_an_open_column_is_read_as_the_others_or_shown_with_both_readings():
    german = "a;b\n" + "".join(f"{i}.{100 + i};{i},5\n" for i in range(1, 20))
    frame = read_table(german.encode())
    assert frame["a"].tolist()[:2] == [1101, 2102]
    column, cells = cells_of(["1.101", "2.102"] * 20)
    assert cells[:2] == [1.101, 2.102]
    assert "Nothing tells whether 1.101 is 1.101 or 1101" in column.note
    for reading, expected in zip(column.readings, ([1.101, 2.102], [1101, 2102]), strict=True):
        assert cells_of(["1.101", "2.102"] * 20, kinds={"a": reading})[1][:2] == expected


def test_a_frame_of_texts_is_read_as_a_file_is():
    frame = pd.DataFrame({"a": ["1,5", "2,25", None, "unknown", *map(str, range(20))]})
    column = profile(frame)[0]
    assert column.encode(frame["a"])[:2].tolist() == [1.5, 2.25]
    assert (column.kind, column.missing) == ("number", 2)
    assert "1 cell that is no number, such as 'unknown', counts as missing" in column.note


def test_amounts_in_two_currencies_are_no_numbers_of_one_unit():
    column, _ = cells_of(["$5", "$6", "€5", "€6"] * 5)
    assert column.kind == "category"
    assert "$ and €" in column.note
    assert cells_of(["USD 5", "$6", "US$7"] * 5)[0].kind == "number"


ONE = [
    "CHF 5|Fr. 6|7 Franken",
    "￥5|¥6",
    "5円|¥6",
    "5元|¥6|RMB 7",
    "5 kr|SEK 6",
    "$5|US$6|＄7",
    "A$5|AUD 6",
    "￦5|6원",
    "₨5|₹6",
    "￡5|£6",
]
TWO = {"CHF 5|FRF 6|Fr. 7": "CHF and FRF and Fr", "5円|6元|¥7": "CNY and JPY and ¥", "5 kr|SEK 6|NOK 7": "NOK and SEK and kr"}
TWO |= {"$5|C$6": "$ and C$", "£5|€6": "£ and €", "$5|¥6": "$ and ¥"}


@pytest.mark.parametrize("texts", ONE)
def test_one_currency_under_two_names_is_read(texts):
    texts = texts.split("|")
    column, cells = cells_of(texts * 5)
    assert column.kind == "number"
    assert cells[: len(texts)] == [5, 6, 7][: len(texts)]


@pytest.mark.parametrize("texts", TWO)
def test_two_currencies_are_said_whatever_their_names(texts):
    column, _ = cells_of(texts.split("|") * 5)
    assert column.note == f"Its amounts are in {TWO[texts]}: each is taken as a text."


@pytest.mark.parametrize(
    "texts", ["1,000円|12,500円", "¥1,000|￥12,500", "₩1,000|12,500원", "1.000 ₫|12.500 ₫", "Rp 1.000|Rp 12.500"]
)
@pytest.mark.parametrize("delimiter", ";,")
def test_amounts_that_have_no_decimals_have_thousands(texts, delimiter):
    column, cells = cells_of(texts.split("|") * 5, delimiter)
    assert cells[:2] == [1000, 12500]
    assert column.note == ("“Rp” beside its numbers is read as a currency and left out." if "Rp" in texts else "")


@pytest.mark.parametrize("zero", "٠۰०০๐０")
def test_a_column_in_the_digits_of_any_script_is_read(zero):
    def written(value):
        return str(value).translate({48 + digit: chr(ord(zero) + digit) for digit in range(10)})

    column, cells = cells_of([written(value) for value in (950, 12.5, -0.25)] * 5)
    assert (column.kind, cells[:3]) == ("number", [950, 12.5, -0.25])
    texts = [written("007"), written("42")]
    assert cells_of(texts * 5)[1][:2] == [7, 42]
    assert cells_of(texts * 5, kinds={"a": "category"})[0].levels == texts


def test_arabic_marks_are_read_on_every_page_and_tell_nothing_of_other_columns():
    data = "a;b\n١٢٫٥;1.234\n١٬٢٣٤;2.345\n".encode()
    assert read_columns(data) == {"a": ["12.5", "1234"], "b": ["1.234", "2.345"]}
    assert "Nothing tells whether 1.234" in profile(read_table(data))[1].note


def test_per_mille_are_said_as_such():
    assert "Per mille are read as shares of one: 0.5 ‰ is 0.0005." in cells_of(["5 ‰", "0.5 ‰", "7 ‰"] * 5)[0].note
    assert "Per cent and per mille are read as shares of one: 5% is 0.05, 7‰ is 0.007." in cells_of(["5%", "7‰"] * 9)[0].note
    frame = pd.DataFrame({"a": ["5 ‰", "7 ‰", "9"] * 5})
    assert profile(frame)[0].note.startswith("Per mille are read as shares of one: 5 ‰ is 0.005. Without a sign")


def test_per_cent_are_shares_and_that_is_said():
    column, cells = cells_of(["12 %", "7%", "0.5%"] * 5)
    assert cells[:3] == [0.12, 0.07, 0.005]
    assert "Per cent are read as shares of one" in column.note
    assert "without a sign" in cells_of(["12 %", "7%", "5"] * 5)[0].note.lower()


def test_whole_numbers_beyond_2_to_the_53_stay_exact_with_blanks():
    ids = [str(1234567890123456789 + 7 * i) if i % 3 else "" for i in range(30)]
    frame = read_table(("a;y\n" + "\n".join(f"{one};1" for one in ids)).encode())
    assert [str(one) for one in frame["a"].dropna()] == [one for one in ids if one]
    assert profile(frame)[0].kind == "identifier"


@pytest.mark.parametrize("other", ["CS|EE|ME", "1.5|2.5|3"])
@pytest.mark.parametrize("texts", ["4.000|3.250|2", "10.000|9.500|10", "950|1.234|12.500"])
def test_points_between_commas_are_never_silently_thousands(texts, other):
    rows = [f"{text},{beside}\n" for text, beside in zip(texts.split("|"), other.split("|"))]
    frame = read_table(("a,b\n" + "".join(rows)).encode())
    decimals = [float(text) for text in texts.split("|")]
    if other[0] == "1":
        assert frame["a"].tolist() == decimals
    column = profile(frame)[0]
    assert column.encode(frame["a"]).tolist() == decimals
    assert ("Nothing tells whether" in column.note) == (len(column.readings) == 2) == (other[0] == "C")


@pytest.mark.parametrize("delimiter", ";\t|")
def test_points_beside_decimal_points_are_decimals_between_all_delimiters(delimiter):
    rows = "".join(f"{a};{b};x\n" for a, b in (("10.000", "1.5"), ("9.500", "2.5"), ("10", "3.5")))
    frame = read_table(f"a;b;c\n{rows}".replace(";", delimiter).encode())
    assert frame["a"].tolist() == [10, 9.5, 10]
    commas = read_table(f"a;b;c\n{rows.replace('.5', ',5').replace('9,5', '9.5')}".replace(";", delimiter).encode())
    assert commas["a"].tolist() == [10000, 9500, 10]


@pytest.mark.parametrize("delimiter", ",;")
@pytest.mark.parametrize("beside", ["1.5|2.5|3.5", "x|y|z"])
def test_addresses_are_texts(beside, delimiter):
    texts = ["192.168.100.101", "192.168.100.102", "100.200.150.250"]
    rows = "".join(f"{text},{other}\n".replace(",", delimiter) for text, other in zip(texts, beside.split("|")))
    frame = read_table(f"a,b\n{rows}".replace(",", delimiter).encode())
    assert (profile(frame)[0].kind, frame["a"].tolist()) == ("category", texts)
    assert judge(["1.234.567.890", "950"]).mark == ","


STYLES = {
    "English": lambda x: f"{x:,}",
    "German": lambda x: f"{x:,}".translate(str.maketrans(",.", ".,")),
    "French": lambda x: f"{x:,}".replace(",", "\u202f").replace(".", ","),
    "Swiss": lambda x: f"{x:,}".replace(",", "’"),
    "bare": str,
    "comma": lambda x: str(x).replace(".", ","),
}
WRAPS = {
    "as it is": lambda text: text,
    "unicode minus": lambda text: text.replace("-", "\u2212"),
    "accounting": lambda text: f"({text[1:]})" if text[0] == "-" else text,
    "dollars": lambda text: text.replace("-", "-$") if text[0] == "-" else f"${text}",
    "euros": lambda text: f"{text} €",
    "trailing minus": lambda text: text[1:] + "-" if text[0] == "-" else text,
}


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=40),
    style=st.sampled_from(sorted(STYLES)),
    wrap=st.sampled_from(sorted(WRAPS)),
    delimiter=st.sampled_from(";\t,|"),
)
def test_a_column_in_any_style_reads_back_exactly(values, style, wrap, delimiter):
    values = [decimal.Decimal(value) / 100 for value in [*values, 123456789, 5]]  # some tells the mark
    texts = [WRAPS[wrap](STYLES[style](value.quantize(decimal.Decimal("0.01")))) for value in values]
    rows = [f'{i % 2}{delimiter}"{text}"' for i, text in enumerate(texts)]
    frame = read_table((f"y{delimiter}a\n" + "\n".join(rows)).encode())
    (column,) = [one for one in profile(frame, {"a": "number"}) if one.label == "a"]
    assert column.encode(frame["a"]).tolist() == [float(value) for value in values]
