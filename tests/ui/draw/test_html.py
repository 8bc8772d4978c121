"""Templates show every text as it is, whatever it holds; and nothing else in the product writes HTML."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from hostile import ATTACKS
from jinja2 import UndefinedError, meta, nodes

from ui.draw.html import ENVIRONMENT, TEMPLATES, render
from xai.exchange import html

ROOT = Path(__file__).parents[3]
NAMES = sorted(
    file.relative_to(folder).with_suffix("").as_posix()
    for folder in (TEMPLATES, html.TEMPLATES)
    for file in folder.rglob("*")
    if file.is_file() and file != html.HEATMAP_STYLE
)
HARMLESS = {"trim", "visible"}  # filters
TAG = re.compile(r"</?(?!extra>)[a-z][a-z0-9]*[\s/>]")  # Plotly's own mark, in its hover texts, is none
WORD = "harmless"


def values(x):
    """What each template takes, x for every text in it; every branch and loop is gone through."""
    mark, table, document = (x, x, x), [(x, [x, x]), (x, [x])], {"title": x}
    return {
        "attribution": {"index": x, "method": x, "evaluations": x, "panes": [(x, x), (x, x)], "legend": x, "notes": [x, x]},
        "adding_up": {"rows": [(x, [x, x])]},
        "answer": {"said": x, "answer": x, "rather": x},
        "differences": {"names": [x, x], "rows": [(x, x, [x, x])]},
        "document": document,
        "fidelity": {"measures": table, "cost": x, "areas": [(x, (x, x), x, x)], "drawings": [(x, x, x, x, [((x, x), x)])]},
        "film_strip": {"title": x, "frames": [(x, x, x)]},
        "judgements": {"judged": [(x, x, [x, x, x])]},
        "legend": {"scale": x, "stops": x, "low": x, "high": x},
        "minimap": {"index": x, "title": x, "segments": [(x, x, True, mark), (x, x, False, mark)]},
        "picture": {"url": x, "words": x},
        "asked": {"asked": x, "folded": x},
        "preview": {"before": x, "text": x, "after": x},
        "report": {
            **document,
            "target": x,
            "about": x,
            "panes": [(x, x, x, x)] * 2,
            "legend": x,
            "quantity": x,
            "sums": x,
            "spent": [x, x],
            "judgements": x,
            "difference": {"names": [x, x], "drawn": x, "agreed": x, "assumption": x},
            "rows": [(x, [(x, x), (None, x)])],
            "fidelity": x,
            "settings": [(x, x)],
        },
        "row_heatmap": {"index": x, "pane": x, "cards": [(x, x, x, mark), (x, None, x, mark)]},
        "scaling": {
            **document,
            "about": x,
            "target": x,
            "ranking": [[x, x]],
            "header": [x, x],
            "sets": [(x, SimpleNamespace(title=x, text=x, notes=[x, x]), x, [[x, x]])],
            "level": x,
        },
        "study": {
            **document,
            "said": x,
            "answer": x,
            "about": x,
            "headlines": [x, x],
            "panes": [(x, x, x)] * 2,
            "legend": x,
            "judgements": x,
            "names": [x, x],
            "lines": [(2, x, [x, x]), (0, x, [x])],
            "citations": x,
            "rule": x,
            "settings": [(x, x)],
        },
        "support": {"names": [x, x], "rows": [(x, [(x, x), (x, x)], x)]},
        "tree_row": {"key": x, "painted": [x, x]},
        "token_heatmap": {"index": x, "pane": x, "pieces": [(x, None), (x, 0)], "marks": [mark], "numbered": x},
    }


class Reader(HTMLParser):
    """What a browser makes of a page: tags with their attributes, texts, comments, in turn."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(str(page))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, attributes))

    def handle_endtag(self, tag):
        self.found.append(("/" + tag, []))

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "":
            data = self.found.pop()[1] + data
        self.found.append(("", data))

    def handle_comment(self, data):
        self.found.append(("!", data))

    handle_decl = unknown_decl = handle_pi = handle_comment


def replaced(found, text):
    """The same, every harmless word replaced by a text."""
    if isinstance(found, str):
        return found.replace(WORD, text)
    return type(found)(replaced(part, text) for part in found)


def source(name):
    return ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]


