"""How translations are judged: the tokenizer of BLEU follows the references' script, and its numbers are sacrebleu's."""

import pytest
import sacrebleu

from model.data import judging
from model.data.judging import Judge, bleu_tokenizer, why_tokenizer
from model.data.pairs import bundled_evaluation

CHINESE = ["我非常喜欢这部电影。", "今天天气很好。"]
JAPANESE = ["私はこの映画が大好きです。", "今日はいい天気ですね。"]
KOREAN = ["나는 이 영화를 정말 좋아한다.", "오늘은 날씨가 좋다."]
THAI = ["ฉันชอบหนังเรื่องนี้มาก", "วันนี้อากาศดี"]


@pytest.mark.parametrize(
    ("references", "tokenizer"),
    [
        (CHINESE, "zh"),
        (["我用 iPhone 手机和 MacBook 电脑看 Netflix"], "zh"),
        (["臺北的天氣很好"], "zh"),
        (JAPANESE, "char"),
        (KOREAN, "char"),
        (THAI, "char"),
        (["ខ្ញុំចូលចិត្តភាពយន្តនេះ"], "char"),
        (["ຂ້ອຍມັກຮູບເງົານີ້"], "char"),
        (["ကျွန်တော်ဒီရုပ်ရှင်ကိုကြိုက်တယ်"], "char"),
        (["བཀྲ་ཤིས་བདེ་ལེགས།"], "char"),
        (["J'aime beaucoup ce film.", "Il fait beau."], "13a"),
        (["The word 電影 means film in Chinese."], "13a"),
        (["Мне нравится этот фильм.", "أحب هذا الفيلم.", "मुझे यह फिल्म पसंद है।", "Tôi thích phim này."], "13a"),
        (["123 456"], "13a"),
    ],
)
def test_the_tokenizer_is_that_of_the_references_script(monkeypatch, references, tokenizer):
    monkeypatch.setattr(judging, "find_spec", lambda name: None)
    assert bleu_tokenizer(references) == tokenizer
    assert (why_tokenizer(references) == "") == (tokenizer == "13a")


def test_japanese_and_korean_are_parted_into_words_where_that_is_installed(monkeypatch):
    monkeypatch.setattr(judging, "find_spec", lambda name: name)
    assert [bleu_tokenizer(references) for references in (JAPANESE, KOREAN, CHINESE)] == ["ja-mecab", "ko-mecab", "zh"]
    assert "Japanese: BLEU reads" in why_tokenizer(JAPANESE)
    monkeypatch.setattr(judging, "find_spec", lambda name: None)
    assert "Japanese and its tokenizer is not installed here" in why_tokenizer(JAPANESE)


@pytest.mark.parametrize("references", [CHINESE, JAPANESE, KOREAN, THAI, ["J'aime beaucoup ce film.", "Il fait beau."]])
def test_the_references_themselves_are_perfect(references):
    judge = Judge(references)
    assert judge(references) == pytest.approx((100, 100))
    assert f"tok:{judge.tokenizer}|" in judge.signatures["BLEU"] and judge.signatures["BLEU"].startswith("BLEU|nrefs:1|")
    assert judge.signatures["chrF"].endswith(f"|version:{sacrebleu.__version__}")


def test_scores_are_sacrebleus():
    texts = ["我喜欢电影。", "今天天气很好。"]
    judge = Judge(CHINESE)
    assert judge(texts) == (
        sacrebleu.corpus_chrf(texts, [CHINESE]).score,
        sacrebleu.corpus_bleu(texts, [CHINESE], tokenize="zh").score,
    )
    assert judge(texts)[1] > Judge(CHINESE, "13a")(texts)[1]
    assert Judge([pair.target for pair in bundled_evaluation()]).tokenizer == "13a"


def test_tokenizers_that_there_are_not():
    with pytest.raises(ValueError, match="must be one of"):
        Judge(CHINESE, "klingon")
    with pytest.raises(ValueError, match=r"ja-mecab is not installed: install it with pip install \"sacrebleu\[ja\]\""):
        Judge(JAPANESE, "ja-mecab")
