"""A coarse look at a photo as the proxy of the fine one: the bundled classifier on fewer pixels, 7 × 7 patches.

    python -m benchmarks.documents.photos                two photos, 112 and 160 pixels a side: docs/two_fidelity.csv
    python -m benchmarks.documents.photos --quick --out /tmp    one photo, elsewhere

The game is EfficientNet-Lite0's log-odds of its first answer at the 224 pixels a side that it was trained on; the proxy the same
network on a picture of fewer. Its cost is the share of the pixels, which a convolution's work is in proportion to. Errors as
`benchmarks.documents.unknown` tells them.
"""

from pathlib import Path

import numpy as np

from benchmarks.documents.two_fidelity import keep
from benchmarks.documents.unknown import compared
from benchmarks.parts.command import options
from model import load_image_classifier, read_image
from model.assets import ASSETS
from model.image.classifier import ImageClassifier, _torch
from model.image.covered import SIDE, Seen

GRID, DRAWN = (7, 7), 256  # coalitions of which the correlation is measured
SAMPLES = ASSETS / "samples" / "images"


def main() -> None:
    given = options(__doc__, quick=False, budget=800, runs=4, out=Path("docs"))
    fine = load_image_classifier()
    for side in (112,) if given.quick else (112, 160):
        coarse = ImageClassifier(_torch("cpu"), fine.class_names, "coarse", Seen(side))
        cost = (side / SIDE) ** 2
        for name in ("chelsea",) if given.quick else ("chelsea", "coffee"):
            image = read_image((SAMPLES / f"{name}.jpg").read_bytes())
            index = fine.top(image, 1)[0].index

            def pair(image=image, index=index, coarse=coarse):
                return fine.game(image, index, GRID), coarse.game(image, index, GRID)

            drawn = np.random.default_rng(0).random((DRAWN, GRID[0] * GRID[1])) < 0.5
            alike = float(np.corrcoef(*(game(drawn) for game in pair()))[0, 1])
            about = {"game": f"{name}, 49 patches", "proxy": f"{side} pixels a side", "cost": cost, "correlation": alike}
            keep(given.out, [about | compared(pair, cost, given.budget, given.runs)])


if __name__ == "__main__":
    main()
