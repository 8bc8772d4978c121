"""Verdicts on generated runs, the ranking of data sets, and what is said of a bad upload."""

from pathlib import Path

import numpy as np
import pytest
from runs import read_runs

from benchmarks.scaling_samples import FILES, SCORED, main
from xai.scaling.runs import Runs, alignment
from xai.scaling.verdict import judge, rank

SAMPLES = Path(__file__).parents[3] / "assets" / "samples" / "scaling"
SIZES = np.logspace(9, 11.5, 8)
BLEU = (-3 + 0.5 * np.log(SIZES)) ** 1.4
LOSS = 1.5 + 400 / SIZES**0.3
FALLING = BLEU[2] * (SIZES / SIZES[2]) ** -0.05


def noisy(values, noise, seed=0):
    return values * np.exp(noise * np.random.default_rng(seed).standard_normal(len(values)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("kind", "score", "loss"),
    [
        ("fits", BLEU, LOSS),
        ("fits", BLEU, None),
        ("misaligned", FALLING, LOSS),
        ("misaligned", np.append(BLEU[:4], BLEU[3] * np.array([0.99, 0.95, 0.9, 0.82])), LOSS),
        ("misaligned", BLEU * [1, 1.2, 0.8, 1.1, 0.75, 1.2, 0.8, 1], LOSS),
        ("breaks", FALLING, None),
        ("breaks", FALLING, LOSS[::-1]),
        ("flat", np.full(8, 30.0), LOSS),
        ("flat", np.linspace(30, 29.4, 8), LOSS),
    ],
    ids=["aligned", "no loss", "falls", "rises, falls", "fluctuates", "falls, no loss", "both worsen", "flat", "sinks"],
)
def test_verdicts(kind, score, loss, seed):
    runs = Runs(SIZES, noisy(score, 0.01, seed), None if loss is None else noisy(loss, 0.002, seed + 50))
    assert judge(runs).kind == kind


def test_a_step_that_no_law_makes_breaks():
    score = np.array([10, 10.1, 10.2, 10.3, 18, 18.1, 18.2, 18.3])
    verdict = judge(Runs(SIZES, score))
    assert verdict.kind == "breaks"
    assert "fluctuates" in verdict.text or "misses" in verdict.text


def test_a_law_that_bends_late_is_caught_by_the_runs_left_out():
    score = np.exp(np.interp(np.log(SIZES), np.log(SIZES)[[0, 3, 7]], [2.0, 2.5, 2.5]))
    verdict = judge(Runs(SIZES, score))
    assert verdict.held_out.error > 0.1
    assert verdict.kind == "breaks"


def test_misaligned_says_whom_to_trust_and_what_to_do():
    verdict = judge(Runs(SIZES, FALLING, LOSS, score_name="BLEU"))
    assert verdict.title == "Misaligned: trust BLEU, not cross-entropy"
    assert f"{verdict.fall:.0%} below its best" in verdict.text
    assert f"improves by {-verdict.loss_change:.1%}" in verdict.text
    assert "no pre-training" in verdict.text
    assert verdict.loss.law.parameters["α"] == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("sizes", [[1e9], [1e9, 1e10], [1e9, 1e9, 1e10, 1e10]])
def test_too_few_sizes(sizes):
    verdict = judge(Runs(sizes, [20.0] * len(sizes), [2.0] * len(sizes)))
    assert verdict.kind == "too few"
    assert verdict.score is None
    assert f"Measure {3 - len(set(sizes))} more" in verdict.text


def test_three_sizes_fit_and_say_that_they_cannot_be_tested():
    verdict = judge(Runs(SIZES[:3], BLEU[:3]))
    assert verdict.kind == "fits"
    assert verdict.held_out is None
    assert "measure a fourth size" in verdict.text


def test_three_sizes_that_no_law_meets_are_not_called_flat():
    assert judge(Runs(SIZES[:3], [30.0, 20.0, 31.0], LOSS[:3])).kind == "misaligned"
    assert judge(Runs(SIZES[:3], [30.0, 20.0, 31.0])).kind == "breaks"
    assert judge(Runs(SIZES[:3], [30.0, 29.7, 30.2], LOSS[:3])).kind == "flat"


def test_noisy_runs_that_rise_clearly_do_not_make_cross_entropy_mislead():
    verdict = judge(Runs(SIZES, BLEU * [1, 1.09, 0.92, 1.08, 0.93, 1.08, 0.92, 1.07], LOSS, score_name="BLEU"))
    assert verdict.kind == "breaks"
    assert "BLEU rises by" in verdict.text
    assert "other seeds" in verdict.text
    assert "misleads" not in verdict.text


def test_a_cross_entropy_that_worsens_while_the_score_follows_its_law_is_noted():
    verdict = judge(Runs(SIZES, BLEU, LOSS[::-1], score_name="BLEU"))
    assert verdict.kind == "fits"
    assert "trust BLEU, not cross-entropy" in verdict.notes[0]
    assert not judge(Runs(SIZES, BLEU, LOSS)).notes


def test_scores_of_zero_or_less_count_as_a_fall():
    runs = Runs(SIZES, np.append(BLEU[:6], [0.0, -1.0]), LOSS)
    verdict = judge(runs)
    assert verdict.kind == "misaligned"
    assert "2 runs have scores of 0 or less" in verdict.notes[0]
    assert len(verdict.score.tokens) == 6
    assert judge(Runs(SIZES, np.zeros(8))).kind == "too few"
    assert judge(Runs(SIZES, -BLEU)).kind == "too few"


def test_order_does_not_matter_and_duplicates_are_one_size():
    score = noisy(BLEU, 0.01)
    mixed = np.random.default_rng(0).permutation(8)
    straight, shuffled = judge(Runs(SIZES, score, LOSS)), judge(Runs(SIZES[mixed], score[mixed], LOSS[mixed]))
    assert straight.text == shuffled.text
    assert straight.score.law == shuffled.score.law
    twice = judge(Runs(np.repeat(SIZES, 2), np.repeat(score, 2) * np.tile([0.99, 1.01], 8)))
    assert twice.kind == "fits"
    assert twice.held_out.fitted == 8


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_any_positive_sizes_get_a_verdict_and_bands_without_nan(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 12))
    sizes = 10 ** rng.uniform(*[(0, 15), (8, 12), (9, 9.001)][seed % 3], count)
    sizes = rng.choice(sizes, count) if seed % 4 == 0 else sizes
    wild = [10 ** rng.uniform(-6, 6, count), rng.uniform(-5, 100, count), np.full(count, 30.0), np.log(sizes + 2)]
    loss = [10 ** rng.uniform(-6, 6, count), rng.uniform(1, 3, count), None][seed % 3]
    runs = Runs(sizes, wild[seed // 3 % 4], loss)
    verdict = judge(runs)
    assert len(rank([runs], 1e13, [verdict])) == 1
    for found in filter(None, (verdict.score, verdict.loss)):
        far = np.logspace(0, 16, 5)
        assert np.isfinite(found.law(far)).all()
        for band in filter(None, (found.band(far), found.band(far, new_run=True))):
            assert np.isfinite(band).all()
            assert (band[0] <= band[1]).all()


def test_ranking_is_by_prediction_and_puts_lawless_sets_last():
    slow = Runs(SIZES, noisy((5 + 0.1 * np.log(SIZES)) ** 1.5, 0.005), name="slow")  # ahead at every measured size
    fast = Runs(SIZES, noisy((-9 + 0.7 * np.log(SIZES)) ** 1.3, 0.005, 1), name="fast")
    wrong = Runs(SIZES, 3 * FALLING, LOSS, name="wrong")
    near, far = rank([wrong, fast, slow], 1e9), rank([wrong, fast, slow], 1e16)
    assert [r.name for r in near] == ["slow", "fast", "wrong"]
    assert [r.name for r in far] == ["fast", "slow", "wrong"]
    assert far[0].first > 0.95
    assert far[0].low < far[0].predicted < far[0].high
    assert far[0].first + far[1].first == pytest.approx(1.0)
    assert far[2].predicted is None
    assert far[2].kind == "misaligned"
    assert far[2].best == pytest.approx(3 * FALLING.max())
    with pytest.raises(ValueError, match="tokens above 0"):
        rank([slow], 0)
    with pytest.raises(ValueError, match="ranked by one score"):
        rank([slow, Runs(SIZES, BLEU, score_name="COMET")], 1e12)


def test_alignment_of_the_cases_that_the_paper_normalises_by():
    assert alignment(0.5, 0.5) == pytest.approx(1.0)
    assert alignment(1.0, 0.0) == pytest.approx(0.7)
    assert alignment(0.0, 1.0) == pytest.approx(0.8)
    assert alignment(0.0, 0.0) == 0.0
    for shares in ((50, 50), (-0.1, 0.5), (0.7, 0.7), (float("nan"), 0.5)):
        with pytest.raises(ValueError, match="write a half as 0.5"):
            alignment(*shares)


@pytest.mark.slow
def test_the_samples_get_the_verdicts_that_they_were_made_for():
    kinds = {name: [judge(runs).kind for runs in read_runs((SAMPLES / name).read_bytes())] for name in FILES}
    assert kinds == {"aligned.csv": ["fits"], "misaligned.csv": ["misaligned"], "several.csv": ["fits", "fits", "misaligned"]}
    several = read_runs((SAMPLES / "several.csv").read_text())
    assert all("synthetic" in runs.name for runs in several)
    assert [runs.alignment for runs in several] == pytest.approx([0.8, 1.0, 0.0775])
    assert several[0].score_name == "BLEU"
    assert rank(several, 1e12)[0].name == "even mix (synthetic)"


def test_the_samples_are_what_their_command_writes(tmp_path):
    main(tmp_path)
    for name in (*FILES, SCORED):
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_sets_differ_by_name_mix_and_fine_tuning_size():
    table = "Pre-training tokens;BLEU;fine-tuning size;comment\n2e9;21;1e6;x\n1e9;20;1e6;y\n1e9;25;1e8;z\n"
    small, large = read_runs(table)
    assert small.tokens.tolist() == [1e9, 2e9]
    assert small.score.tolist() == [20, 21]
    assert (small.fine_tuning, large.fine_tuning) == (1e6, 1e8)
    assert (small.name, large.name) == ("fine tuning 1e+06", "fine tuning 1e+08")
    assert small.cross_entropy is None
    assert small.alignment is None
    assert read_runs(b"\xef\xbb\xbftokens,score\r\n\r\n1e9,20\r\n")[0].name == "runs"


def test_sizes_and_columns_may_be_written_as_spreadsheets_do():
    (runs,) = read_runs('Pretraining tokens,SacreBLEU score,,\n"3,000,000,000",21,,\n1B,20,,\n 10.5 B,25,,\n')
    assert runs.tokens.tolist() == [1e9, 3e9, 10.5e9]
    assert runs.score.tolist() == [20, 21, 25]
    for odd in ("1,5B", "1.000.000", "10,00", "B", "1e400", "1 B B"):
        with pytest.raises(ValueError, match="row 1 of column 'tokens'"):
            read_runs(f'tokens,score\n"{odd}",20\n')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no rows"),
        ("tokens,score\n", "no rows"),
        (b"\xff\xfe\x00a", "not text in an encoding"),
        ("size,score\n1,2\n", "no column tokens; it has size, score"),
        ("tokens,loss\n1,2\n", "no column score or bleu or chrf"),
        ("tokens,score\n1e9,many\n", "row 1 of column 'score': 'many' is not a number"),
        ("tokens,score\n1e9,20\n2e9,\n", "row 2 of column 'score': the cell is empty"),
        ("tokens,score\n1e9,nan\n", "is not finite"),
        ("tokens,score\n1e9,1e300\n", "is not finite"),
        ("tokens,score\n1e9,20,3\n", "line 2 has 3 cells under 2"),
        ("tokens,tokens\n1,2\n", "name of its own; got 'tokens' 2 times"),
        ("tokens,,score\n1,2,3\n", "name of its own; got ''"),
        ("tokens,BLEU,score\n1,2,3\n", "BLEU and score both hold the score"),
        ("tokens,score\n0,20\n", "tokens must be above 0; got 0"),
        ("tokens,score,cross-entropy\n1e9,20,-1\n", "cross-entropy must be above 0"),
        ("tokens,score,p_src,p_dest\n1e9,20,50,50\n", "write a half as 0.5"),
        ('tokens,score\n1e9,"20\n', "cannot be read as CSV"),
        ("tokens,score\n" + "1e9,20\n" * 10_001, "10001 rows; at most 10000"),
        ("tokens,BLEU,fine-tuning tokens\n1e6,20,-5\n1e7,30,-5\n", "negative size"),
    ],
)
def test_a_bad_upload_gets_one_sentence(content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_runs(content)
    assert "\n" not in str(caught.value)


def test_bad_arrays():
    with pytest.raises(ValueError, match="as many scores as sizes"):
        Runs([1e9, 2e9], [1.0])
    with pytest.raises(ValueError, match="one cross-entropy each"):
        Runs([1e9, 2e9], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="finite score"):
        Runs([1e9], [float("nan")])
