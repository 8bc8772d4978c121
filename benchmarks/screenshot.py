"""Takes the README's picture of the Text page, from a server that is running.

python -m benchmarks.screenshot http://localhost:8501 docs/text-page.png
"""

import shutil
import sys

from playwright.sync_api import sync_playwright


def main(address: str, path: str) -> None:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1100, "height": 2000})
        page.goto(address)
        page.locator(".swing-heatmap").nth(1).wait_for(timeout=300_000)
        page.locator(".st-key-explain button:enabled").wait_for()
        page.locator(".js-plotly-plot .bars").first.wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        top = page.get_by_text("The answer, and what swung it").bounding_box()["y"]
        page.screenshot(path=path, clip={"x": 0, "y": top - 20, "width": 1100, "height": 1080})
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
