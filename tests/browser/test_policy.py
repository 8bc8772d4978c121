"""Every page under the policy that a proxy sends, and every report under one without scripts, texts that attack in all of them:
nothing runs, nothing is asked for, and the browser has nothing to refuse."""

import csv
import io
import re

import pytest
from clicks import PATIENCE, fill, press_explain, run_set, settle, unfold, wait_until_shown
from hostile import ATTACKS
from PIL import Image
from playwright.sync_api import expect
from studies import study

from docs.policy import policy
from ui.document.keep.bundle import to_bytes

NAME = "<img src=x onerror=alert(1)>"
REPORT = "https://report.example/"
STRICT = {"content-type": "text/html", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
# Streamlit asks for its settings below the page's own address first, and another server for the icon in the tab.
USUAL = "Failed to load resource: the server responded with a status of 404", "Loading the image 'https://fonts.gstatic.com/"
TEXT = " ".join(ATTACKS)
FIRST = {"text": ".swing-heatmap", "image": ".js-plotly-plot", "table": ".swing-row", "data": ".st-key-explain button:enabled"}
FIRST |= {"document": ".st-key-bundle input[type=file]", "sets": "input[type=file]", "scaling": ".js-plotly-plot"}


@pytest.fixture(scope="module")
def guarded(browser, tiny_server):
    """A function that opens a page under the policy, and tells what the browser refused, ran or asked of others.

    Chromium takes a page that is made here for one of the internet, which needs leave to open a socket to this machine.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1600}, permissions=["local-network-access"])
    context.set_default_timeout(PATIENCE)

    def send(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": policy()})

    context.route(re.compile(rf"^{tiny_server.address}/\w+(\?.*)?$"), send)

    def opened(path):
        page = context.new_page()
        told = watched(page, tiny_server.address)
        page.goto(f"{tiny_server.address}/{path}", wait_until="commit")
        return page, told

    yield opened
    context.close()


def watched(page, address):
    told = []
    page.on("console", lambda one: told.append(one.text) if one.type == "error" and not one.text.startswith(USUAL) else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda one: None if one.url.startswith((address, "data:", "blob:")) else told.append(one.url))
    return told


def bring(page, key, content, name=f"{NAME}.csv"):
    """Upload a file; a table, where it is rows."""
    if isinstance(content, list):
        written = io.StringIO()
        csv.writer(written).writerows(content)
        content = written.getvalue().encode()
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator(f'[class*="st-key-{key}"] input[type=file]').first.set_input_files(file)


def of_text(page):
    fill(page, "text", TEXT)
    press_explain(page)
    wait_until_shown(page, ATTACKS[-1])


def of_image(page):
    photo = io.BytesIO()
    Image.new("RGB", (96, 64)).save(photo, "PNG")
    unfold(page)
    bring(page, "image-file", photo.getvalue(), f"{NAME}.png")
    expect(page.get_by_text("96 × 64 pixels")).to_be_visible()


def of_table(page):
    names = [*ATTACKS[:4], "price"]
    unfold(page)
    bring(page, "t-file", [names, *([ATTACKS[i % 9], i % 5, NAME, -i, i % 5 + (i % 9 > 3)] for i in range(60))])
    expect(page.get_by_text("60 rows, 5 columns")).to_be_visible()
    press_explain(page)
    expect(page.locator(".swing-answer")).to_contain_text(NAME)


def of_data(page):
    rows = [(attack, NAME, attack) for attack in ATTACKS[:3]]
    bring(page, "data-examples", [("source", "target", "origin"), *rows])
    expect(page.get_by_text("The 3 examples and the 8 evaluation sentences")).to_be_visible()
    bring(page, "data-evaluation", [("source", "target"), ("<b>dog</b>", NAME)])
    expect(page.get_by_text("3 examples and the 1 evaluation sentence")).to_be_visible()
    press_explain(page)
    expect(page.locator(".swing-heatmap").first).to_contain_text(ATTACKS[0])


def of_document(page):
    text = "\n\n".join(f"# {attack}\n\n{attack} is here. And more." for attack in ATTACKS)
    made = study(text, [lambda z: z.sum(axis=1)] * 3, ["the answer", NAME, "b."], target=f" {NAME}. b.", budget=32)
    bring(page, "bundle", to_bytes(made), f"{NAME}.zip")
    expect(page.locator(".swing-answer")).to_contain_text(NAME)


def of_sets(page):
    bring(page, "", [(NAME, ATTACKS[0], "price"), *((ATTACKS[i % 9], i % 5, i % 5 + (i % 9 > 3)) for i in range(20))])
    page.get_by_text("a row of a table").click()
    expect(page.get_by_text("Column to predict")).to_be_visible()
    run_set(page, 20)


def of_scaling(page):
    sizes = (1e9, 3e9, 1e10, 3e10, 1e11, 3e11)
    bring(page, "scaling-file", [("data", "tokens", "BLEU"), *((NAME, size, 20 + size**0.1) for size in sizes)])
    expect(page.get_by_role("heading", name=f"Verdict: {NAME}")).to_be_visible()


BRING = {"text": of_text, "image": of_image, "table": of_table, "data": of_data, "document": of_document}
BRING |= {"sets": of_sets, "scaling": of_scaling}


@pytest.mark.parametrize("name", FIRST)
def test_a_page_and_its_report_run_nothing_that_is_brought_and_are_refused_nothing(guarded, name):
    page, told = guarded(f"{name}?budget=64&data-budget=16&data-stop=false&data-one_set=false")
    page.locator(FIRST[name]).first.wait_for(state="attached")
    BRING[name](page)
    page.locator(".st-key-cancel button").wait_for(state="detached")
    for tab in page.get_by_role("tab").all():
        if tab.is_visible():
            tab.click()
    settle(page)
    report = page.get_by_role("button", name=re.compile(r"\(HTML\)$")).filter(visible=True)
    expect(report).to_have_count(1)
    with page.expect_download() as saved:
        report.click()
    assert told == [] and not page.locator('[data-testid="stException"]').count()
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):  # it does refuse
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))")
    made, alone = saved.value.path().read_bytes(), page.context.new_page()
    told = watched(alone, REPORT)
    alone.route(REPORT, lambda route: route.fulfill(body=made, headers=STRICT))
    alone.goto(REPORT)
    expect(alone.locator("h1").first).to_be_visible()
    assert told == []
    for one in (page, alone):
        one.close()
