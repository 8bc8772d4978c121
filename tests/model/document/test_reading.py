"""Files of text that people bring: what is taken from them, and what is refused."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from model.document import reading
from model.document.reading import read_document

HTML = """<!DOCTYPE html><html><head><title>No</title><style>p { color: red }</style></head><body>
<h1>The  harbour</h1><p>It opened in <b>1880</b> &amp; closed.</p><script>alert("no")</script>
<ul><li>one<li>two</ul><h2>Boats</h2>At sea<br>two &lt;three&gt;<table><tr><td>a</td><td>b</td></tr></table></body></html>"""


def pdf_of(*pages, **trailer):
    """A PDF of one line of text a page, written by hand."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for i, text in enumerate(pages):
        lines = " T* ".join(f"({line}) Tj" for line in text.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {lines} ET"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * i} 0 R /Resources {font} >>"
        objects += [page, f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"]
    out, places = "%PDF-1.4\n", []
    for i, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{i} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    more = "".join(f" /{name} {value}" for name, value in trailer.items())
    return (out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R{more} >>\nstartxref\n{start}\n%%EOF\n").encode()


def test_html_becomes_what_a_reader_sees_with_headings_as_in_markdown():
    text = read_document(HTML.encode(), "harbour.html")
    assert text == "# The harbour\n\nIt opened in 1880 & closed.\n\n- one\n- two\n\n## Boats\n\nAt sea\ntwo <three>\n\na b"


@pytest.mark.parametrize(
    ("data", "name"), [("Über\r\nuns\fhier".encode("cp1252"), "a.txt"), ("\ufeffÜber\nuns\n\nhier\x07".encode(), "a.md")]
)
def test_plain_text_of_any_encoding_and_line_ends(data, name):
    assert read_document(data, name) == "Über\nuns\n\nhier"


@pytest.mark.skipif(find_spec("pypdf") is None, reason="pypdf is not installed")
def test_a_pdf_gives_its_text_and_a_broken_word_is_joined():
    assert read_document(pdf_of("The ferry is\nunder repair.", "It is ex-\ncellent."), "x.pdf") == (
        "The ferry is\nunder repair.\n\nIt is excellent."
    )


@pytest.mark.skipif(find_spec("pypdf") is None, reason="pypdf is not installed")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (pdf_of(""), "scan.pdf cannot be read: it has no text, only pictures of it"),
        (b"%PDF-1.4\nnothing", "scan.pdf cannot be read: it is damaged"),
    ],
)
def test_a_pdf_without_text_gets_one_sentence(data, sentence):
    with pytest.raises(ValueError) as caught:
        read_document(data, "scan.pdf")
    assert str(caught.value).startswith(sentence)


def test_a_pdf_where_pypdf_is_missing_gets_one_sentence(tmp_path):
    blocked = "import sys; sys.modules['pypdf'] = None; sys.argv = ['worker', 'pdf', '99']; import runpy; "
    code = blocked + f"runpy.run_path({str(reading._WORKER)!r}, run_name='__main__')"
    said = subprocess.run([sys.executable, "-c", code], input=pdf_of("x"), capture_output=True, check=True).stdout
    assert said == b"!PDF files need the package pypdf, which is not installed here: save it as text"


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"PK\x03\x04word", "a.docx", "a.docx is no text: save it as .txt, .md, .html or .pdf"),
        (b"\x89PNG\r\n\x1a\n", "a.txt", "a.txt is no text"),
        (b"\x1f\x8b\x08packed", "a.txt", "a.txt is no text"),
        (b"\x80\x04K\x01.", "a.txt", "a.txt is no text"),
        (b"{\\rtf1 word}", "a.txt", "a.txt is no text"),
        (b" \n\t", "a.txt", "a.txt has no text"),
        (b"a\0b", "a.txt", "a.txt is no text that can be read: save it as UTF-8"),
        (b"<html><script>x</script></html>", "a.html", "a.html has no text"),
        (b"x" * 800_001, "a.txt", "a.txt has more than 800,000 characters of text: take out a part"),
        (b"x" * 20_000_001, "a.txt", "a.txt has 20 MB; at most 20 MB are read"),
    ],
)
def test_what_is_no_document_is_refused(data, name, sentence):
    with pytest.raises(ValueError) as caught:
        read_document(data, name)
    assert str(caught.value).startswith(sentence)


def test_what_takes_too_long_or_too_much_memory_is_stopped(monkeypatch, tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)")
    monkeypatch.setattr(reading, "_WORKER", slow)
    monkeypatch.setattr(reading, "SECONDS", 0.2)
    with pytest.raises(ValueError, match="page.html took more than 0.2 seconds to read, and was stopped"):
        read_document(HTML.encode(), "page.html")
    slow.write_text("import sys\nsys.stdin.buffer.read()\nbytearray(2_000_000_000)")
    monkeypatch.setattr(reading, "SECONDS", 60)
    with pytest.raises(ValueError, match="page.html cannot be read: the program that read it broke down"):
        read_document(HTML.encode(), "page.html")
