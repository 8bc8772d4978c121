"""The Table page without a browser: opened, brought a table, explained, read."""

from functools import partial
from pathlib import Path

import numpy as np
import pages
import pandas as pd
from pages import html
from streamlit.testing.v1 import AppTest

PAGE = str(Path(__file__).parents[1] / "ui" / "table" / "page.py")
bench = partial(pages.bench, kind="table")
finish = partial(pages.finish, kind="table")
shared = partial(pages.shared, kind="table")


def open_page(**query):
    page = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    return finish(page.run())


def explain_row(page):
    page.button(key="explain").click().run()
    return finish(page)


def upload(page, data, name="table.csv"):
    page.get("file_uploader")[0].set_value((name, data, "text/csv")).run()
    return page


def table(rows=120, seed=0, names=("age", "dose", "city", "flag"), classes=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            names[0]: rng.integers(20, 80, rows),
            names[1]: np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows).round(3)),
            names[2]: rng.choice(["Rom", "Oslo", "Bern"], rows),
            names[3]: rng.random(rows) < 0.5,
        }
    )
    score = frame.iloc[:, 0] / 20 + (frame.iloc[:, 2] == "Oslo") * frame.iloc[:, 3] + rng.normal(size=rows) / 9
    frame["outcome"] = score if not classes else pd.qcut(score, classes, labels=list("abcdef"[:classes])).astype(str)
    return frame


def csv(frame):
    return frame.to_csv(index=False).encode()


def said(page):
    return " ".join(element.value for kind in ("markdown", "caption", "warning", "error", "info") for element in page.get(kind))


def drawn(page, pane):
    part = html(page).split(f'data-pane="{pane}"')[1].split("</div>")[0]
    return np.array([float(piece.split('"')[0]) for piece in part.split('data-value="')[1:]])
