"""What steers a terminal, turns letters around or has no shape is shown as an escape; what a script needs is left alone."""

import io
import sys
import unicodedata

import pytest
from hostile import STEERING

from xai.exchange.visible import VisibleStream, isolated, visible, visible_output

KEPT = [
    "",
    "plain 'text' <b>",
    "naïve – “quoted” 10\u202f000\xa0€",
    "данные.csv",
    "מסמך.csv",
    "ملف ٣",
    "表 1",
    "क्ष",
    "λmax",
    "Δt",
    "µ",
]
KEPT += [
    "می\u200cخواهم",
    "क्\u200dष",
    "👨\u200d👩\u200d👧",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "👁\ufe0f\u200d🗨\ufe0f",
    "WhatsAppом",
    "рос",
    "SMS-ка",
]
DRAWN = {*map(chr, range(0x600, 0x606)), *"\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"}  # of Cf, and signs of their own


@pytest.mark.parametrize(("name", "shown"), STEERING.items())
def test_what_steers_or_hides_is_an_escape(name, shown):
    assert visible(name) == shown == visible(shown)
    assert all(one.isprintable() for one in visible(name))


@pytest.mark.parametrize("text", KEPT)
def test_what_can_be_read_stays_as_it_is(text):
    assert visible(text) == text


def test_no_character_of_its_kind_is_forgotten():
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    left = [
        one
        for one in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(one) in kinds and visible(f"a{one}") == f"a{one}"
    ]
    assert set(left) == DRAWN


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200db", r"a\u200db"),  # what joins nothing
        ("\u200d", r"\u200d"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f\\ufe0f"),  # one after another can carry a text that nobody sees
        ("\u3164", r"\u3164"),
        ("\u2800", r"\u2800"),
        ("caf\udce9", r"caf\udce9"),  # a file's name that is no text
        ("АBC", r"\u0410BC"),
        ("Οne two", r"\u039fne two"),
    ],
)
def test_what_has_no_shape_or_another_alphabet_is_told(text, shown):
    assert visible(text) == shown


def test_line_breaks_are_kept_where_they_are_wanted():
    assert visible("a\n\tb\x1b\r", "\n\t") == "a\n\tb\\x1b\\r"


def test_letters_from_right_to_left_turn_nothing_else_around():
    assert isolated("report.csv") == "report.csv" and isolated("דוח.csv") == "\u2068דוח.csv\u2069"


def test_a_stream_passes_nothing_on_that_steers():
    out = io.StringIO()
    stream = VisibleStream(out)
    print("one\x1b[2J", "two\rthree\u202e", file=stream)
    stream.writelines(["a\x07", "b\n"])
    print("\r9 of 9 rows", end="", file=stream)
    assert out.getvalue() == "one\\x1b[2J two\\rthree\\u202e\na\\x07b\n\r9 of 9 rows" and not stream.isatty()


def test_streams_are_put_back(capsys):
    before = sys.stdout, sys.stderr
    with pytest.raises(ZeroDivisionError), visible_output("stdout", "stderr"):
        print("\x1b")
        raise ZeroDivisionError
    assert (sys.stdout, sys.stderr) == before and capsys.readouterr().out == "\\x1b\n"
