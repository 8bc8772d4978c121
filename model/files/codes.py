"""What could be read as numbers and may be codes: telephone numbers, and whole numbers beside letters that name a currency."""

import re
from collections.abc import Iterable

from model.files.numerals import currency, word_of

PHONE = re.compile(
    r"(?i:(^|[^a-zà-ÿ])(tele)?(phone|fon|fax)|(^|[^a-zà-ÿ])(tel|mobile?|handy|cell|cellulare|celular|m[óo]vil|m[óo]vel|whatsapp|"
    r"t[ée]l[ée]phone|tel[ée]fono|telefone)(s|numbers?|nummern?|no|nr)?($|[^a-zà-ÿ]))|[a-z](Phone|Tel|Mobile)($|[^a-z])"
)
_INTERNATIONAL = re.compile(r"\s*\+\d{8,15}\s*", re.ASCII)
_DIGITS = 7, 15  # of a telephone number
_SHORT = r"(?:DM|[Ss]?Fr|[Kk]r|Ft|Rs|RM|Rp|TL|lei)"
_CODE = re.compile(rf"\s*(?:[-+]\s*)?(?:{_SHORT}\s*\d+|(?!USD|EUR|GBP|CHF)[A-Z]{{3}}\d+|\d+\s*Ft|\d+(?:DM|Fr|RM|Rp|TL|Rs))\s*")
_PARTED = re.compile(r"\d[.,' \u00a0\u202f\u2019]\d|\d[.,]-")
_MONEY = re.compile(
    r"(?i:price|preis|prix|pre[cç]i?o|prezzo|\bcena\b|amount|betrag|montant|importe?\b|cost|kosten|co[uû]t|salary|gehalt|salaire|"
    r"lohn|income|einkommen|\bfees?\b|wage|revenue|umsatz|miete|\brent\b|\bpay|money|geld|total|budget|currency|w[äa]hrung|"
    r"sales|profit|gewinn|(^|[^a-z])tax|steuer|debt|schuld|loan|kredit|value|wert|spen[dt]|balance|saldo|turnover|charge|\bfares?\b)"
)


def why_texts(numbers: Iterable[str], label: str) -> str:
    """A sentence where texts that are numbers are rather codes, by themselves or the name of their column; "" for amounts."""
    texts = list(numbers)
    if texts and (
        all(map(_INTERNATIONAL.fullmatch, texts)) or PHONE.search(label) and 2 * sum(map(_is_long, texts)) > len(texts)
    ):
        return "Its cells are written as telephone numbers are: each is taken as a text."
    codes = {text for text in texts if _CODE.fullmatch(text)}
    if not codes or _MONEY.search(label) or any(_PARTED.search(text) or text not in codes and currency(text) for text in texts):
        return ""
    return (
        f"{min(codes)!r} may be a code or an amount: each is taken as a text; correct the column to a number if they are amounts."
    )


def _is_long(number: str) -> bool:
    """Has a number as many digits as those of telephones?"""
    return _DIGITS[0] <= len(re.sub(r"\D", "", number)) <= _DIGITS[1]


def words_note(numbers: Iterable[str]) -> str:
    """A sentence where words beside numbers were taken for currencies; "" where none was."""
    words = sorted({word for word in map(word_of, numbers) if re.fullmatch(r"[^\W\d_]*[A-Za-z][^\W\d_]*", word)})
    if not words:
        return ""
    return f"{' and '.join(f'“{word}”' for word in words[:4])} beside its numbers is read as a currency and left out."
