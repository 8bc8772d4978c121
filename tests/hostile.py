"""Texts that attack whoever shows them unescaped: in HTML, in its attributes and styles, in a template, in a spreadsheet; and
names that steer a terminal, turn around what stands beside them, or pass for another name."""

HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(“x”)", "\"'><img src=//evil.example/x>", "@import", "-2+3", "&amp;", "url(x)"]
ATTACKS = [
    *HOSTILE,
    "<b>bold</b> **stars** ![x](http://x/y.png) $x$",
    "a & b \" ' c &lt;b&gt; &#60;b&#62;",
    'x" onerror="alert(1)',
    "x' onmouseover='alert(1)",
    "x onfocus=alert(1) autofocus",
    "javascript:alert(1)",
    "</style></title></svg></table></div><svg onload=alert(1)>",
    "]]>--><!-- <!doctype html>",
    "{{ 7 * 7 }}{% raw %}{# gone #}",
    "{{ x|safe }}{% autoescape false %}<i>{% endautoescape %}",
    "{%- endblock %}{% include 'style.css' %}",
]
# name → what is shown of it
STEERING = {
    "a\x1b[2J\x1b]0;title\x07.csv": r"a\x1b[2J\x1b]0;title\x07.csv",
    "a\x9b31m.csv": r"a\x9b31m.csv",
    "a\rswing: done.csv": r"a\rswing: done.csv",
    "a\nswing: done.csv": r"a\nswing: done.csv",
    "photo\u202egpj.exe": r"photo\u202egpj.exe",
    "a\u2066b\u2069\u200f.csv": r"a\u2066b\u2069\u200f.csv",
    "pass\u200bword\ufeff\xad": r"pass\u200bword\ufeff\xad",
    "p\u0430ypal.csv": r"p\u0430ypal.csv",
    "tag\U000e0041": r"tag\U000e0041",
}
