"""What is said of evidence: of which parts either is enough, what carries a sentence of the answer, and what carries none."""

from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from studies import retrieved, study

from ui.document import sentences, tree
from ui.document.keep.report import html_report
from ui.document.picture import citations
from ui.draw.colour import signed

TOPICS = ["harbour", "lighthouse", "school", "bakery", "library", "church", "mill", "bridge"]
TEXT = "\n\n".join(f"The {topic} is old. Its keeper is Ada. It opens at noon." for topic in TOPICS)
PER = 11  # words of a paragraph; the keeper's name is its eighth


@pytest.fixture(scope="module")
def found():
    return retrieved(budget=800)


def doubled(first, second):
    """The name of two keepers, of which either is enough, and a little of everything."""
    places = [PER * first + 7, PER * second + 7]
    return study(TEXT, [lambda z: 6.0 * z[:, places].max(axis=1) + 0.02 * z.sum(axis=1)], budget=800)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 7), (3, 4), (2, 6)])
def test_a_planted_pair_is_said_in_one_sentence_with_the_share_of_each(first, second):
    found = doubled(first, second)
    nodes = found.found["banzhaf"].nodes
    said = sentences.redundant(found, 0, sentences.quoted)
    assert len(said) == 1 and said[0].count(". ") == 0
    pair = found.found["banzhaf"].redundant[0].paths
    starts = sorted(found.root.at(path).first // PER for path in pair)
    assert starts == [first, second]
    shares = [signed(tree.value(nodes[path], 0), 2) for path in pair]
    assert said[0].endswith(f"their Banzhaf values are {shares[0]} and {shares[1]}, a share for each.")
    assert "by −0.02, the other by −0.02, both by −6.04" in said[0]
    assert "keeper is Ada" in said[0]
    assert sum(tree.value(nodes[path], 0) for path in pair) > 3.0  # neither has lost its share to the other


def test_where_nothing_is_redundant_nothing_is_said():
    alone = study(TEXT, [lambda z: 6.0 * z[:, 7] + 3.0 * z[:, 18]], budget=800)
    assert sentences.redundant(alone, 0) == []


def test_an_answer_of_one_sentence_that_no_part_carries_is_said_to_be_unsupported():
    spread, negative = (study(TEXT, [lambda z, each=each: each * z.sum(axis=1)], budget=200) for each in (0.02, -0.02))
    carried = study(TEXT, [lambda z: 6.0 * z[:, 7] + 0.02 * z.sum(axis=1)], budget=200)
    for found, said in ((spread, [sentences.UNCARRIED]), (negative, [sentences.UNCARRIED]), (carried, [])):
        assert sentences.uncarried(found) == said and (sentences.UNCARRIED in unescape(str(html_report(found)))) == bool(said)
    assert sentences.uncarried(retrieved(budget=200)) == []  # the table of its sentences says it
    assert sentences.uncarried(replace(spread, once=True)) == []


def test_a_pair_is_said_of_the_sentence_that_it_carries(found):
    assert len(sentences.redundant(found, 1)) == 1
    assert sentences.redundant(found, 2) == [] and sentences.redundant(found, 3) == []


def test_each_sentence_stands_beside_the_passages_that_carry_it(found):
    paths, values, carried = tree.matrix(found)
    names = [found.root.at(path).label(found.text) for path in paths]
    assert names == ["[1] The ferry", "[3] The school", "[4] The bakery"]
    np.testing.assert_allclose(values[0], [4.0, 0.0, 4.0], atol=0.05)  # Banzhaf: half of what either is enough for
    np.testing.assert_allclose(values[1], [0.0, 5.0, 0.0], atol=0.05)
    assert carried == [True, True, False]
    drawn = str(citations(found))
    assert [drawn.count(f">{name}</th>") for name in names] == [1, 1, 1]
    assert drawn.count("<td>yes</td>") == 2 and drawn.count("<td>unsupported</td>") == 1


def test_many_small_shares_carry_nothing():
    """A text of the same kind makes any sentence likelier: an invented one is unsupported all the same."""
    every = study(TEXT, [lambda z: 0.1 * z.sum(axis=1)] * 2, ["the answer", "A."])
    assert tree.value(every.found["banzhaf"].nodes[()], 1) > 8 * np.log(2)
    assert tree.support(every, 1) == []


def test_evidence_ends_at_whole_sentences_and_fills_the_document():
    one = doubled(0, 1)
    paths = tree.evidence(one)
    kinds = {one.root.at(path).kind for path in one.frontier}
    assert "word" in kinds and not any(one.root.at(path).kind == "word" for path in paths)
    ends = [0, *(one.root.at(path).end for path in paths)]
    assert [one.root.at(path).start for path in paths] == ends[:-1] and ends[-1] == len(TEXT)


def test_what_is_judged_is_said_in_the_words_of_the_other_pages(found):
    told = sentences.judged(found, "banzhaf", 2)
    assert told.headline == found.judged["banzhaf"][2].headline
    assert "unseen coalitions" in told.sentences[1] and "Pairs of parts" not in " ".join(told.sentences)


@pytest.mark.parametrize("budget", [40, 100])
def test_exact_is_said_of_sentences_where_words_are_estimates(budget):
    text = "The cat sat on the old red mat by the door. The dog ran to the far blue hill and slept there. A bird sings."
    rng = np.random.default_rng(0)
    together, weights = rng.integers(0, len(text.split()), (30, 3)), rng.normal(size=30)
    found = study(text, [lambda z: 8.0 * z[:, 2] + z[:, together].prod(axis=2) @ weights], budget=budget)
    for index, (judgement,) in found.judged.items():
        assert judgement.worth == "exact" and sentences.judged(found, index, 0).headline.endswith(sentences.BUT_WORDS)
    whole = study("One two. Six.", [lambda z: z @ np.array([3.0, 1.0, 1.0])], budget=budget)
    for index, (judgement,) in whole.judged.items():
        assert judgement.worth == "exact" and sentences.judged(whole, index, 0).headline == judgement.headline
