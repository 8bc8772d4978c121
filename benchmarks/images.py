"""Milliseconds per evaluation and insertion/deletion AUC on photos: Swing, Captum and shap on one classifier.

    python -m benchmarks.images             five sample photos, two seeds
    python -m benchmarks.images --quick     two photos, one seed

All explain EfficientNet-Lite0's log-odds of its first answer, patches of a 7 × 7 grid, absent ones in the mean colour.
Peers run the packaged torch network, as their users would, in batches of 16; Swing runs its own ONNX Runtime session.
A second table gives the peers that session too, so that what is left is each library's own cost. shap's Partition
divides the picture itself, by its image masker; Permutation needs two evaluations per player and pixel, so it gets the
49 patches. Values are compared before anything is timed.

AUC: the class's probability, averaged while the heaviest patches are put in one by one (insertion, higher is better)
or taken out (deletion, lower is better), for equal numbers of evaluations. `gap` is insertion − deletion, `behind` how
much less of it than Swing's Banzhaf values, with the standard error of that difference over photos and seeds.
"""

import argparse
import time
import warnings

import numpy as np

from model import load_image_classifier, read_image
from model.assets import ASSETS
from model.image.classifier import _torch
from model.image.pixels import normalise
from xai import explain
from xai.trust.curves import curves_of, order_of, steps_of

SAMPLES = ASSETS / "samples" / "images"
PHOTOS = ("chelsea", "coffee", "camera", "rocket", "astronaut")
GRID, BATCH = (7, 7), 16
PEERS = ("Captum KernelShap", "shap Partition", "shap Permutation")
OURS = {"Swing Banzhaf": "banzhaf", "Swing Shapley": "shapley"}


class Counted:
    """A function of the model's input, float32 (m, 3, 224, 224), that counts the pictures it is asked for."""

    def __init__(self, run, index: int):
        self.run, self.index, self.evaluations = run, index, 0

    def __call__(self, inputs) -> np.ndarray:
        inputs = np.ascontiguousarray(inputs, dtype=np.float32)
        self.evaluations += len(inputs)
        logits = np.concatenate([self.run(inputs[i : i + BATCH]) for i in range(0, len(inputs), BATCH)])
        logits = logits.astype(np.float64)
        own = logits[:, self.index].copy()
        logits[:, self.index] = -np.inf
        return own - np.logaddexp.reduce(logits, axis=1)


class Photo:
    """A photo, Swing's game of it, and what the peers need."""

    def __init__(self, classifier, name: str):
        self.name = name
        image = read_image((SAMPLES / f"{name}.jpg").read_bytes())
        self.index = classifier.top(image, 1)[0].index
        self.game = classifier.game(image, self.index, GRID)
        self.pixels = classifier.pixels(image)
        self.mean = np.broadcast_to(np.rint(self.pixels.mean((0, 1))), self.pixels.shape).astype(np.float32)
        self.labels = np.kron(np.arange(49).reshape(GRID), np.ones((32, 32), int))

    def inputs(self, coalitions) -> np.ndarray:
        there = np.asarray(coalitions, bool)[:, self.labels][:, None]
        return np.where(there, normalise(self.pixels), normalise(self.mean))


def captum(photo: Photo, values: Counted, budget: int, seed: int) -> np.ndarray:
    import torch
    from captum.attr import KernelShap

    torch.manual_seed(seed)
    method = KernelShap(lambda inputs: torch.from_numpy(values(inputs.numpy())))
    out = method.attribute(
        torch.from_numpy(normalise(photo.pixels))[None],
        baselines=torch.from_numpy(normalise(photo.mean))[None],
        feature_mask=torch.from_numpy(photo.labels)[None, None],
        n_samples=budget,
        perturbations_per_eval=BATCH,
    )
    return per_patch(photo, out[0, 0].numpy(), np.mean)


def partition(photo: Photo, values: Counted, budget: int, seed: int) -> np.ndarray:
    import shap

    def of_pictures(pictures):
        return values(np.stack([normalise(picture) for picture in pictures]))

    np.random.seed(seed)
    method = shap.explainers.Partition(of_pictures, shap.maskers.Image(photo.mean))
    picture = photo.pixels[None].astype(np.float32)
    out = method(picture, max_evals=budget, batch_size=BATCH, silent=True).values[0]
    return per_patch(photo, out.sum(axis=2), np.sum)


def permutation(photo: Photo, values: Counted, budget: int, seed: int) -> np.ndarray:
    import shap

    n = photo.game.n_players
    method = shap.explainers.Permutation(lambda z: values(photo.inputs(z)), np.zeros((1, n)), seed=seed)
    return method(np.ones((1, n)), max_evals=budget, batch_size=BATCH, silent=True).values[0]


