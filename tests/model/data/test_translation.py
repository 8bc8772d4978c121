"""The translation game on a tiny Gemma 3: against plain forward passes and plain greedy generation, one at a time."""

import numpy as np
import pytest
import sacrebleu
import torch

from model import load_gemma
from model.data.pairs import Pair, bundled_evaluation, bundled_examples, read_pairs
from model.data.translation import TranslationGame
from model.text.generation import Reader, join
from xai import Ledger, explain

EXAMPLES = [
    Pair("good dog", "fox", "a"),
    Pair("one two three", "four five six", "b"),
    Pair("the lazy fox", "hello", "a"),
    Pair("world", "seven eight", "b"),
]
EVALUATION = [Pair("brown dog", "the fox jumps"), Pair("she said hello world", "one"), Pair("ten", "eleven twelve ten")]
COALITIONS = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 1, 1], [0, 0, 0, 1]], bool)


@pytest.fixture(scope="module", params=[16, 512], ids=["past the window", "within the window"])
def tiny(request, tmp_path_factory):
    from tiny import write_tiny_checkpoint

    torch.manual_seed(1)
    return load_gemma(str(write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), window=request.param)))


def context_ids(gemma, game, coalition, sentence):
    """Tokens of a coalition's prompt, by deleting those of absent examples from the whole prompt's."""
    whole = game.prompt(np.ones(game.n_players, bool), sentence)
    ends = np.cumsum([0] + [len(f"English: {p.source}\nFrench: {p.target}\n") for p in game.examples]).tolist()
    encoded = gemma.encode(whole)
    owner = encoded.players(list(zip(ends, ends[1:])))[1]
    here = np.asarray(coalition)[game.members]
    return [token for token, o in zip(encoded.ids, owner) if o < 0 or here[o]]


def greedy(gemma, ids, limit, ends):
    """One row, the whole sequence run again for every token: no cache, no padding."""
    written = []
    while len(written) < limit:
        logits = gemma.model(torch.tensor([ids + written])).logits[0, -1]
        if ends(int(logits.argmax())):
            break
        written.append(int(logits.argmax()))
    return written


def test_cross_entropy_is_that_of_the_text_game(tiny):
    game = TranslationGame(tiny, EXAMPLES, EVALUATION, generate=False)
    values = game(COALITIONS)
    assert values.shape == (5, 3)
    ends = np.cumsum([0] + [len(f"English: {p.source}\nFrench: {p.target}\n") for p in EXAMPLES]).tolist()
    for i, pair in enumerate(EVALUATION):
        peer = tiny.text_game(game.prompt(np.ones(4, bool), i), f" {pair.target}", list(zip(ends, ends[1:])), "remove")
        np.testing.assert_allclose(values[:, i], peer(COALITIONS).mean(axis=1), atol=2e-5)


@pytest.mark.slow
def test_translations_are_those_of_plain_greedy_generation(tiny, monkeypatch):
    game = TranslationGame(tiny, EXAMPLES, EVALUATION)
    monkeypatch.setattr(game, "_is_end", lambda token: token % 11 == 0)  # ends some lines early, others never
    _, together = game._evaluate(COALITIONS)
    for coalition, texts in zip(COALITIONS, together):
        want = []
        for i, limit in enumerate(game._limits):
            tokens = greedy(tiny, context_ids(tiny, game, coalition, i), limit, game._is_end)
            want.append(tiny.tokenizer.decode(tokens, skip_special_tokens=True).strip())
        assert texts == want
        assert game.translations(coalition) == want
    assert len({text for texts in together for text in texts}) > 5


@pytest.mark.slow
def test_batches_change_nothing(tiny, monkeypatch):
    game = TranslationGame(tiny, EXAMPLES, EVALUATION)
    z = np.random.default_rng(0).random((12, 4)) < 0.5
    together = game(z)
    np.testing.assert_allclose(np.concatenate([game(row[None]) for row in z]), together, atol=2e-5)
    monkeypatch.setattr("model.data.translation.POSITIONS", 100)
    np.testing.assert_allclose(game(z[::-1])[::-1], together, atol=2e-5)
    assert game(z[:0]).shape == (0, 5)


def test_rows_joined_from_reads_of_other_lengths_do_not_see_each_other(tiny):
    reader = Reader(tiny.model, tiny.lock)
    long, short = tiny.encode("one two three four five six seven").ids, tiny.encode("fox").ids
    text, target = tiny.target_ids(" the dog"), tiny.target_ids(" jumps over")
    [(rows, scores)] = reader.score(reader.contexts([long, short]), [text], [target])
    alone = [reader.score(reader.contexts([ids]), [text], [target])[0] for ids in (long, short)]
    np.testing.assert_allclose(scores, np.concatenate([found for _, found in alone]), atol=2e-5)
    joined = reader.continue_greedily(join([alone[0][0], alone[1][0]]), [6, 9], lambda token: False)
    assert joined == reader.continue_greedily(rows, [6, 9], lambda token: False)
    assert joined == [greedy(tiny, ids + text, limit, lambda token: False) for ids, limit in ((long, 6), (short, 9))]
    assert reader.continue_greedily(rows, [0, 2], lambda token: False) == [[], joined[1][:2]]
    assert reader.continue_greedily(rows, [5, 5], lambda token: True) == [[], []]


