"""Which sentence of a document the answer stands on, on the bundled Gemma 3: Swing beside other methods at equal tokens.

    python -m benchmarks.documents.long_context                       all texts and kinds, 20 sentences: docs/long_context.csv
    … --sentences 50 --languages English --kinds single --depths 4    longer documents (50: some 1,000 tokens), a part of them
    … --methods "Swing, tree" --readings 50                           some methods, at the cost of so many whole readings
    … --summary                                                       the table of what the CSV holds, no model

Facts are planted among other sentences at even depths (`planted`): one; two that must be joined; the same fact twice; two
that contradict each other; a number among those of others. Only documents count that the model answers rightly: its greedy
answer names what was planted, of two that contradict each other one, whose sentence then is the evidence. All methods
(`rivals`) get as many tokens as leaving out each sentence once takes, by plain passes; what takes another number by its
nature takes that.
First: the highest score is of a planted sentence. Five: share of the planted sentences among the five highest.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.documents.planted import KINDS, LANGUAGES, Planted, plant
from benchmarks.documents.rivals import METHODS, Sentences
from benchmarks.parts.command import header, options, row, timed, write_csv
from model import load_gemma
from model.document.game import DocumentGame, prompt_of

ANSWER = 24  # tokens, at most
WHICH = ["language", "kind", "sentences", "depth", "seed"]
Record = dict[str, str | float]


def measure(gemma, asked: Planted, seed: int, methods: list[str], readings: int) -> list[Record]:
    """A record for each method; one without a method where the model's answer is wrong. readings : 0 for the default"""
    answer = gemma.generate(prompt_of(asked.text, asked.question), max_new_tokens=ANSWER, stop="\n")
    evidence = asked.evidence(answer)
    if not evidence:
        return [{"right": 0, "method": ""}]
    sentences = Sentences(gemma, DocumentGame(gemma, asked.text, asked.question, answer), asked.question)
    planted = [i for i, part in enumerate(sentences.parts) if asked.text[part.start : part.end].strip() in evidence]
    assert len(planted) == len(evidence), (evidence, sentences.labels)
    found = []
    for name in methods:
        sentences.spent = 0.0
        seconds, scores = timed(METHODS[name], sentences, (readings or sentences.n_players) * sentences.whole, seed)
        best = np.argsort(-scores, kind="stable")[:5]
        hits = {"first": float(best[0] in planted), "five": float(np.isin(planted, best).mean())}
        spent = {"readings": sentences.spent / sentences.whole, "seconds": seconds}
        found.append({"tokens": sentences.whole, "right": 1, "method": name} | hits | spent)
    return found


def keep(out: Path, records: list[Record]) -> None:
    """Put records of one document into the CSV, in the place of earlier ones."""
    path, fresh = out / "long_context.csv", pd.DataFrame(records)
    if path.exists():
        known = pd.read_csv(path)
        there = known.set_index(WHICH).index.isin(fresh.set_index(WHICH).index)
        fresh = pd.concat([known[~there], fresh])
    write_csv(path, fresh.to_dict("records"))


def summary(path: Path) -> None:
    """Tables of all documents of a length."""
    known = pd.read_csv(path)
    for sentences, some in known.groupby("sentences"):
        documents = some.drop_duplicates(WHICH)
        right = f"the model answers {documents.right.sum():.0f} of {len(documents)} documents rightly"
        print(f"\n{sentences} sentences, {some.tokens.mean():.0f} tokens: {right}")
        header("", "first", *KINDS, "five", "readings", "seconds")
        told = some[some.right == 1]
        for method in METHODS:
            own = told[told.method == method]
            if len(own):
                kinds = [own[own.kind == kind]["first"] for kind in KINDS]
                cells = [f"{one.sum():.0f} of {len(one)}" for one in kinds]
                means = own[["five", "readings", "seconds"]].mean()
                row(method, f"{own['first'].mean():.2f}", *cells, *(f"{one:.2f}" for one in means))


def main() -> None:
    some: dict[str, list[str]] = {"languages": [], "kinds": [], "methods": []}
    given = options(__doc__, summary=False, sentences=20, depths=2, seeds=1, readings=0, out=Path("docs"), **some)
    if not given.summary:
        gemma = load_gemma()
        depths = (np.arange(given.depths) + 0.5) / given.depths
        wanted = given.languages or LANGUAGES, given.kinds or KINDS, depths, range(given.seeds)
        for language, kind, depth, seed in product(*wanted):
            asked = plant(language, kind, given.sentences, depth, seed)
            about = dict(zip(WHICH, (language, kind, given.sentences, float(depth), seed)))
            records = [about | one for one in measure(gemma, asked, seed, given.methods or list(METHODS), given.readings)]
            keep(given.out, records)
            row(language, kind, f"{depth:.2f}", *(f"{one['method']} {one.get('first', '')}" for one in records))
    summary(given.out / "long_context.csv")


if __name__ == "__main__":
    main()
