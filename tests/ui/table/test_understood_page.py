"""What the Table page says of a table's columns before anything is fitted, and what one click decides."""

import numpy as np
from table_pages import open_page, said, upload

ROWS = 120


def brought(rows=ROWS):
    x = np.random.default_rng(0).normal(size=rows)
    lines = ["id;when;twice;goal"]
    for i in range(rows):
        goal = "unknown" if i == 5 else f"{x[i] * 3:.1f}"
        lines.append(f"{i};{1 + i % 12}/{1 + i % 11}/2013;{i % 4};{goal}")
    return "\r\n".join(lines).encode()


def test_every_proposal_is_said_and_decided_by_one_click():
    page = upload(open_page(), brought())
    assert not page.exception
    told = said(page)
    assert "its name is that of row numbers or keys; the model does not read it" in told
    assert "Nothing tells whether day or month stands first" in told
    assert "of its cells 1 is no number: those rows are left out" in told
    page.button(key="t-decide-0-number").click().run()
    assert "its name is that of row numbers or keys" not in said(page)
    (first,) = [button for button in page.button if button.key.endswith("date (day first)")]
    first.click().run()
    assert "Nothing tells whether day or month" not in said(page)
    assert not page.exception


def test_an_open_number_is_shown_with_both_readings():
    rows = "".join(f"{i % 9 + 1}.{100 + i}\t{i % 3}\n" for i in range(40))
    page = upload(open_page(), f"a\ty\n{rows}".encode())
    assert "Nothing tells whether 1.100 is 1.1 or 1100" in said(page).replace("\\", "")
    (button,) = [one for one in page.button if one.key.endswith("number (1.234,5)")]
    button.click().run()
    assert "Nothing tells" not in said(page)


def test_a_column_that_gives_the_target_away_is_left_out_with_one_click():
    rows = "".join(f"{i * 7 % 5},{'abc'[i % 3]},{'xyz'[i % 3]}\n" for i in range(60))
    page = upload(open_page(), f"n,code,y\n{rows}".encode())
    assert "it gives the target away" in said(page)
    page.button(key="t-away-0").click().run()
    assert "it gives the target away" not in said(page)
    assert page.multiselect(key="t-left-out").value == ["code"]
