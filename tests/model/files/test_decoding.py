"""Which page of characters a text was written in is told by the letters of its words; every reader sees the same text."""

import pytest

from model.data.pairs import read_pairs
from model.files.decoding import decoded
from model.files.table import read_table

TEXTS = {
    "cp1252": [
        "Größe;Straße\nMünchen;Köln\nüber;äh",
        "nom;ville\nÉric;Orléans\nHélène;Besançon\nla forêt où l'été",
        "niño;mañana;¿qué?;corazón",
        "São Paulo;coração;não;Conceição",
        "perché;città;più;caffè",
        "Malmö;Göteborg;Västerås",
        "Tromsø;Ålesund;Ærø",
        "x;y\n5 €;3 m²\n20°;£5",
        "The cat,Le chat est là",
        "it’s,1\n“quoted”,2",
        "Þórður;Guðmundur",
        "ä,b\nü,1\nö,2",
        "café,1\ntea,2",
        "naïve,1",
        "Zoë;1",
        "Ñ;1",
        "5 µm;2 ½",
        "Crème brûlée;1\nPâté;2",
        "Jalapeño;1",
        "mère;père\ncrème;frère\nthème;problème",
        "caffè;tè;perché",
        "è;è vero",
        "sœur;cœur",
        "2 000 €;x\nâge;1",
        "señor;año;España;niña",
        "Übermaß;Fuß",
        "Søren;Jørgen",
        "ýmis;þetta;það",
        "Ørsted;blå",
        "à;ò;ù",
        "Citroën;Häagen",
        "El Niño",
        "Nuñez;Ibáñez;Peña\nMuñoz;Yáñez",
        "Müller;Straße;Köln;São Paulo;Orléans;München;Señor;naïve;Genève;café;Besançon;Conceição;Muñoz",
        "Malmö;Besançon;Conceição;Muñoz;Straße;città;Tromsø",
        "a;b\nx;5 €\ny;6 €\n",
        "Name;Preis\nGürtel;5 €\nHut;6 €\nSchal;7 €\n",
        "Produit;Prix\nthé;5 €\npain;7 €\n",
        "Buchung;Betrag\nMiete;-500,00 €\nGehalt;2.000,00 €\n",
        "Monat;Umsatz €;Kosten €\n1;5;3\n2;6;3\n",
        "".join(f"I don’t {i}\n" for i in range(20)) + "He left — alone",
        "".join(f"He left — alone {i}\n" for i in range(20)),
        "I’m;he’s;we’d;you’ll;they’re;isn’t;didn’t;can’t;couldn’t;won’t;haven’t;o’clock;rock ’n’ roll;the ’90s",
        "“Why?” he said… ‘So.’ movie—and time—but love—the plot—is work–life 5–6 the actors’ café décor naïve",
        "PREMIÈRE;DERNIÈRE;LUMIÈRE;MATIÈRE;PRIÈRE;RIVIÈRE",
        "lunedì;martedì;mercoledì;giovedì;venerdì;così;sì;lì",
        "più;giù;virtù;tribù;gioventù",
        "CÔTÉ;DÉPÔT;ŒUVRE;CŒUR",
        "a;b\nx;nº 5 España\ny;São João nº 6\n",
        "1ª classe;2º piso;D.ª;Mª",
        "Ødegaard;Müller;Mbappé;Džeko",
        "Muñiz;Šeško",
        "BELGIË;FINANCIËLE;IDEEËN;BRONTË;CLIËNT",
        "AÇÒ;AIXÒ;ÒSCAR;ÀVIA;ÀNGEL;TAMBÉ",
        "põhi;Jõgi;kõik;öö;töö",
        "Põder;Kõiv;Jõgi;Tõnu;Jõhvi;Sõber;õhtu",
        "Søren;Jørgen;Bjørn;Sørensen;Jørgensen;Nørgaard;Køge",
        "«Bonjour»;‹x›;„Hallo“;m² m³ 5m² 20°C 5€ £5 1½ 5µm 10 µg ±3 §3 ©2020 Acme® Brand™ • x",
        "STRAßE;GROßE",
        "Beyoncé;Citroën;jalapeño;doppelgänger;façade;Brontë;Curaçao;Réunion;brûlée;Ñuñoa",
    ],
    "cp1250": [
        "Wiśniewski;Zieliński;Dąbrowski;Wójcik;Kamiński;Woźniak",
        "KOVAČIĆ;PETROVIĆ;ĐURĐEVAC",
        "cena;5 €\njabłko;6 €\nżółty – „tak”;7 €",
        "Constanţa;Bistriţa;Ştefan",
        "Mezőkövesd;Petőfi;Erdős",
        "Łódź;Kraków;Gdańsk;Poznań",
        "jabłko;mięso;żółty",
        "Plzeň;České Budějovice;Liberec",
        "příliš žluťoučký kůň",
        "Škoda;Dvořák",
        "Győr;Szombathely;Pécs;Kőszeg",
        "Žilina;Košice;Nitra;Trenčín",
        "Ljubljana;Šentjur;Žalec;Kočevje",
        "Iaşi;Braşov;Timişoara",
        "město;počet\nPraha;5\nBrno;3\nOlomouc;2",
        "imię;wiek\nMichał;30\nZofia;21",
        "részleg;fő\nSzeged;2",
        "Dvořák;1",
        "Kąty;1",
        "Wałęsa;1\nNowak;2",
        "Łódź;Plzeň;Győr;Košice;Ljubljana;Timişoara;Dvořák;Gdańsk;Čakovec",
    ],
    "cp1251": [
        "Москва;Казань",
        "город;число\nСамара;5",
        "имя,возраст\nИван,30",
        "Київ;Львів;Одеса",
        "София;Пловдив;Бургас",
        "ДА;НЕТ",
        "Београд;Нови Сад;Ниш",
        "y,x\nда,1\nнет,0",
        "пол\nм\nж",
        "МОСКВА;КАЗАНЬ",
        "id;пол\n1;М\n2;Ж\n3;М",
        "ПОЛ\nМ\nЖ",
        "цена;5 €\nочень «хорошо» – да…;6 €",
    ],
    "iso8859-2": ["Częstochowa;Wiśniewski;Dąbrowski;Zieliński;książka", "Šťastný;Růžička;Kříž;Třebíč;žluťoučký;může;říká"],
    "koi8-r": ["Москва;Казань;Самара", "имя,возраст\nИван,30"],
    "cp866": ["Москва;Казань;Самара"],
    "mac-roman": ["nom;ville\nÉric;Orléans\nHélène;Besançon", "Größe;München;Köln"],
    "cp1253": ["Αθήνα;Θεσσαλονίκη", "ΑΘΗΝΑ;ΠΑΤΡΑ", "τιμή;5 €\nπολύ καλό;6 €"],
    "cp1254": ["Iğdır;Şanlıurfa;Kırşehir", "İzmir", "İzmir;Muğla"],
}
CASES = [(page, text) for page, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("page", "text"), CASES)
def test_a_text_is_read_in_its_page(page, text):
    assert decoded(text.encode(page))[0] == text


