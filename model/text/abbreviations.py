"""After which full stops a sentence goes on, in the languages that write abbreviations with one."""

import regex


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Something always follows: titles, and what introduces a name, an example or a place in a text.
_NEVER = _listed(
    """
    Dr Drs Mr Mrs Ms Mx Prof Rev Hon Gen Col Capt Cpt Lt Sgt Maj Cmdr Adm Sen Rep Gov Pres Supt Msgr Fr Messrs Mme Mmes Mlle
    Hr Hrn Frl Fa Fam Gebr Frhr Bgm Hptm Oblt Dipl Ing Sr Sra Srta Dra Dña Sig Dott Avv Mgr Mt Ft
    e.g i.e cf vs viz ca approx resp incl excl esp
    z.B d.h u.a bzw vgl evtl ggf sog inkl zzgl
    p.ex c.-à-d p.ej p.es m.in d.w.z t.ex f.eks bl.a т.е напр см им вул проф акад
    dr dhr mevr mw bijv np tzn tj tzw zob św ul např napr tzv nám esim örn bkz doç pl ifj
    Atty MM Pr Avda Lic Gral Sto Sta Excmo Excma Exmo Exma Profa Mgr MUDr JUDr PhDr RNDr Bc Yrd Öğr Jl Ny Tn ThS
    κ κα κκ κος δηλ π.χ هـ
    डॉ डा श्री सुश्री प्रो पं मो मु कु स्व ডা ড মো মোঃ ড: শ্রী ડૉ ડો શ્રી પ્રો ਡਾ ਸ਼੍ਰੀ ଡା ଡାଃ ଶ୍ରୀ
    திரு டாக் డా శ్రీ ప్రొ ಡಾ ಶ್ರೀ ಪ್ರೊ ഡോ ശ്രീ പ്രൊഫ
    """
)
# A number follows, or the sentence has ended.
_NUMBERED = _listed(
    """
    No Nos Nr Nrn Fig Figs Abb Tab Eq Eqs Sec Sect Ch Chap Vol Vols Bd Art Ex Op Par Abs Kap Zeile
    p pp S ff ll col cols
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Okt Nov Dec Dez
    janv févr fév avr juil déc ene abr dic gen giu lug ott fev mrt Jän Mär янв февр апр авг сент окт нояб дек
    núm nº n art séc č čís čp kl klo hlm u рис стр табл гл кв корп буд тел σελ αρ κεφ τηλ
    Rs Re रु रू नं क्र पृ सं রু টা নং পৃ રૂ રુ નં ਰੁ ਨੰ ଟ ரூ రూ నం ರೂ ರು ನಂ രൂ നം
    """
)
# The sentence may have ended: it has where the next word is one that begins sentences.
_SOMETIMES = _listed(
    """
    al etc Inc Ltd Co Corp LLC Bros Jr Esq St Ste Ave Blvd Rd Sq Hwy Univ Dept Est ed eds trans rev repr ibid op cit et
    Ph Ph.D B.Sc M.Sc Sc D.Sc D.Phil M.Phil B.Ed M.Ed Ed.D Psy.D Th.D LL.B LL.M LL.D B.Eng M.Eng B.Com M.Com B.Tech M.Tech
    v.Chr n.Chr z.Zt z.Hd i.Allg u.dgl m.fl fr.o.m d.Hr î.Hr
    Th usw etw Str Hrsg Jh Jhdt Chr geb gest Mio Mrd Tsd Std Min Sek Tel Univ
    av env chap éd Cie Ud Uds Vd Vds Av pág págs EE UU FF Sn Cad Sok Mah TP TS GS PGS Lda Ltda Cía
    sig sigg dott ing avv prof ecc itd itp mgr inż ks hab atd apod enz osv jne stb kb vb dll
    гг ул стр др пр руб тыс млн млрд обл просп пер наб коп
    """
)
_STARTERS = _listed(
    """
    Mr Mrs Ms
    A An The This That These Those There Here It Its He She They We You I His Her Their Our My In On At By For From With To
    And But Or So If When While As After Before Then However Therefore What Who Why How Where
    Der Die Das Ein Eine Er Sie Es Wir Ihr Ich Dann Aber Und Im Am In Dort Dies Diese Heute Danach Doch Auch Als Nach Vor Bei
    Mit Für Man Alle Seine Ihre Jetzt Später Deshalb Daher Trotzdem Zuerst Wenn Weil Was Wann Wo Wie Warum Ja Nein
    Le La Les Un Une Il Elle Ils Elles Nous Vous On Je Ce Cette Ces Mais Et Puis
    El Los Las Una Ella Ellos Este Esta Pero Y Lo Gli Ma Questo O Os As Ele Ela Mas Uma
    È Ha Poi Non Sono Era Não Depois Foi To Ona Oni Potem Ale Nie Jest Je Byl Byla Bylo Pak Het Hij Zij Ze Wij Dat Maar
    Bu Sonra Biz Ama Az Ez És Itt Ο Η Το Οι Τα Είναι Και Αλλά Ναι Δεν Αυτός Αυτή
    Он Она Они Мы Я Это Эта Этот Но И В На Потом Затем Він Вона Вони Ми Це Потім Але
    वह यह वे ये मैं हम फिर लेकिन और अब तब ते तो मी તે તેઓ এটি সে তারা আমি ثم هو هي هذا وهو او این
    """
)
_ALWAYS_CAPITAL = frozenset(["I", "Mr", "Mrs", "Ms"])  # within a sentence too


