"""Probabilities and places as they are written: never more certain than they are."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ui.draw.chances import chance, chance_of, event, number, ordinal


@given(st.floats(0, 1))
@example(0.995)
@example(0.9949999)
@example(0.999)
@example(0.9990001)
@example(0.001)
@example(0.00099999)
@example(0.005)
def test_no_probability_is_written_as_certain(p):
    told = chance(p).replace("\u00a0", " ")
    assert float(told.split()[-1]) not in (0.0, 1.0)
    if told[0] in "<>":
        assert p < 0.001 if told == "< 0.001" else p > 0.999
    else:
        assert abs(float(told) - p) <= (0.00051 if len(told) == 5 else 0.0051)


def test_a_class_is_what_it_says():
    assert event("income", ">50K") == "income > 50K"
    assert event("income", "<=50K") == "income ≤ 50K"
    assert event("risk", "bad") == "risk = bad"
    assert event("a", ">") == "a = >"
    assert event("a", "<b>x") == "a < b>x"
    assert chance_of("income > 50K", 0.83) == "P(income > 50K) = 0.83"
    assert chance_of("income > 50K", 0.998) == "P(income > 50K) = 0.998"
    assert chance_of("income > 50K", 1.0) == "P(income > 50K) >\u00a00.999"


@pytest.mark.parametrize(
    ("place", "told"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (1021, "1,021st")]
)
def test_places(place, told):
    assert ordinal(place) == told


def test_numbers():
    assert [number(value) for value in (250.04, -0.5, 1234567.0, 3.0)] == ["250", "−0.5", "1,234,567", "3"]
    assert number(201.85, "+") == "+201.8" or re.match(r"\+201\.[89]", number(201.85, "+"))
    assert number(float("nan")) == "nan"
