"""What a file is that is no table, by its content: each kind that people have is refused by its name."""

import re

from model.image.formats import is_picture

_CSV = "save it as CSV"
_TABLE = "save the table in it as CSV or .xlsx"
_BYTES = [
    (
        rb"\x1f\x8b|BZh\d1AY&SY|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18",
        "a compressed file; unpack it first",
    ),
    (rb"\x80[\x02-\x05]", "a Python pickle, which is never loaded; save the table as CSV or Parquet"),
    (rb"%PDF-", f"a PDF document; {_TABLE}"),
    (rb"%!PS", f"a PostScript document; {_TABLE}"),
    (rb"\{\\rtf", f"an RTF document; {_TABLE}"),
    (rb"SQLite format 3\0", "an SQLite database; export one table of it as CSV"),
    (rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB", "an Access database; export one table of it as CSV"),
    (rb"ARROW1\0\0", "an Arrow or Feather file; save the table as Parquet or CSV"),
    (rb"\x93NUMPY", "a NumPy array; save it as CSV or Parquet, with names of columns"),
    (rb"\x89HDF\r\n", f"an HDF5 file; {_TABLE}"),
    (rb"MATLAB 5\.0 MAT-file", f"a MATLAB file; {_TABLE}"),
    (rb"<stata_dta>|[\x6e-\x73][\x01\x02]\x01\0", f"a Stata file; {_TABLE}"),
    (rb"\$FL[23]@\(#\)", f"an SPSS file; {_TABLE}"),
    (rb"\0{12}\xc2\xea\x81\x60", f"a SAS file; {_TABLE}"),
    (rb"RD[AX][23]\n|X\n\0\0\0[\x02\x03]", "a file of R objects; save the table by write.csv"),
    (rb"ORC\n?[\x00-\x08]|Obj\x01", "an ORC or Avro file; save the table as Parquet or CSV"),
]
_XML = f"XML; {_TABLE}"
_COMPOUND = [  # files of Microsoft Office before 2007, by the name of a stream in them
    ("WordDocument", f"an old Word document (.doc); {_TABLE}"),
    ("PowerPoint Document", f"old PowerPoint slides (.ppt); {_TABLE}"),
    ("EncryptedPackage", "a workbook with a password; save it without one"),
]
_OLD_EXCEL = "an old Excel workbook (.xls); save it as .xlsx or CSV"
_ZIPPED = [  # by the name of a part in the archive
    (r"xl/workbook\.bin", "a binary workbook (.xlsb); save it as .xlsx or CSV"),
    (r"word/", f"a Word document (.docx); {_TABLE}"),
    (r"ppt/", f"PowerPoint slides (.pptx); {_TABLE}"),
    (r"Index/.*\.iwa|Index\.zip", "a document of Apple Numbers, Pages or Keynote; export the table as CSV or .xlsx"),
    (r".*\.npy", "NumPy arrays (.npz); save one as CSV or Parquet, with names of columns"),
]
_TEXTS = [  # nothing that repeats gives back what it took (*+, (?>…)): an upload would be tried for ever
    (r"<\?xml[^>]*>\s*(?:<[?!][^>]*>\s*)*<(?:\w+:)?Workbook\b", "a workbook in XML; save it as .xlsx or CSV"),
    (
        r"(?i:(?:<\?xml[^>]*>\s*+|(?><!--(?s:.*?)-->)\s*+)*+"
        r"<(?:!doctype\s+html|html|head|meta|body|table|style|link)\b[^<>]*>)(?![;,|\t])",
        "HTML, as web pages are; open it in a spreadsheet or a browser, and save the table on it as .xlsx or CSV",
    ),
    (r"<\?xml\b", _XML),
    (
        r'(?:\[\s*)?\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}(?![,;|\t]\s*[^\s{\[]))'
        r'|\[\s*(?:\[|(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*,)(?s:.*)\]\Z',
        "JSON; save the table as CSV or Parquet",
    ),
    (
        r"[^|\r\n]*+\|[^\r\n]*+(?:\r\n|\r|\n)[ ]*+\|?[ ]*+(?::-++:?|-++:|-{2,}+)[ ]*+(?:\|[ ]*+(?::?-++:?[ ]*+)?)*+(?:[\r\n]|\Z)",
        f"a Markdown table; {_CSV}",
    ),
    (r"(?i:(?:\s*+%[^\r\n]*+)*+\s*+@relation\s)", f"an ARFF file of Weka; {_CSV}"),
]


def is_parquet(data: bytes) -> bool:
    return data.startswith(b"PAR1") and data[4:5] not in (b",", b";", b"\t", b"|")  # PAR1 may be the name of a column


def known(data: bytes) -> str:
    """What a file is that is neither text nor an archive, and how its table can be had; "" where that is not known."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return next((what for name, what in _COMPOUND if name.encode("utf-16-le") in data), _OLD_EXCEL)
    if is_picture(data[:1024]) and not re.match(rb"GIF8[79]a[,;\t|][ -~]*[\r\n]", data):  # the name of a column
        return "a picture; a table is read from CSV, .xlsx or Parquet"
    return next((what for start, what in _BYTES if re.match(start, data)), "")


def check_bytes(data: bytes, filename: str) -> None:
    """ValueError for a file that is neither text nor an archive, and known."""
    if what := known(data):
        _refuse(filename, what)


def check_parts(parts: set[str], head: bytes, filename: str) -> None:
    """ValueError for an archive that is no Excel workbook, by the names of its parts; OpenDocument says its type at the head."""
    if "xl/workbook.xml" in parts:
        return
    for name, what in _ZIPPED:
        if any(re.match(name, part) for part in parts):
            _refuse(filename, what)
    if "content.xml" in parts:
        text = b"opendocument.text" in head
        _refuse(
            filename,
            f"an OpenDocument text (.odt); {_TABLE}" if text else "an OpenDocument sheet (.ods); save it as .xlsx or CSV",
        )
    _refuse(filename, "a ZIP archive; unpack it")


def check_text(text: str, filename: str) -> None:
    """ValueError for text that is written in another way than as lines of cells."""
    text = text.strip()
    for begins, what in _TEXTS:
        if re.match(begins, text):
            _refuse(filename, what)
    root = re.match(r"<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>", text)
    if root and text.endswith(end := f"</{root[1]}>") and text.count(end) == 1:
        _refuse(filename, _XML)


def _refuse(filename: str, what: str) -> None:
    raise ValueError(f"{filename} is no table that is read: it looks like {what}")