def _before(pattern: str) -> "regex.Pattern[str]":
    """A pattern that is matched backwards, from the end of what stands before a full stop."""
    return regex.compile(pattern, regex.VERSION1 | regex.REVERSE)


# z. B., d. h., т. д., बी. ए.: letters with their marks, each with a full stop
_ONE = r"(?:\p{L}\p{M}*|एफ|एच|एल|एम|एन|एस|आर|आई|वाई|एक्स|क्यू|डब्ल्यू)"
_WORD_BEFORE = _before(r"c\.-à-d|(?:[\p{L}\p{M}]+\p{N}*\.-?)*[\p{L}\p{M}]+")
_INITIAL = regex.compile(rf"{_ONE}|(\p{{Lu}})\1")  # J.-P., U.S., EE.UU.
_NUMBER_BEFORE = _before(r"(?<![\p{L}\p{N}.,/\-])(?:\d{1,2}|[IVX]{2,6})")
_NUMBER_AFTER = regex.compile(r"\s*\(?[\d#§]|\s*(?![AI]\b)(?:[IVXLC]+|[B-H])\b")
_SPACED_OUT = _before(rf"(?<![\p{{L}}\p{{M}}]){_ONE}"), regex.compile(rf"\s?{_ONE}\.")
_LAST_OF_SPACED_OUT = _before(rf"(?<![\p{{L}}\p{{M}}]){_ONE}\.\s{_ONE}")
_YEAR = _before(r"[\dIVX]\s?[rw]")  # 1990 r., XIX w. in Polish
_LETTER = regex.compile(r"[\p{Lu}\p{Arabic}\p{Hebrew}]|[\p{Cyrillic}--[яеєії]]", regex.VERSION1)  # that is no word by itself
_NO_FULL_STOP = _before(r"[\p{Thai}\p{Lao}]\p{M}*")  # scripts that have none
# Goethestr. 5, Marktpl. 5, Storgt. 5, Kungsg. 5: streets, which a number follows
_STREET = regex.compile(
    r"\p{L}{3,}(?:str|pl|gt)|\p{Lu}\p{L}{2,}(?:s|ning)g|(?:Stor|Ny|Vasa|Nørre|Vester|Øster|Sønder|Skol|Kyrko)g"
)
# kr. 500, but not: 50 kr. 20 more
_CURRENCY = _before(r"(?<![\p{L}\p{N}]|\p{N}\s)(?:[Kk]r|[Ff]r|Rp|Tk|Bs|Lps|[KTU]?[Ss]h)")
# 5 ft. 3 in. tall
_UNIT = _before(r"\d\s?(?:in|ft|yds?|mi|lbs?|oz|pts?|qts?|gals?|hrs?)")
_MEASURED = regex.compile(r"\s*(?:tall|high|long|wide|deep|thick|by|x|of|and|or|to)\b")
_GREATER_UNIT, _DIGIT_AFTER = _before(r"\d\s?(?:ft|yds?|mi|lbs?|pts?|qts?|gals?|hrs?)"), regex.compile(r"\s*\d")
# Dr. med. Anna Meier, Prof. Dr. rer. nat. Max Weber
_OF_DEGREE = (
    r"(?:med|vet|dent|phil|jur|iur|utr|theol|rer|nat|pol|oec|publ|ing|habil|agr|techn|mont|paed|hum|math|phys|chem|mag|mult|h|c)"
)
_DEGREE = _before(rf"(?<!\p{{L}})(?i:dr|prof|mag|cand|stud)\.(?:[\s\-]*{_OF_DEGREE}\.)*[\s\-]*{_OF_DEGREE}")
# “At 9 a.m. I went”: a time or place before its sentence
_FRONTED = regex.compile(
    r"\W*(?:At|In|On|By|From|Since|After|Before|Around|About|Until|Till|Near|Every|Yesterday|Today|Tomorrow|Tonight|Then"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b(?:\s+\S+){0,4}"
)
_NEXT = regex.compile(r"[\s\p{Ps}\p{Pi}\"']*([\p{L}\p{M}]+)")
# After an ordinal in the languages that write it with a full stop (3. Oktober, 19. Jahrhundert, 3. 10. 1990).
_OF_ORDINAL = regex.compile(
    r"\s*(?:\d{1,2}\.|\d{4}|(?:Jan|Jän|Feb|Mär|Apr|Mai|Maj|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Des|Dec)\p{L}*\b|Jahrhundert|Jh\b|Jhdt"
    r"|Jahrtausend|Weltkrieg|Auflage|(?:Bundes)?[Ll]iga\b|Lebensjahr|Geburtstag|Quartal|Halbjahr|Semester|Advent|FC\b"
    r"|(?:Klassen?|Stock|Etage|Rang|Ranges|Grades|Ordnung|Lesung|Instanz|Halbzeit|Generation|Person|Reihe|Staffel|OG|UG)\b"
    r"|(?:Ober|Unter)geschoss|Stockwerk|Schuljahr|Bürgermeister|Vorsitzende"
    r"|(?!(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag)\p{Lu}\p{L}*tag\b|Dünya\b|Yüzyıl)"
)
# A date such as “am 3.5.” keeps its full stop before what is on that day too.
_DATE = _before(r"(?<!\p{L})(?i:am|ab|bis|seit)\s+\d{1,2}\.\s?\d{1,2}")
_OF_DATE = regex.compile(r"\s*(?:\p{Lu}\p{L}*tag|Neujahr|Ostern|Pfingsten|Weihnachten|Silvester|Hochzeit)\b")
# Before one in German: no number that ends a sentence stands there, unless a word that begins one follows (not: “am 5. Anna …”).
_ARTICLE = _before(
    r"(?<!\p{L})(?i:d(?:er|ie|as|em|en|es)|im|ins|zu[mr]|vom|beim|(?:dies|jed|jen)e[mnrs]?|(?:[kms]?ein|ihr|unser)e?[mnrs]?)"
    r"\s+(?:(?:\d{1,2}\.\s?)?\d{1,3}|[IVX]{1,6})"
)