@pytest.mark.parametrize("sign", "€‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›¡¢£¤¥§¨©ª«¬®¯°±²³´¶·¸¹º»¼½¾¿×÷")
def test_a_sign_that_stands_alone_is_that_of_the_usual_page(sign):
    for text in (f"a;b\nx;5 {sign}\n", f"y {sign} z", f"a;b\n{sign};1\n{sign};2\n", f"Name;b\nGürtel;{sign}\n" * 30):
        assert decoded(text.encode("cp1252")) == (text, "Windows-1252")


@pytest.mark.parametrize(("page", "text"), CASES)
def test_unicode_stays_what_it_is(page, text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        found, name = decoded((text + "\n").encode(encoding))
        assert found == text + "\n"
        assert name in ("UTF-8", "UTF-16")


def test_what_a_wrong_page_left_becomes_what_was_meant():
    assert decoded("it\u0092s \u0093so\u0094".encode())[0] == "it’s “so”"
    assert decoded("Ã©tÃ© â€™ x".encode())[0] == "été ’ x"
    assert decoded("Ã©té".encode())[0] == "Ã©té"  # not all of it
    frame = read_table(("text,y\n" + "".join(f"it\u0092s {i % 3},{i % 2}\n" for i in range(30))).encode())
    assert frame["text"][0] == "it’s 0"


@pytest.mark.parametrize(
    ("page", "text"),
    [("latin-1", "a\x81\x8d,b"), ("gbk", "姓名;年龄\n张三;30\n李四;25\n"), ("euc-kr", "이름;나이\n김철수;30\n이영희;25\n")],
)
def test_what_is_no_text_of_a_known_page_is_none(page, text):
    assert decoded(text.encode(page)) is None


@pytest.mark.parametrize(
    "text", ["ü;ö;ç;â", "für;schön;Füße\nça;garçon", "Öl;Übung", "á;é;ö;ü;ó;í", "€ 5;„ä“ – ö…", "Ñ;ñ", *TEXTS["cp1252"]]
)
def test_a_page_that_reads_the_same_text_is_called_by_the_usual_name(text):
    assert decoded(text.encode("cp1252"))[1] == "Windows-1252"


SENTENCE = "mine.csv is in UTF-8, but line {} is damaged, cut short or in another encoding: save it again, as UTF-8"
WORDS = {
    "German": "Größe;Straße\n",
    "French": "naïve;café\n",
    "Polish": "Łódź;Gdańsk\n",
    "Turkish": "İstanbul;Şişli\n",
    "Vietnamese": "Việt;Hà Nội\n",
    "Russian": "Москва;Казань\n",
    "Greek": "Αθήνα;Πάτρα\n",
    "Hebrew": "ירושלים;חיפה\n",
    "Arabic": "مرحبا;بكم\n",
    "Hindi": "नमस्ते;दुनिया\n",
    "Thai": "สวัสดี;ครับ\n",
    "Chinese": "男;女\n",
    "Korean": "서울;부산\n",
    "emoji": "👍;🎉\n",
}


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_damaged_utf_8_is_no_other_page(words, count):
    whole = "a;b\n" + words * count
    last = whole.rindex(words[-2])
    for damaged, line in (
        (whole.encode() + b"x\xe9y;1\n", count + 2),
        (whole.encode() + b"x;\xff\n", count + 2),
        (b"a\xc3;b\n" + words.encode() * count, 1),
        ((whole[:last] + "ü").encode()[:-1], count + 1),
        ((whole + "中").encode()[:-1], count + 2),
        (b"\xef\xbb\xbfa;b\r\n\xe4;1\r\n" + words.encode(), 2),
    ):
        with pytest.raises(ValueError) as caught:
            read_table(damaged, "mine.csv")
        assert str(caught.value) == SENTENCE.format(line)


def test_one_damaged_byte_among_many_is_found_wherever_it_is():
    text = "".join(f"Größe {i} über Mädchen;naïve Füße\n" for i in range(250))
    for place in range(0, len(text.encode()), 997):
        for byte in (0x80, 0xE4, 0xFF):
            data = bytearray(text.encode())
            data[place] = byte
            with pytest.raises(ValueError, match="is in UTF-8, but line"):
                decoded(bytes(data))


def test_two_encodings_in_one_file_are_said():
    western, cyrillic = "Größe;Straße\nFüße;Öl\n", "Москва;Казань\nСамара;Уфа\n"
    for text, page in ((western, "cp1252"), (cyrillic, "cp1251"), (cyrillic, "koi8-r"), (western, "mac-roman")):
        for first, second in ((1, 1), (9, 1), (2, 9)):
            with pytest.raises(ValueError, match=f"line {2 * first + 1} is damaged"):
                decoded(text.encode() * first + text.encode(page) * second)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("cp1252", "a;b\nSpaß”;1\nüber;2\n"),
        ("cp1252", "„Spaß“;1\n„Fuß“;2\n„x“;3\n"),
        ("cp1252", "a;b\nx;1\ny;café"),
        ("cp1252", "Hélène;été\nforêt;Ã©t\n"),
        ("cp1251", "группа В»;1\nгруппа Г»;2\n«Россия»;3\n"),
        ("koi8-r", "её;ещё\nМосква;моё\nчьё;её\n"),
        ("cp866", "там;тон;сон\nМосква;шаг\nСамара;Казань\n"),
        ("mac-roman", "l’été;d’été\nl’Éric;qu’à;é\nl’école;d’état\nà l’arrivée\n"),
    ],
)
def test_words_of_a_page_that_are_utf_8_by_chance_stay_what_they_are(page, text):
    assert decoded(text.encode(page))[0] == text


