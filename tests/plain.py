"""What a prompt game should say: log-probabilities by one plain forward pass for each coalition."""

import numpy as np
import torch

from model.text import shared, ways
from model.text.text_game import NEUTRAL

PROMPT = "Review: The plot is thin, but the acting is superb. She said: hello, world!\nSentiment:"
LONG = "one two three four five six seven eight nine ten eleven twelve. " + PROMPT
TARGET = " positive dog"


def let_small_models_share(monkeypatch):
    """What begins alike is computed once by small models too, whatever this machine's speed; nothing is left of another test."""
    monkeypatch.setattr(ways, "SMALL", 0)
    monkeypatch.setattr(ways, "node_cost", lambda *_: 0.01)
    shared._trunks.clear()
    ways._right.clear()


def plain(gemma, prompt, target, spans, absent, row):
    """Log-probabilities of the target by one forward pass without cache, padding or batching."""
    encoded = gemma.encode(prompt)
    _, owner = encoded.players(spans)
    keep = [o < 0 or row[o] for o in owner]
    ids, mask = list(encoded.ids), [1] * len(owner)
    if absent == "remove":
        ids, mask = [i for i, k in zip(ids, keep) if k], [1] * sum(keep)
    elif absent == "hole":
        mask = [int(k) for k in keep]
    else:
        neutral = gemma.tokenizer(NEUTRAL, add_special_tokens=False)["input_ids"][0]
        ids = [i if k else neutral for i, k in zip(ids, keep)]
    goal = gemma.target_ids(target)
    full = torch.tensor([ids + goal])
    logits = gemma.model(
        full, attention_mask=torch.tensor([mask + [1] * len(goal)]), position_ids=torch.arange(full.shape[1])[None]
    ).logits[0]
    last = max(i for i, visible in enumerate(mask) if visible)  # a hidden token predicts nothing
    logits = logits[[last, *range(len(ids), len(ids) + len(goal) - 1)]]
    return torch.log_softmax(logits.double(), -1)[range(len(goal)), goal].numpy()


def masked(model, ids, start, hidden, target, one_mask=None):
    """Log-probabilities of the target by one plain pass with 4-D masks: what comes from `start` on sees no `hidden` key.

    one_mask : the kind of all layers, where the network takes a single mask
    """
    window = getattr(model.config, "sliding_window", None)
    place = np.arange(len(ids))
    full = place[:, None] >= place
    full &= ~((place[:, None] >= start) & hidden)
    near = full & (place[:, None] - place < (window or len(ids)))
    masks = {
        kind: torch.from_numpy(np.where(seen, np.float32(0), np.float32(-np.inf)))[None, None]
        for kind, seen in (("full_attention", full), ("sliding_attention", near))
    }
    with torch.no_grad():
        logits = model(torch.tensor([ids]), attention_mask=masks[one_mask] if one_mask else masks).logits[0]
    at = np.arange(len(ids) - len(target) - 1, len(ids) - 1)
    return torch.log_softmax(logits[at].double(), -1)[range(len(target)), target].numpy()
