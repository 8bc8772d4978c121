"""Runs of pre-training: what a user measured at several sizes of one data set.

Columns: tokens of pre-training, a score (BLEU or another where more is better), and where there are, cross-entropy, the
shares of the source and target language in the pre-training mix, the size of the fine-tuning set, and the data set's
name. Runs of different data sets, mixes or fine-tuning sizes follow different laws, so each combination is a set of
its own.
"""

from dataclasses import dataclass

import numpy as np

from xai.scaling.uploads import amount, numbers, plain
from xai.typing import Floats

SCORES = ("score", "bleu", "chrf", "comet", "rouge", "rouge_l", "accuracy", "sacrebleu", "spbleu", "bleurt", "f1")
COLUMNS = {
    "tokens": ("tokens", "pretraining_tokens", "pre_training_tokens", "d", "d_p"),
    "score": SCORES,
    "cross_entropy": ("cross_entropy", "crossentropy", "loss", "ce"),
    "source_share": ("source_share", "p_src", "p_source"),
    "target_share": ("target_share", "p_dest", "p_target"),
    "fine_tuning": ("fine_tuning", "finetuning", "fine_tuning_tokens", "finetuning_tokens", "fine_tuning_size"),
    "data": ("data", "data_set", "dataset", "name"),
}
SIZES = ("tokens", "fine_tuning")  # columns whose cells may be written as 300B


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of one data set, sorted by tokens.

    Attributes
    ----------
    tokens, score : (m,);  cross_entropy : (m,) in nats per token, or None
    source_share, target_share : of the two languages in the mix, 0 to 1, or None
    fine_tuning : tokens or examples of the fine-tuning set, or None
    name : the data set's, with its mix and fine-tuning size where the table has several;  score_name : "BLEU", …
    """

    tokens: Floats
    score: Floats
    cross_entropy: Floats | None = None
    source_share: float | None = None
    target_share: float | None = None
    fine_tuning: float | None = None
    name: str = "runs"
    score_name: str = "score"

    def __post_init__(self) -> None:
        tokens, score = np.array(self.tokens, dtype=np.float64), np.array(self.score, dtype=np.float64)
        loss = None if self.cross_entropy is None else np.array(self.cross_entropy, dtype=np.float64)
        if tokens.ndim != 1 or not len(tokens) or score.shape != tokens.shape:
            raise ValueError(f"runs need as many scores as sizes, at least one; got {tokens.shape} and {score.shape}")
        if loss is not None and loss.shape != tokens.shape:
            raise ValueError(f"runs need one cross-entropy each, or none at all; got {loss.shape} for {tokens.shape}")
        for what, column in (("tokens", tokens), ("cross-entropy", loss)):
            if column is not None and not ((column > 0) & np.isfinite(column)).all():
                bad = column[~((column > 0) & np.isfinite(column))][0]
                raise ValueError(f"{what} must be above 0; got {bad:g}: correct that run, or leave it out")
        if not np.isfinite(score).all():
            raise ValueError("every run needs a finite score: leave out the runs without one")
        order = np.argsort(tokens, kind="stable")
        object.__setattr__(self, "tokens", tokens[order])
        object.__setattr__(self, "score", score[order])
        object.__setattr__(self, "cross_entropy", None if loss is None else loss[order])

    @property
    def alignment(self) -> float | None:
        """Alignment score of the mix with the task; None where the table has no shares."""
        if self.source_share is None or self.target_share is None:
            return None
        return alignment(self.source_share, self.target_share)


def alignment(source_share: float, target_share: float) -> float:
    """A(D,T) = P_src·P_dest + 0.7·P_src + 0.8·P_dest (arXiv 2402.04177): 1 for halves, 0.7 and 0.8 for one language.

    source_share, target_share : of the two languages of the translation in the pre-training data
    """
    shares = (source_share, target_share)
    if not all(0.0 <= share <= 1.0 for share in shares) or sum(shares) > 1.0 + 1e-9:
        raise ValueError(
            f"shares of the languages in a mix lie between 0 and 1 and sum to at most 1; "
            f"got {source_share:g} and {target_share:g}: write a half as 0.5, not 50"
        )
    return source_share * target_share + 0.7 * source_share + 0.8 * target_share


def runs_of(table: dict[str, list[str]]) -> list[Runs]:
    """The sets of runs in a table (texts by column), in the order of their first rows; ValueError with one sentence else.

    Columns are known by the names in COLUMNS, whatever their capitals, spaces and hyphens; other columns are ignored.
    """
    known = _known(list(table))
    for needed in ("tokens", "score"):
        if needed not in known:
            names = " or ".join(COLUMNS[needed][: 3 if needed == "score" else 1])
            raise ValueError(f"the table has no column {names}; it has {', '.join(table)}: name it in the first line")
    rows = len(table[known["tokens"]])
    columns = {key: numbers(name, table[name], amount if key in SIZES else float) for key, name in known.items() if key != "data"}
    if (columns.get("fine_tuning", np.zeros(1)) < 0).any():
        raise ValueError(f"{known['fine_tuning']} has a negative size: give the tokens of the fine-tuning set, or 0")
    data = table[known["data"]] if "data" in known else [""] * rows
    traits = [key for key in ("source_share", "target_share", "fine_tuning") if key in columns]
    keys = list(zip(data, *(columns[key].tolist() for key in traits)))
    varying = [key for i, key in enumerate(traits) if len({k[i + 1] for k in keys}) > 1]
    distinct = dict.fromkeys(keys)
    if len({key[0] for key in distinct}) == len(distinct):
        varying = []  # the names alone tell them apart
    sets = []
    for key in distinct:
        mine = [i for i, other in enumerate(keys) if other == key]
        facts = dict(zip(traits, key[1:]))
        labels = [key[0]] + [f"{trait.replace('_', ' ')} {facts[trait]:g}" for trait in varying]
        loss = columns["cross_entropy"][mine] if "cross_entropy" in columns else None
        name = ", ".join(filter(None, labels)) or "runs"
        if {"source_share", "target_share"} <= set(traits):
            alignment(facts["source_share"], facts["target_share"])  # refuse shares that are none
        tokens, score = columns["tokens"][mine], columns["score"][mine]
        sets.append(Runs(tokens, score, loss, **facts, name=name, score_name=known["score"]))
    return sets


def _known(names: list[str]) -> dict[str, str]:
    """Which of the table's columns holds what; ValueError where two claim the same."""
    known = {}
    for key, aliases in COLUMNS.items():
        found = [name for name in names if plain(name).removesuffix("_score") in aliases]
        if len(found) > 1:
            what = key.replace("_", " ")
            raise ValueError(f"the columns {' and '.join(found)} both hold the {what}: keep one of them")
        if found:
            known[key] = found[0]
    return known
