"""Takes the text out of a PDF or a page of HTML. A script: `model.document.reading` starts it in a process with limits.

The kind and the most characters are its arguments, the file is its input. Its output is the text in UTF-8 after a ".", or a
sentence after a "!".
"""

import io
import re
import sys
from html.parser import HTMLParser

MOST_PAGES = 3000
HIDDEN = {"script", "style", "template", "noscript", "svg", "head", "iframe", "textarea", "select"}
BLOCKS = {"p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "blockquote", "pre", "table"}
BLOCKS |= {"ul", "ol", "dl", "figure", "figcaption", "form", "hr", "tbody", "thead"}
LINES = {"br", "li", "tr", "dt", "dd"}


class Page(HTMLParser):
    """What a reader sees of HTML; headings keep their rank as Markdown writes it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in HIDDEN:
            self._hidden.append(tag)
        elif not self._hidden:
            self._mark(tag, "#" * int(tag[1]) + " " if re.fullmatch("h[1-6]", tag) else "- " if tag == "li" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        elif not self._hidden:
            self._mark(tag, "")

    def _mark(self, tag: str, begins: str) -> None:
        if tag in BLOCKS or re.fullmatch("h[1-6]", tag):
            self.found.append("\n\n" + begins)
        elif tag in LINES:
            self.found.append("\n" + begins)
        elif tag in ("td", "th"):
            self.found.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(re.sub(r"\s+", " ", data))


def of_html(data: bytes) -> str:
    page = Page()
    page.feed(data.decode("utf-8"))
    page.close()
    lines = [" ".join(line.split()) for line in "".join(page.found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def of_pdf(data: bytes, most: int) -> str:
    """Pages one after the other, each a paragraph at least."""
    try:
        import pypdf
    except ImportError:
        raise ValueError("PDF files need the package pypdf, which is not installed here: save it as text") from None
    file = pypdf.PdfReader(io.BytesIO(data))
    if file.is_encrypted and not file.decrypt(""):
        raise ValueError("it needs a password: save it without one")
    if len(file.pages) > MOST_PAGES:
        raise ValueError(f"it has {len(file.pages):,} pages; at most {MOST_PAGES:,} are read: take out a part")
    pages: list[str] = []
    for page in file.pages:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > most:
            break
    text = "\n\n".join(pages)
    if not text.strip():
        raise ValueError("it has no text, only pictures of it: have its text recognised first")
    return re.sub(r"(?<=[^\W\d_])-\n(?=[^\W\d_])", "", text)  # a word that was broken at the end of a line


def main(kind: str, most: int) -> None:
    data, told = sys.stdin.buffer.read(), sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    try:
        text = of_pdf(data, most) if kind == "pdf" else of_html(data)
        answer = "." + text[: most + 1]
    except ValueError as error:
        answer = f"!{error}"
    except MemoryError:
        answer = "!it needs more memory than it may have"
    except Exception as error:  # whatever a damaged file makes a library raise
        answer = f"!it is damaged ({type(error).__name__})"
    told.write(answer.encode("utf-8", "replace"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