RUN = dict(zip(PEERS, (captum, partition, permutation)))


def per_patch(photo: Photo, heat: np.ndarray, how) -> np.ndarray:
    return np.array([how(heat[photo.labels == player]) for player in range(photo.game.n_players)])


def swing(photo: Photo, index: str, budget: int, seed: int):
    return explain(photo.game, index=index, budget=budget, seed=seed)


def timed(photo: Photo, run, budget: int) -> dict[str, float]:
    """Seconds per evaluation, everything included; peers evaluate by `run`. The first, small calls warm up."""
    seconds = {}
    for name in OURS:
        swing(photo, OURS[name], 16, 0)
        started = time.perf_counter()
        result = swing(photo, OURS[name], budget, 0)
        seconds[name] = (time.perf_counter() - started) / result.evaluations
    for name in PEERS:
        RUN[name](photo, Counted(run, photo.index), 120, 0)
        values = Counted(run, photo.index)
        started = time.perf_counter()
        RUN[name](photo, values, budget, 0)
        seconds[name] = (time.perf_counter() - started) / values.evaluations
    return seconds


def areas(photo: Photo, heat) -> tuple[float, float]:
    """Insertion and deletion AUC of the class's probability, patches in the order of their values."""
    counts = np.arange(photo.game.n_players + 1)
    log_odds = photo.game(steps_of(order_of(heat), counts))
    curves = curves_of(1 / (1 + np.exp(-log_odds)), counts)
    return curves.insertion_auc, curves.deletion_auc


def scores(photos, run, budget: int, seeds: int) -> dict[str, np.ndarray]:
    """(photos · seeds, 2) insertion and deletion AUC of every method; all evaluate by one session."""
    table: dict[str, list] = {name: [] for name in (*OURS, *PEERS, "random")}
    for photo in photos:
        for seed in range(seeds):
            for name in OURS:
                table[name].append(areas(photo, swing(photo, OURS[name], budget, seed).values))
            for name in PEERS:
                table[name].append(areas(photo, RUN[name](photo, Counted(run, photo.index), budget, seed)))
            table["random"].append(areas(photo, np.random.default_rng(seed).random(photo.game.n_players)))
    return {name: np.array(rows) for name, rows in table.items()}


def check(photo: Photo, network) -> float:
    """Largest difference between Swing's values and the peers' functions on the same coalitions; raises if large."""
    z = np.random.default_rng(0).random((8, photo.game.n_players)) < 0.5
    z[0] = True
    worst = float(np.abs(photo.game(z) - Counted(network, photo.index)(photo.inputs(z))).max())
    if worst > 1e-3:
        raise SystemExit(f"the ways disagree by {worst:.1e}: nothing is timed")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--budget", type=int, default=256)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers' own
    classifier, network = load_image_classifier("cpu"), _torch("cpu")
    photos = [Photo(classifier, name) for name in (PHOTOS[:2] if arguments.quick else PHOTOS)]
    print(f"Largest difference between the ways on {photos[0].name}: {check(photos[0], network):.0e}\n")
    print("| evaluating by | " + " | ".join(f"{name}, ms" for name in (*OURS, *PEERS)) + " | × Captum | × shap |")
    print("|---|" + "---|" * (len(OURS) + len(PEERS) + 2))
    for title, run in (("each its own", network), ("one session", classifier.logits)):
        took = timed(photos[0], run, arguments.budget)
        slowest, fastest = max(took[name] for name in OURS), min(took[name] for name in PEERS[1:])
        cells = [f"{1e3 * took[name]:.1f}" for name in (*OURS, *PEERS)]
        ratios = [f"{took[PEERS[0]] / slowest:.1f}", f"{fastest / slowest:.1f}"]
        print("| " + " | ".join([title, *cells, *ratios]) + " |", flush=True)
    table = scores(photos, classifier.logits, arguments.budget, 1 if arguments.quick else 2)
    print(f"\n| {arguments.budget} evaluations | insertion | deletion | gap | behind |\n|---|---|---|---|---|")
    best = table["Swing Banzhaf"] @ [1, -1]
    for name, rows in table.items():
        behind = best - rows @ [1, -1]
        spread = behind.std(ddof=1) / np.sqrt(len(behind))
        means = [*rows.mean(axis=0), (rows @ [1, -1]).mean()]
        cells = [*(f"{m:.3f}" for m in means), f"{behind.mean():+.3f} ± {spread:.3f}"]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
