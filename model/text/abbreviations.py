"""After which full stops a sentence goes on, in the languages that write abbreviations with one."""

import regex


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Something always follows: titles, and what introduces a name, an example or a place in a text.
_NEVER = _listed(
    """
    Dr Drs Mr Mrs Ms Mx Prof Rev Hon Gen Col Capt Cpt Lt Sgt Maj Cmdr Adm Sen Rep Gov Pres Supt Msgr Fr Messrs Mme Mmes Mlle
    Hr Frl Dipl Ing Sr Sra Srta Dra Dña Sig Dott Avv Mgr Mt Ft
    e.g i.e cf vs viz ca approx resp incl excl esp
    z.B d.h u.a bzw vgl evtl ggf sog inkl zzgl
    p.ex c.-à-d p.ej т.е напр см им
    """
)
# A number follows, or the sentence has ended.
_NUMBERED = _listed(
    """
    No Nos Nr Nrn Fig Figs Abb Tab Eq Eqs Sec Sect Ch Chap Vol Vols Bd Art Ex Op Par Abs Kap Zeile
    p pp S ff ll col cols
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Okt Nov Dec Dez
    núm nº n art рис стр табл гл
    """
)
# The sentence may have ended: it has where the next word is one that begins sentences.
_SOMETIMES = _listed(
    """
    al etc Inc Ltd Co Corp LLC Bros Jr Esq St Ste Ave Blvd Rd Sq Hwy Univ Dept Est ed eds trans rev repr ibid op cit et
    Ph.D M.D B.A M.A B.Sc M.Sc D.C a.m p.m A.M P.M
    usw etw Str Hrsg Jh Jhdt Chr geb gest Mio Mrd Tsd Std Min Sek Tel Univ
    av env chap éd Cie Ud Uds Vd Vds Av pág págs
    г гг ул д стр др пр руб тыс млн млрд проф акад
    """
)
_STARTERS = _listed(
    """
    A An The This That These Those There Here It Its He She They We You I His Her Their Our My In On At By For From With To
    And But Or So If When While As After Before Then However Therefore What Who Why How Where
    Der Die Das Ein Eine Er Sie Es Wir Ihr Ich Dann Aber Und Im Am In Dort Dies Diese Heute
    Le La Les Un Une Il Elle Ils Elles Nous Vous On Je Ce Cette Ces Mais Et Puis
    El Los Las Una Ella Ellos Este Esta Pero Y Lo Gli Ma Questo O Os As Ele Ela Mas Uma
    Он Она Они Мы Я Это Эта Этот Но И В На Потом
    """
)
_WORD_BEFORE = regex.compile(r"(?:[\p{L}\p{M}\-]{1,2}\.)*[\p{L}\p{M}º]+$")
_NUMBER_BEFORE = regex.compile(r"(?<![\p{L}\p{N}.,/\-])\d{1,2}$")
_NUMBER_AFTER = regex.compile(r"\s*\(?[\d#§]|\s*(?![AI]\b)(?:[IVXLC]+|[B-H])\b")
_SPACED_OUT = regex.compile(r"(?<!\p{L})\p{L}$"), regex.compile(r"\s?\p{L}\.")  # z. B., d. h., т. д.
_NEXT = regex.compile(r"[\s\p{Ps}\p{Pi}\"']*([\p{L}\p{M}]+)")
# After an ordinal in the languages that write it with a full stop (3. Oktober, 19. Jahrhundert, 3. 10. 1990).
_OF_ORDINAL = regex.compile(
    r"\s*(?:\d{1,2}\.|\d{4}|(?:Jan|Jän|Feb|Mär|Apr|Mai|Maj|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Des|Dec)\p{L}*\b|Jahrhundert|Jh\b|Jhdt)"
)


def ends_no_sentence(before: str, after: str) -> bool:
    """Does the sentence go on after a full stop between `before` and `after`, by the word or number before it?"""
    if _NUMBER_BEFORE.search(before):
        return bool(_OF_ORDINAL.match(after))
    if _SPACED_OUT[0].search(before) and _SPACED_OUT[1].match(after):
        return True
    found = _WORD_BEFORE.search(before)
    if not found:
        return False
    word = found[0]
    if word in _NEVER or word[:1].lower() + word[1:] in _NEVER:
        return True
    if word in _NUMBERED or word.lower() in _NUMBERED or word.capitalize() in _NUMBERED:
        return bool(_NUMBER_AFTER.match(after))
    initials = "." in word or (len(word) == 1 and word.isupper())
    if not initials and word not in _SOMETIMES:
        return False
    following = _NEXT.match(after)
    return following is None or following[1] not in _STARTERS
