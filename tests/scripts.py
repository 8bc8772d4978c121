"""Texts of all scripts and of what tokenizers stumble over: a tokenizer that makes the same of each is the same."""

LANGUAGES = [
    "The plot is thin, but the acting is superb; I'd see it again (twice!).",
    "Größe, Straße, Übermut – »zwölf Boxkämpfer« jagen Viktor quer über den großen Sylter Deich.",
    "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis : ça va ? « Oui » !",
    "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia; ¿añoraba a su querido cachorro?",
    "Luís argüia à Júlia que «brações, fé, chá, óxido, pôr, zângão» eram palavras do português.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń. Árvíztűrő tükörfúrógép.",
    "Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul, ısı, İıiI.",
    "Đêm khuya, tiếng Việt có nhiều dấu: ắ ằ ẳ ẵ ặ ế ề ể ễ ệ ố ồ ổ ỗ ộ.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Їжак, ґанок, Ўзбек, Қазақ, ѣ.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Πᾶσα ἡ γῆ, ὁ Ἀχιλλεύς.",
    "Բարև ձեզ, ինչպե՞ս եք։ გამარჯობა, როგორ ხარ? ႠႡႢ ᲐᲑᲒ",
    "שָׁלוֹם עוֹלָם — דג סקרן שט בים מאוכזב. ייִדיש",
    "السَّلَامُ عَلَيْكُمْ وَرَحْمَةُ ٱللَّٰهِ؛ هل تتكلم العربية؟ ۱۲۳ ٤٥٦ پچژگ ٹڈڑ",
    "ܫܠܡܐ ߒߞߏ ދިވެހި ⴰⵎⴰⵣⵉⵖ",
    "नमस्ते दुनिया, क्षत्रिय ज्ञान। আমার সোনার বাংলা। ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ ગુજરાતી ଓଡ଼ିଆ",
    "வணக்கம் உலகம் తెలుగు భాష ಕನ್ನಡ ಅಕ್ಷರ മലയാളം ൻ ർ සිංහල",
    "ภาษาไทยไม่มีการเว้นวรรคระหว่างคำ ພາສາລາວ မြန်မာဘာသာ ភាសាខ្មែរ བོད་སྐད་ ᠮᠣᠩᠭᠣᠯ",
    "今天天气很好，我们去公园吧。繁體中文與简体中文：龍、龙、𠮷、㐂。「引號」",
    "いろはにほへと ちりぬるを。カタカナ、ｶﾀｶﾅ、漢字仮名交じり文です！がが（が）",
    "안녕하세요 세계! 값 닭 뷁 ㄱㄴㄷ 한글",
    "አማርኛ ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ ꦗꦮ ᜊᜌ᜔ᜊᜌᜒᜈ᜔ ꯃꯩꯇꯩ ꓡꓲ ꠍꠤꠟꠐꠤ ᚠᚢᚦ ᚑᚌ 𐌰𐌱𐌲 𓀀𓂀 𒀀𒁀 𐤀𐤁 𝔘𝔫𝔦 𞤀𞤣",
]
SIGNS = [
    "👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷🇯 ☕️ ☕︎ 1️⃣ 🧑🏿‍🚀 🫠🪿 ❤️‍🔥",
    "e\u0301 é ñ n\u0303 Å Å\u030a Ω Ω ﬁ ﬃ Ⅷ ½ ①②③ ㎏ ℃ ™ ™",
    "Z\u0351\u036b\u0343a\u0329l\u0323\u0358g\u0334o\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308!",
    "\u0301 \u200d \ufe0f \u3099 ◌\u0323",
    "∀x∈ℝ: ∑ᵢ₌₁ⁿ xᵢ² ≥ 0 ⇒ ∫₀^∞ e^{−x²}dx = √π⁄2 ≈ 0.886 ± 1e−3 ‰ ‱",
    "─│┌┐└┘├┤ ▁▂▃▄▅▆▇█ ░▒▓ ←↑→↓ ⟨⟩ ⠓⠑⠇⠇⠕ ♔♕ ♪♫ ☯ ✂ ➜",
    "▁ ▁▁ a▁b ▁a ▁ a ▁▁▁▁▁▁ \u2581\u2581 x",
    "“quotes” ‘single’ „low“ ‚low‘ «guillemets» … – — ― ‐ ‑ ­ soft\u00adhyphen",
    "$1,234.56 €99 £5 ¥100 ₹7 ₿0.1 50% #tag @name user@example.org https://example.org/a?b=c&d=%20#e",
]
DIGITS = [
    "0 1 12 123 1234 12345 3.14159 1e-10 0x1F 0b1010 1_000_000 −5 ١٢٣ १२३ 一二三 ⅓",
    "31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679",
    "0" * 300 + "1" * 301,
    "2024-02-29T23:59:59.999Z +49 (0)30 1234567 192.168.0.1 ::1 v1.2.3-rc.4",
]
SPACES = [
    "",
    " ",
    "  ",
    *(" " * n for n in (3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100)),
    "\t",
    "\t\t\tone\ttwo \t three",
    "\n",
    "\n\n\n\n\nfive\n\n\n",
    "\r\n\r\nwindows\r\nlines\rold",
    " a  b   c    d     e      ",
    "no-break\u00a0space thin\u2009space ideographic\u3000space zero\u200bwidth narrow\u202fspace \u1680ogham",
    " \u2028line\u2029paragraph \x85next \ufeffbom",
    "\u202eright-to-left override\u202c \u2066isolate\u2069",
]
CONTROLS = [
    "".join(map(chr, range(1, 32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "\x00nul\x00",
    "\x1b[31mred\x1b[0m \x07 \x08",
    "\ufffd \ufffe \uffff \U0010ffff \ue000 \U000e0001\U000e0067\U000e007f \U0001fffe",
]
CODE = [
    'def f(x: int = 0, *args, **kwargs) -> "str":\n    """Doc."""\n\treturn f"{x!r:>10}" if x else None  # why\n',
    "for (int i = 0; i < n; ++i) { a[i] += b[i] >> 2 & 0xFF; } // done\n\n\n#include <stdio.h>\n",
    "SELECT * FROM t WHERE a <> 'it''s' AND b LIKE '%x_' -- comment\nGROUP BY 1;",
    '<div class="a" id=\'b\'>&nbsp;&#60;</div><!-- c --><br/>\n{"k": [1, 2.5, null, true], "\\u00e9": "\\n"}',
    "\\begin{align} \\frac{1}{2} &= x^{2}_{i} \\\\ \\end{align} $$y$$ `code` ```py\nx\n``` **b** _i_ ~~s~~ - [ ] todo",
    "    four\n        eight\n            twelve\n\t\ttabs\n \t mixed",
    "camelCase PascalCase snake_case SCREAMING_CASE kebab-case dot.case a.b->c::d @e !f ~g ^h |i| `j`",
]
MARKED = [
    "<bos>begin<eos>end<pad><unk><mask>",
    "<start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\n",
    "<start_of_image><image_soft_token><end_of_image> <unused0><unused99>[multimodal]",
    "<bos> <bos><bos>  <eos>\n<Bos> < bos> <bos<bos>> [MULTIMODAL]",
    "<0x00><0x41><0xFF> <0x0A> <h1>t</h1> <table><tr><td></td></tr></table> <b></b><code></code>",
    "<s></s> [CLS][SEP] <|endoftext|> <|im_start|> <think> </think> [INST]",
]
LONG = ["".join(dict.fromkeys(" ".join(LANGUAGES))), "word " * 500, "a" * 1000, "🙂" * 50, "ab" * 400 + "é" * 200]

CORPUS = [*LANGUAGES, *SIGNS, *DIGITS, *SPACES, *CONTROLS, *CODE, *MARKED, *LONG]