def test_chrf_and_bleu_are_sacrebleus_over_the_set(tiny_gemma, monkeypatch):
    game = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)
    texts = ["the fox jumps", "one two", "eleven"]
    monkeypatch.setattr(game, "_evaluate", lambda coalitions: (np.zeros((len(coalitions), 3)), [texts] * len(coalitions)))
    values = game(COALITIONS)
    references = [[pair.target for pair in EVALUATION]]
    assert values[0, game.outputs.index("chrF")] == sacrebleu.corpus_chrf(texts, references).score
    assert values[0, game.outputs.index("BLEU")] == sacrebleu.corpus_bleu(texts, references).score


def test_groups_are_coalitions_of_their_examples(tiny_gemma):
    single = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)
    grouped = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION, players="origin")
    assert grouped.labels == ["a", "b"]
    assert single.labels == ["good dog", "one two three", "the lazy fox", "world"]
    np.testing.assert_allclose(grouped([[1, 0], [0, 1]]), single([[1, 0, 1, 0], [0, 1, 0, 1]]), atol=2e-5)
    assert grouped.prompt([True, False]).startswith("English: good dog\nFrench: fox\nEnglish: the lazy fox\n")
    assert grouped.prompt([False, False], 2) == "English: ten\nFrench:"


def test_one_ledger_serves_both_measures(tiny_gemma):
    game = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)
    ledger = Ledger(game)
    banzhaf = explain(game, index="banzhaf", method="exact", ledger=ledger)
    shapley = explain(game, index="shapley", method="exact", ledger=ledger)
    assert ledger.evaluations == 16
    for measure in ("cross-entropy", "chrF", "BLEU"):
        weights = game.weights(measure)
        assert abs(shapley.combine(weights).gap) < 1e-9
        assert banzhaf.combine(weights).values.shape == (4,)
    full = game(np.ones((1, 4), bool))[0]
    assert full @ game.weights("cross-entropy") == pytest.approx(full[:3].mean())
    assert full @ game.weights("BLEU") == full[4]
    only = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION, generate=False)
    assert only.outputs == [pair.source for pair in EVALUATION]
    with pytest.raises(ValueError, match="measure must be one of"):
        only.weights("BLEU")


def test_a_line_ends_at_its_break_and_the_text_at_special_tokens(tiny_gemma):
    game = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)
    newline = tiny_gemma.target_ids("\n")[-1]
    assert game._is_end(newline)
    assert game._is_end(tiny_gemma.tokenizer.eos_token_id)
    assert not game._is_end(tiny_gemma.target_ids("fox")[0])


def test_the_bundled_model_translates_as_it_does_alone(gemma):
    game = TranslationGame(gemma, bundled_examples()[:3], bundled_evaluation()[2:4])
    everyone = np.ones((1, 3), bool)
    some = np.vstack([everyone, ~everyone])
    scores, written = game._evaluate(some)
    want = [gemma.generate(game.prompt(everyone[0], i), stop="\n", max_new_tokens=20).strip() for i in range(2)]
    assert written[0] == want
    assert written[1] != want
    peer = gemma.text_game(game.prompt(everyone[0]), f" {game.evaluation[0].target}", "line")
    lines = np.hstack([np.repeat(some, 2, axis=1), np.ones((2, 2), bool)])
    np.testing.assert_allclose(scores[:, 0], peer(lines).mean(axis=1), atol=2e-4)
    assert (scores[0] > scores[1]).all()  # examples help


def test_the_bundled_pairs():
    examples, evaluation = bundled_examples(), bundled_evaluation()
    assert len(examples) == 16
    assert len(evaluation) == 8
    origins = [pair.origin for pair in examples]
    assert {origin: origins.count(origin) for origin in origins} == {
        "everyday": 4,
        "formal": 4,
        "numbers and dates": 4,
        "wrong language": 4,
    }
    assert not {pair.source for pair in examples} & {pair.source for pair in evaluation}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source,translation\na,b\n", "no column target; it has source, translation"),
        ("a,b\n1,2\n", "no column source and no column target"),
        ("source,target\na,\n", "target sentence of a pair is empty"),
        ("source,target\na\x07,b\n", "control character"),
        ("source,target\n" + "a,b\n" * 65, "65 pairs; at most 64"),
        ("source,target\n" + "a" * 501 + ",b\n", "501 characters; at most 500"),
        ("source,target,origin\na,b," + "o" * 501 + "\n", "an origin has 501 characters; at most 500"),
    ],
)
def test_bad_pairs_get_one_sentence(content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_pairs(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], EVALUATION), "1 to 64 examples; got 0"),
        ((EXAMPLES, []), "1 to 64 evaluation pairs; got 0"),
        ((EXAMPLES, EVALUATION, "line"), "players must be one of"),
        (([Pair("a", "b")], EVALUATION, "origin"), "have no origin"),
        ((EXAMPLES * 16, [Pair("word " * 90, "word " * 90)] * 2), "tokens together"),
    ],
)
def test_bad_games_get_one_sentence(tiny_gemma, monkeypatch, arguments, message):
    monkeypatch.setattr(tiny_gemma, "context", 500)
    with pytest.raises(ValueError, match=message) as caught:
        TranslationGame(tiny_gemma, *arguments)
    assert "\n" not in str(caught.value)


def test_coalitions_of_another_shape(tiny_gemma):
    with pytest.raises(ValueError, match=r"shape \(m, 4\)"):
        TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)(np.ones((1, 3), bool))