def test_the_page_is_said_and_pairs_come_in_as_tables_do():
    assert "Windows-1250" in read_table("miasto;y\nŁódź;1\nGdańsk;2\n".encode("cp1250")).attrs["read_as"]
    for page, target in (("cp1252", "Le chat est là"), ("cp1250", "Książka leży na półce"), ("cp1251", "Кошка там")):
        (pair,) = read_pairs(f"source,target\nThe cat,{target}\n".encode(page))
        assert pair.target == target


@pytest.mark.parametrize("mark", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_line_that_says_the_delimiter_is_none_of_the_table(mark, encoding):
    frame = read_table(f"{mark}\r\na;b, c\r\n1,5;é, x\r\n2,5;y, z\r\n".encode(encoding))
    assert frame.to_dict("list") == {"a": [1.5, 2.5], "b, c": ["é, x", "y, z"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('n,"a"\n1,"x;y"\n2,"z;w"\n3,"q;r"\n', ["n", "a"]),
        ('"x;1",y\n"a;b",1\n"c;d",2\n', ["x;1", "y"]),
        ('Name;"Preis, netto";y\n"A; B";1,5;2\n"C, ""D""; x";2,5;3\n', ["Name", "Preis, netto", "y"]),
        ('"a, b"\ty\n"1,2|3"\t1\n"4,5|6"\t2\n', ["a, b", "y"]),
        ('a,"line\none;two;three"\n1,"x;\ny;z"\n2,"u;\nv;w"\n', ["a", "line\none;two;three"]),
        ("a,y\r\n1,0\n2,1\r3,1\r\n", ["a", "y"]),
    ],
)
def test_no_delimiter_counts_in_quotes_and_lines_end_in_all_ways(text, names):
    assert list(read_table(text.encode())) == names


@pytest.mark.parametrize("word", [b"\xe9" * 2_000_000, b"aZ9" * 200_000 + b",\xe9", b"\x94" * 1_000_000 + b"a"])
def test_a_word_as_long_as_a_file_is_looked_at_for_a_moment(word):
    """Each letter of it in each language, or each of its ends, would take minutes or hours."""
    found = decoded(b"a,b\n" + word + b",1\n")
    assert found is None or found[0].startswith("a,b\n")
