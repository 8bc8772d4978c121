"""Texts that attack whoever shows them unescaped: in HTML, in its attributes and styles, in a template, in a spreadsheet."""

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
