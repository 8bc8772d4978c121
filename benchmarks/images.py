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

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import shap
import torch
from captum.attr import KernelShap

from benchmarks.parts.command import header, options, row, timed
from model import load_image_classifier, read_image
from model.assets import ASSETS
from model.image.classifier import _torch
from model.image.covered import Seen
from xai import explain
from xai.checks import INDICES
from xai.trust.curves import curves_of, order_of, steps_of

SAMPLES = ASSETS / "samples" / "images"
PHOTOS = ("chelsea", "coffee", "camera", "rocket", "astronaut")
GRID, BATCH = (7, 7), 16
normalise = Seen().normalise


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
    def of_pictures(pictures):
        return values(np.stack([normalise(picture) for picture in pictures]))

    np.random.seed(seed)
    method = shap.explainers.Partition(of_pictures, shap.maskers.Image(photo.mean))
    picture = photo.pixels[None].astype(np.float32)
    out = method(picture, max_evals=budget, batch_size=BATCH, silent=True).values[0]
    return per_patch(photo, out.sum(axis=2), np.sum)


def permutation(photo: Photo, values: Counted, budget: int, seed: int) -> np.ndarray:
    n = photo.game.n_players
    method = shap.explainers.Permutation(lambda z: values(photo.inputs(z)), np.zeros((1, n)), seed=seed)
    return method(np.ones((1, n)), max_evals=budget, batch_size=BATCH, silent=True).values[0]


def per_patch(photo: Photo, heat: np.ndarray, how) -> np.ndarray:
    return np.array([how(heat[photo.labels == player]) for player in range(photo.game.n_players)])


def ours(index: str, photo: Photo, run, budget: int, seed: int):
    """Values of a photo's patches by Swing, and the evaluations spent; by its own session, not by `run`."""
    found = explain(photo.game, index=index, budget=budget, seed=seed)
    return found.values, found.evaluations


def theirs(method: Callable, photo: Photo, run, budget: int, seed: int):
    """The same by a peer, which evaluates by `run`."""
    values = Counted(run, photo.index)
    return method(photo, values, budget, seed), values.evaluations


PEERS = {"Captum KernelShap": captum, "shap Partition": partition, "shap Permutation": permutation}
WAYS = {f"Swing {index.capitalize()}": partial(ours, index) for index in INDICES}
WAYS |= {name: partial(theirs, method) for name, method in PEERS.items()}


def seconds_of(photo: Photo, run, budget: int) -> dict[str, float]:
    """Seconds per evaluation, everything included; peers evaluate by `run`. The first, small calls warm up."""
    seconds = {}
    for name, way in WAYS.items():
        way(photo, run, 120, 0)
        took, (_, evaluations) = timed(way, photo, run, budget, 0)
        seconds[name] = took / evaluations
    return seconds


def areas(photo: Photo, heat) -> tuple[float, float]:
    """Insertion and deletion AUC of the class's probability, patches in the order of their values."""
    counts = np.arange(photo.game.n_players + 1)
    log_odds = photo.game(steps_of(order_of(heat), counts))
    curves = curves_of(1 / (1 + np.exp(-log_odds)), counts)
    return curves.insertion_auc, curves.deletion_auc


def scores(photos, run, budget: int, seeds: int) -> dict[str, np.ndarray]:
    """(photos · seeds, 2) insertion and deletion AUC of every method; all evaluate by one session."""
    table: dict[str, list] = {name: [] for name in (*WAYS, "random")}
    for photo in photos:
        for seed in range(seeds):
            for name, way in WAYS.items():
                table[name].append(areas(photo, way(photo, run, budget, seed)[0]))
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
    given = options(__doc__, quick=False, budget=256)
    warnings.simplefilter("ignore")  # the peers' own
    classifier, network = load_image_classifier(device="cpu"), _torch("cpu")
    photos = [Photo(classifier, name) for name in (PHOTOS[:2] if given.quick else PHOTOS)]
    print(f"Largest difference between the ways on {photos[0].name}: {check(photos[0], network):.0e}\n")
    header("evaluating by", *(f"{name}, ms" for name in WAYS), "× Captum", "× shap")
    for title, run in (("each its own", network), ("one session", classifier.logits)):
        took = seconds_of(photos[0], run, given.budget)
        first, second, captum_s, *shap_s = took.values()
        ratios = (seconds / max(first, second) for seconds in (captum_s, min(shap_s)))
        row(title, *(f"{1e3 * seconds:.1f}" for seconds in took.values()), *(f"{ratio:.1f}" for ratio in ratios))
    table = scores(photos, classifier.logits, given.budget, 1 if given.quick else 2)
    print()
    header(f"{given.budget} evaluations", "insertion", "deletion", "gap", "behind")
    best = table["Swing Banzhaf"] @ [1, -1]
    for name, rows in table.items():
        behind = best - rows @ [1, -1]
        spread = behind.std(ddof=1) / np.sqrt(len(behind))
        means = [*rows.mean(axis=0), (rows @ [1, -1]).mean()]
        row(name, *(f"{m:.3f}" for m in means), f"{behind.mean():+.3f} ± {spread:.3f}")


if __name__ == "__main__":
    main()
