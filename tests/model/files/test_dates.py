"""Dates in every form read back exactly; the order of day and month is told by the whole column, or said to be open."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import TableModel
from model.files.dates import days
from model.table.columns import profile

DAY = datetime.date(1970, 1, 1).toordinal()
FORMS = [
    ("2013-01-02", "2013-01-02T00:00"),
    ("9999-12-31", "9999-12-31T00:00"),
    ("0001-01-01", "0001-01-01T00:00"),
    ("2013/1/2 3:04", "2013-01-02T03:04"),
    ("2013-01-02T03:04:05Z", "2013-01-02T03:04:05"),
    ("2013-01-02T03:04:05.25+02:00", "2013-01-02T01:04:05.250"),
    ("2013-01-02 03:04 -0530", "2013-01-02T08:34"),
    ("2013-01-02T03:04+01:00[Europe/Paris]", "2013-01-02T02:04"),
    ("2013-01-02 11:00 CET", "2013-01-02T10:00"),
    ("1/2/2013 3:04 PM", "2013-01-02T15:04"),
    ("1/2/2013 12:30am", "2013-01-02T00:30"),
    ("5 Jan 2020", "2020-01-05T00:00"),
    ("05-JAN-20", "2020-01-05T00:00"),
    ("5. Januar 2020", "2020-01-05T00:00"),
    ("1er février 2020", "2020-02-01T00:00"),
    ("5 de enero de 2020", "2020-01-05T00:00"),
    ("Jan 5, 2020, 3:04 PM", "2020-01-05T15:04"),
    ("Sunday, January 5, 2020", "2020-01-05T00:00"),
    ("Mon, 05 Jan 2020 10:00:00 GMT", "2020-01-05T10:00"),
    ("12/Mar/2020:10:11:12 +0100", "2020-03-12T09:11:12"),
    ("2020-02", "2020-02-01T00:00"),
    ("2020-03-05 14:30:00 +0000 UTC", "2020-03-05T14:30"),
    ("2020-03-05 20:00 UTC+05:30", "2020-03-05T14:30"),
    ("2020-03-05 15:30 GMT+1", "2020-03-05T14:30"),
    ("Tue Mar 05 2024 14:30:00 GMT+0100 (CET)", "2024-03-05T13:30"),
    ("Tue Mar 05 2024 14:30:00 GMT-0500 (Eastern Standard Time)", "2024-03-05T19:30"),
    ("Tue Mar 05 2024 14:30:00 GMT+0100 (Mitteleuropäische Normalzeit)", "2024-03-05T13:30"),
    ("terça-feira, 5 de março de 2024", "2024-03-05T00:00"),
    ("31. Dezember 2024 um 14 Uhr", "2024-12-31T14:00"),
    ("Dec 31 14:30:15.250 2024 CET", "2024-12-31T13:30:15.250"),
]
HALF_PAST_TWO = """
Tue Mar  5 14:30:00 2024|Tue  5 Mar 14:30:00 UTC 2024|Tue Mar  5 15:30:00 CET 2024|Mar 5 14:30 2024|5 March 2024, 2:30 pm
5 March 2024 at 2:30 p.m.|March 5, 2024 at 2:30 PM|5th of March, 2024 2.30pm|5 de marzo de 2024, 2:30 p. m.|20240305T143000Z
20240305T1430|20240305T153000+0100|2024年3月5日 14:30|2024년 3월 5일 14:30|05MAR2024:14:30:00|Tuesday, 05-Mar-24 14:30:00 GMT
14:30 5 March 2024|2:30 PM, March 5, 2024|14:30 Uhr, 5. März 2024|le mardi 5 mars 2024 à 14h30|5 mars 2024 14 h 30
05.03.2024 14:30 Uhr|05.03.2024 um 14.30 Uhr|Di., 05.03.2024, 14.30|05.03.2024 14.30|5.3.2024 - 14:30|5.3.2024 15:30 MEZ
05.03.2024 14.30.00|05.03.2024 2.30 pm
""".replace("\n", "|").strip("|")


@pytest.mark.parametrize(("text", "moment"), FORMS)
def test_a_date_is_read(text, moment):
    expected = (np.datetime64(moment, "ms") - np.datetime64(0, "ms")) / np.timedelta64(1, "D")
    assert days(text) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("text", HALF_PAST_TWO.split("|"))
def test_a_time_of_day_is_read_however_it_is_written(text):
    assert days(text, "day") == pytest.approx(19787 + 14.5 / 24, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "pon. 5.3.2024",
        "Вт, 05.03.2024",
        "Sal 5/3/2024",
        "út 5.3.2024",
        "kedd 5.3.2024",
        "Κυριακή 5-3-2024",
        "Di 05.03.24",
        "Tue 5/3/24",
    ],
)
def test_a_weekday_may_stand_before_a_date(text):
    assert days(text, "day") == 19787


@pytest.mark.parametrize(
    "text",
    [
        "Version 1.2.13",
        "Build 5-3-24",
        "Build 5-3-2024",
        "Hall 4 May 2020",
        "Hall 4/5/2020",
        "Room May 4, 2020",
        "5.3.2024 14.5",
        "5.3.2024 14.75",
        "5.3.2024 14",
        "14:30 Uhr",
        "14.30",
        "Mar 5 14:30:00 24",
    ],
)
def test_what_only_resembles_a_date_is_none(text):
    assert np.isnan(days(text, "day"))


@pytest.mark.parametrize(
    "text", ["", "2020-02-30", "0000-00-00", "10:30", "5 foo 2020", "13/13/2013", "1/2/2013 13:00 PM", "2013-01-02 10:61"]
)
def test_what_is_no_day_is_none(text):
    assert np.isnan(days(text))


def read(cells, label="when", kinds=None, **others):
    frame = pd.DataFrame({label: cells, **others})
    column = profile(frame, kinds)[0]
    return column, column.encode(frame[label])


def test_day_or_month_first_is_told_by_the_whole_column():
    column, found = read(["1/2/2013"] * 50 + ["13/2/2013"])
    assert (column.kind, found[0], column.note) == ("date", 15737, "The day is read first.")
    assert read(["1/2/2013"] * 50 + ["2/13/2013"])[1][0] == 15707
    assert read([f"{1 + i % 12}/{1 + i % 28}/2013 {i % 24}:00" for i in range(60)])[1][0] == 15706
    assert read(["1.2.2013", "3.4.2013"] * 9)[1][0] == 15737
    assert read(["1/2/2013", "3/4/2013"] * 9, other=["14/2/2013", "15/2/2013"] * 9)[1][0] == 15737


def test_an_open_order_is_said_and_can_be_chosen():
    cells = ["1/2/2013", "3/4/2013"] * 9
    column, found = read(cells)
    assert "Nothing tells whether day or month stands first in 1/2/2013: the month is read first." in column.note
    assert [read(cells, kinds={"when": reading})[1][0] for reading in column.readings] == [15737, 15707]


ORDERS = ("day", "month"), ("month", "day")
CLASHES = [
    ["13/01/2024", "01/13/2024"] * 10,
    [*["1/2/2024"] * 20, *["13/1/2024"] * 19, "2/28/2024"],
    ["13.01.2024", "01/13/2024 2:00 PM"] * 9,
    ["13-1-24", "1-14-24", "2020-02-03"] * 3,
    [f"{1 + i}/{1 + i}/2024" for i in range(12)] + ["30/3/2024", "3/31/2024"],
]


@pytest.mark.parametrize("cells", CLASHES)
def test_dates_of_two_orders_are_said_and_not_guessed(cells):
    column, _ = read(cells, other=["25/1/2024"] * len(cells))
    day, month = (next(text for text in cells if days(text, a) == days(text, a) and np.isnan(days(text, b))) for a, b in ORDERS)
    told = f"{day!r} can have the day first only, {month!r} the month first only, and no order reads both"
    assert told in column.note and "Write all in one order" in column.note
    assert column.kind in ("category", "identifier")
    for (first, _), reading in zip(ORDERS, column.readings, strict=True):
        chosen, found = read(cells, kinds={"when": reading})
        np.testing.assert_array_equal(found, [days(text, first) for text in cells])
        assert chosen.missing == np.isnan(found).sum() > 0
        assert f"such as {month if first == 'day' else day!r}," in chosen.note
    assert told in read(cells, kinds={"when": "date"})[0].note


@pytest.mark.parametrize(
    "cells", [["2009-10", "2010-11"], ["1999-00", "2000-01", "2011-12", "2012-13"], ["2009-10", "2010-11", "unknown"]]
)
def test_seasons_are_no_months(cells):
    assert read(cells * 9)[0].kind == "category"
    assert read(cells * 9, kinds={"when": "date"})[0].kind == "date"
    assert read(["2009-10", "2010-11", "2010-12"] * 9)[0].kind == read(["2009-10"] * 9 + [None])[0].kind == "date"


TURNED = [["24/05/03", "23/12/31"], ["99/12/31", "98/05/03"], ["24-05-03", "24-06-04", "24-07-05"], ["98/05/03", "02/03/04"]]


@pytest.mark.parametrize("cells", TURNED)
def test_years_of_two_digits_that_may_stand_first_are_said_and_not_guessed(cells):
    column, _ = read(cells * 9, other=["25/1/2024"] * 9 * len(cells))
    assert column.kind == "category"
    assert "may have the year first or the day, and two digits do not tell which" in column.note
    assert len(column.readings) == 2
    chosen, found = read(cells * 9, kinds={"when": column.readings[0]})
    assert chosen.kind == "date"
    np.testing.assert_array_equal(found, [days(text, "day") for text in cells * 9])


def test_days_before_a_year_of_two_digits_are_read_where_they_are_more_different():
    cells = [f"{day}/05/{year}" for day in (14, 21, 28) for year in ("03", "04")]
    column, found = read(cells)
    assert (column.kind, found[0]) == ("date", days("2003-05-14"))
    assert read(["24.05.03", "23.12.31"] * 9)[0].kind == "date"  # points stand after days


@pytest.mark.parametrize("form", ["{} 14.30", "{} 14:30 Uhr", "14:30 {}", "{}, 2:30 pm"])
def test_the_order_is_told_beside_any_time(form):
    column, found = read([form.format(day) for day in ["1/2/2013"] * 20 + ["13/2/2013"]])
    assert (column.kind, column.note) == ("date", "The day is read first.")
    np.testing.assert_allclose(found, [15737 + 14.5 / 24] * 20 + [15749 + 14.5 / 24])


def test_what_is_no_date_is_missing_counted_and_said():
    column, found = read(["2020-01-01", "0000-00-00", "2021-05-06", "never"] * 5)
    assert np.isnan(found).sum() == column.missing == 10
    assert "10 cells that are no dates, such as '0000-00-00', count as missing." in column.note


def test_numbers_are_dates_where_their_name_or_somebody_says_so():
    serials = [41000.5, 41001, 41007] * 9
    column, found = read(serials, "Order date")
    assert (column.kind, found[0]) == ("date", 15431.5)
    assert "41000 is 2012-04-01" in column.note
    assert read(serials, "x")[0].kind == "number"
    assert read(serials, "x", {"x": "date"})[1][0] == 15431.5
    assert read([20130102, 20130203] * 9, "date")[1][0] == 15707
    assert read([1.0, 59.0, 61.0], "x", {"x": "date"})[1].tolist() == [-25567, -25509, -25508]


ARROW = {
    "date32": pa.date32(),
    "date64": pa.date64(),
    "seconds": pa.timestamp("s"),
    "nanoseconds": pa.timestamp("ns"),
    "a zone": pa.timestamp("us", tz="Europe/Berlin"),
}


@pytest.mark.parametrize("kind", ARROW)
def test_dates_of_arrow_are_read(kind):
    moments = pd.date_range("2020-01-01", periods=30, tz="UTC" if kind == "a zone" else None)
    cells = pd.Series(moments.date if kind.startswith("date") else moments, dtype=pd.ArrowDtype(ARROW[kind]))
    cells[3] = pd.NA
    column, found = read(cells)
    assert (column.kind, column.missing) == ("date", 1)
    np.testing.assert_array_equal(np.delete(found, 3), np.delete(np.arange(30) + 18262, 3))
    assert TableModel.fit(pd.DataFrame({"d": cells, "y": [0, 1] * 15}), "y").columns[0].kind == "date"


def test_far_dates_and_missing_ones_are_fitted():
    frame = pd.DataFrame({"until": ["2020-01-01", "2021-05-06", "9999-12-31"] * 10, "x": range(30), "y": [0, 1] * 15})
    assert TableModel.fit(frame, "y").encode(frame)[2, 0] == 2932896
    for unit in ("s", "us", "ns"):
        moments = pd.Series(np.array(["NaT", "2013-01-02T06:00"], f"M8[{unit}]"))
        np.testing.assert_array_equal(read(moments)[1], [np.nan, 15707.25])


STYLES = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d-%B-%Y",
    "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dates(datetime.date(1000, 1, 1)), min_size=3, max_size=40), st.sampled_from(STYLES))
def test_a_column_of_dates_in_any_style_reads_back_exactly(found, style):
    found = [*found, datetime.date(2013, 1, 31)]  # which tells the order
    column, values = read(
        [datetime.datetime.combine(day, datetime.time()).strftime(style) for day in found], kinds={"when": "date"}
    )
    assert column.kind == "date"
    assert values.tolist() == [day.toordinal() - DAY for day in found]
