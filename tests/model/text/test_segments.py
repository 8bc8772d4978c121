"""Words and sentences of texts in many scripts, without a tokenizer: where they must not be cut, and where they end."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.text import segments
from model.text.segments import lines, sentences, words


def texts(split, text):
    return [text[start:end] for start, end in split(text, 0, len(text))]


@pytest.mark.parametrize(
    "word",
    ["جَمِيلٌ", "हिन्दी", "க்ஷத்ரியர்", "தமிழ்", "טוֹב", "می‌خواهم", "naïve", "e\u0301te\u0301", "Ինչպե՞ս", "বাংলা", "മലയാളം", "සිංහල"]
    + [
        "ᠮᠣᠩᠭᠣᠯ",
        "각각",
        "ልጆች",
        "ქართული",
        "hy\u00adphen",
        "word\u2060joiner",
        "col·lega",
        "צה״ל",
        'צה"ל',
        "בית־ספר",
        "٣٫١٤",
        "ラーメン",
    ]
    + [
        "don’t",
        "O'Neill",
        "well-known",
        "1,000.50",
        "a_b",
        "m²",
        "👩‍👩‍👧‍👦",
        "🇫🇷",
        "👍🏽",
        "1️⃣",
        "❤️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🧑🏿‍🚀",
        "ที่",
        "ខ្ញុំ",
        "မြ",
        "ຂ້",
        "👁️‍🗨️",
    ],
)
def test_what_is_one_word_in_its_script(word):
    assert texts(words, word) == [word]
    assert texts(words, f"see {word} {word}!") == ["see", word, word, "!"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("good\u200bfilm", ["good", "film"]),
        ("\ufeffHi \u200d \u200c you", ["Hi", "you"]),
        ("\u2067שלום\u2069 a", ["שלום\u2069", "a"]),
        ("👍👍🏽🇫🇷🇩🇪1️⃣2️⃣!", ["👍", "👍🏽", "🇫🇷", "🇩🇪", "1️⃣", "2️⃣", "!"]),
        ("ที่นี่ 2024", ["ที่", "นี่", "2024"]),
        ("我用iPhone。", ["我", "用", "iPhone", "。"]),
        ("བཀྲ་ཤིས།", ["བཀྲ་", "ཤིས", "།"]),
        ("https://example.com/a?b=c", ["https", "://", "example.com", "/", "a", "?", "b", "=", "c"]),
        ("C++ @user #tag ©2024 50%", ["C", "++", "@", "user", "#", "tag", "©", "2024", "50", "%"]),
        ("'tis -5 a.'b x- y", ["'", "tis", "-", "5", "a", ".'", "b", "x", "-", "y"]),
    ],
)
def test_where_words_end(text, found):
    assert texts(words, text) == found


@pytest.mark.parametrize(
    "found",
    [
        ["Yoo and Won (2018), Griol-Barres et al. (2020), have extended it.", " It works."],
        ["Dr. Brown lives on St. James Street.", " He is in."],
        ["He lives on Main St.", " He is in the U.S. Senate.", " It is in the U.S.", " We left."],
        ["J. R. R. Tolkien wrote it, e.g. this, i.e. That one.", " Ph.D. students read it."],
        ["It costs 3.5 or 1.000,50.", " See No. 5, Fig. 3 and Vol. II.", " No.", " He was born in 1990.", " 20 years later …"],
        ["No.", " I said no.", " Mr. and Mrs. Smith met at 5 p.m.", " Then they left."],
        ["Wait... what?", " Well…", " He… left."],
        ['"Stop!" he said.', ' ("Why?")', " Done.[1]", " “So.”", " End"],
        ["1. First.", " 2. Second.", "\n3. Third"],
        ["the plot is thin.", " the acting is superb, e.g. this.", " good."],
        ["Am 3. Oktober 1990 und am 3. 10. 1991 im 19. Jahrhundert.", " Dann z. B. Anna, d.h. Ende.", " „Ja!“ sagte er."],
        ["¿Qué?", " ¡Sí!", " El Sr. López vive.", " M. Dupont est là."],
        ["См. рис. 5.", " Он жил в г. Москве."],
        ["मैं घर गया।", " वह आया।", " क्या?"],
        ["كيف حالك؟", " أنا بخير.", " شكرا۔", " ہاں"],
        ["我喜欢。", "你呢？", "「真的吗？」", "她说：“你好。”", "3．5也行！", "完"],
        ['他说："好。"', "走了。", '"行。"'],
        ["はい。", "いいえ！", "（そう。）", "ん｡"],
        ["Բարև։", " Ինչպե՞ս ես:", " Լավ։"],
        ["ሰላም።", " እንዴት ነህ፧", " ደህና፡፡", " አዎ"],
        ["မင်္ဂလာပါ။", "နေ၊ ကောင်းလား။"],
        ["សួស្តី។", " អ្នក៕"],
        ["བཀྲ་ཤིས།", "བདེ་ལེགས། །", "ཡིན༎"],
        ["Ποιος είσαι;", " Εγώ;", " Ναι\u037e", " Ω"],
        ["نعم؟\u200f", " لا"],
        ["Title", "\n\nOne", "\r\nTwo", "\u2028Three"],
    ],
)
def test_where_sentences_end(found):
    assert texts(sentences, "".join(found)) == found


def test_a_semicolon_is_a_question_mark_in_greek_alone():
    assert texts(sentences, "One; two: three.") == ["One; two: three."]


@pytest.mark.parametrize("unit", [". ", "1. ", "Dr. ", "a. ", "x.y. ", "J.-P. ", "etc. B ", "a.' "])
def test_stops_that_end_nothing_are_looked_at_in_windows(unit, monkeypatch):
    seen = []
    asked = segments.ends_no_sentence
    monkeypatch.setattr(segments, "ends_no_sentence", lambda *around: seen.extend(map(len, around)) or asked(*around))
    assert len(texts(sentences, unit * 2_000)) == 1
    assert max(seen, default=0) <= 200


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("「" * 2_000 + "。」" * 2_000, 1),
        ("「a。" * 2_000, 2_000),
        ("「a。」と" * 2_000, 1),
        ("« " + "a. » " * 2_000, 2_000),
        ('a。"' * 2_000, 2_000),
    ],
)
def test_quotes_without_end(text, count):
    assert len(texts(sentences, text)) == count


def test_nothing_but_marks_ends_no_sentence():
    assert texts(sentences, "… so it goes. ?!") == ["… so it goes.", " ?!"]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from([words, sentences, lines]))
@example(" \u0e31", words)  # a space takes a mark: what is seen then
@example("a \u0301 b \u0e33 🏽", words)
def test_spans_are_in_order_and_hold_all_that_is_seen(text, split):
    spans = list(split(text, 0, len(text)))
    assert all(a < b <= c < d for (a, b), (c, d) in zip(spans, spans[1:]))
    covered = {i for a, b in spans for i in range(a, b)}
    assert all(character.isspace() or not character.isprintable() for i, character in enumerate(text) if i not in covered)


def test_a_part_of_a_text_is_split_by_itself():
    text = "Hi. Review: good film. Bad"
    assert [text[a:b] for a, b in words(text, 12, 22)] == ["good", "film", "."]
    assert [text[a:b] for a, b in sentences(text, 12, 22)] == ["good film."]
