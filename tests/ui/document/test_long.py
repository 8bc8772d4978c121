"""A document of two hundred pages: what is drawn of it stays small, whatever its length and however many parts have values."""

import re

import numpy as np
import pytest
from studies import long_study

from ui.document import picture, tree
from ui.document.keep.bundle import from_bytes, to_bytes
from ui.draw.colour import shared_scale

pytestmark = pytest.mark.slow  # a study of two hundred pages takes seconds


@pytest.fixture(scope="module")
def found():
    return long_study()


def drawn(study, at=()):
    maps = tree.maps(study, 0)
    scale = shared_scale(*maps.values())
    strips = [picture.minimap(study, one, scale, at) for one in maps.values()]
    return strips, [picture.section(study, one, scale, at) for one in maps.values()]


def tags(fragments):
    return sum(len(re.findall(r"<\w", str(one))) for one in fragments)


def test_two_hundred_pages_are_a_small_page(found):
    assert found.root.last > 60_000 and len(found.text) > 350_000
    strips, sections = drawn(found)
    assert tags(strips) <= 2 * (picture.MOST_PIECES + 2) and tags(sections) <= 2 * (3 * picture.MOST_LINES + 4)
    assert sum(len(str(one)) for one in sections) < 60_000


def test_pieces_that_are_taken_together_keep_the_length_and_the_sum(found):
    many = tree.maps(found, 0)["banzhaf"]
    assert len(many.values) > 20
    most = picture.MOST_PIECES
    for count in (20, 21, len(many.values) - 1, len(many.values), most):
        runs = picture._runs(many.values, count)
        assert [i for run in runs for i in run] == list(range(len(many.values)))
        assert len(runs) <= count + 1
        np.testing.assert_allclose(picture._added(many, runs).values.sum(), many.values.sum())
        if count >= len(many.values):
            assert [len(run) for run in runs] == [1] * len(many.values)
        else:
            heaviest = set(np.argsort(-np.abs(many.values), kind="stable")[: count // 2].tolist())
            assert heaviest <= {run[0] for run in runs if len(run) == 1}


def test_the_heaviest_lines_are_there_and_the_chosen_part_is_framed(found):
    maps = tree.maps(found, 0)
    at = found.frontier[int(np.argmax(np.abs(maps["banzhaf"].values)))]
    strips, sections = drawn(found)
    begins = " ".join(found.text[found.root.at(at).start : found.root.at(at).end].split())[:40]
    assert all(begins in str(one) for one in sections)
    strips, _ = drawn(found, at)
    assert all(str(one).count("swing-here") == 1 for one in strips)


def test_its_file_opens_again(found):
    data = to_bytes(found)
    again = from_bytes(data)
    assert again.frontier == found.frontier and again.judged == found.judged