def taken(file):
    """Names of all values that a template takes, with those of the template that it extends."""
    tree = ENVIRONMENT.parse(source(file))
    own = {one.name for one in tree.find_all((nodes.Macro, nodes.Name)) if getattr(one, "ctx", "store") == "store"}
    return (meta.find_undeclared_variables(tree) - own).union(*map(taken, meta.find_referenced_templates(tree)))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_shows_every_attack_and_obeys_none(name):
    assert set(values(WORD)[name]) == taken(f"{name}.html")
    harmless = Reader(render(name, **values(WORD)[name])).found
    assert str(harmless).count(WORD) >= len(values(WORD)[name])
    for attack in ATTACKS:
        assert Reader(render(name, **values(attack)[name])).found == replaced(harmless, attack), attack


@pytest.mark.parametrize("name", NAMES)
def test_no_text_in_a_template_turns_its_neighbours_around(name):
    page = render(name, **values("a\u202eb\x1b[2J\u2067")[name])
    assert not {*"\u202e\x1b\u2067"} & {*page} and page.count(r"a\u202eb\x1b[2J\u2067") >= len(values(WORD)[name])


def test_a_text_to_read_keeps_its_line_breaks_and_hyphens_and_a_name_shows_them():
    read = "one\n\ttwo\r\n\xadthree\u200dפ\u200f"
    assert f">{read}<" in render("token_heatmap", **values("")["token_heatmap"] | {"pieces": [(read, None)]})
    assert r"<small>a\n\xadb\u200bp\u0430y</small>" in render(
        "row_heatmap", index="", pane="", cards=[("a\n\xadb\u200bp\u0430y", None, "", ("", "", ""))]
    )


def test_the_page_on_security_says_how_many_texts_and_templates_these_are():
    told = f"{len(ATTACKS)} texts in every place of each of {len(NAMES)} templates"
    assert told in (ROOT / "docs" / "security.md").read_text()


def unescaped(tree):
    """Parts of a template that may let a text through unescaped."""
    filters = [one for one in tree.find_all(nodes.Filter) if one.name not in HARMLESS]
    return [*filters, *tree.find_all((nodes.EvalContextModifier, nodes.ScopedEvalContextModifier, nodes.MarkSafe))]


def test_no_template_lets_a_text_through():
    assert ENVIRONMENT.autoescape is True and len(NAMES) == len(values(WORD))
    assert {name: unescaped(ENVIRONMENT.parse(source(f"{name}.html"))) for name in NAMES} == {name: [] for name in NAMES}
    for planted in (
        "{{ x|safe }}",
        "{{ x | trim | safe }}",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{{ x|tojson }}",
    ):
        assert unescaped(ENVIRONMENT.parse(planted))
    with pytest.raises(UndefinedError):
        render("preview", before="", text="")


def test_no_space_comes_between_the_pieces_of_a_text():
    whole = "".join(data for tag, data in Reader(render("token_heatmap", **values(WORD)["token_heatmap"])).found if tag == "")
    assert whole == 2 * WORD


def writes_html(code):
    """Lines of a file that hold a tag, make text pass for HTML, or ask Streamlit to take it for such."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        else:
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        called = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
        unsafe = isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html"
        if TAG.search(text) or called in ("Markup", "Template", "from_string") or unsafe:
            found.append(node.lineno)
    return found


def test_only_templates_hold_html():
    files = [ROOT / "app.py", *sorted((ROOT / "ui").rglob("*.py")), *sorted((ROOT / "xai").rglob("*.py"))]
    found = {str(file.relative_to(ROOT)): writes_html(file.read_text()) for file in files}
    assert len(files) > 40 and found.pop("ui/draw/html.py") and found.pop("xai/exchange/html.py")  # `render` alone
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "st.html(f'<p>{name}</p>')",
        "parts = ['<td>' + cell for cell in row]",
        "f'<{tag} class=x>'",
        "'</div>'",
        "'<img '\n'src=x>'",
        "Markup(name)",
        "markupsafe.Markup('%s') % name",
        "st.markdown(name, unsafe_allow_html=True)",
    ],
)
def test_planted_html_is_found(code):
    assert writes_html(code)
    assert not writes_html("a < b; '<1%'; '%{x}<extra></extra>'; '<f8'; render('answer', said=name)")