def ends_no_sentence(before: str, after: str) -> bool:
    """Does the sentence go on after a full stop between `before` and `after`, by the word or number before it?"""
    following = _NEXT.match(after)
    begins = following is not None and following[1] in _STARTERS
    if (_ARTICLE.match(before) and following is not None) or _DEGREE.match(before):
        return not begins
    if _DATE.match(before) and (_OF_DATE.match(after) or _OF_ORDINAL.match(after)):
        return True
    if _NUMBER_BEFORE.match(before):
        return bool(_OF_ORDINAL.match(after))
    if _NO_FULL_STOP.match(before) or (_SPACED_OUT[0].match(before) and _SPACED_OUT[1].match(after)):
        return True
    if _UNIT.match(before) and (_MEASURED.match(after) or (_GREATER_UNIT.match(before) and _DIGIT_AFTER.match(after))):
        return True
    found = _WORD_BEFORE.match(before)
    if not found:
        return False
    word = found[0]
    parts = word.replace("-", "").split(".")
    if word in _NEVER or word[:1].lower() + word[1:] in _NEVER or _NEVER.issuperset(parts):
        return True
    initials = len(parts) > 1 and all(_INITIAL.fullmatch(part) for part in parts)
    initials = initials or bool(_LETTER.fullmatch(word) or _LAST_OF_SPACED_OUT.match(before))
    if not initials and (_is_numbered(word) or _CURRENCY.match(before)):
        return bool(_NUMBER_AFTER.match(after))
    if not (initials or word in _SOMETIMES or _SOMETIMES.issuperset(parts) or _YEAR.match(before)):
        return False
    return not begins or (following is not None and following[1] in _ALWAYS_CAPITAL and bool(_FRONTED.fullmatch(before)))


def _is_numbered(word: str) -> bool:
    listed = word in _NUMBERED or word.lower() in _NUMBERED or word.capitalize() in _NUMBERED
    return listed or _STREET.fullmatch(word) is not None
