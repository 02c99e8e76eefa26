"""How the crop embedding carries over to brands that pre-training never saw."""
import random

import numpy as np
import torch
import torch.nn.functional as F

from compose import crop_box, cut_crop
from marks import Pictures
from network import CROP_PX, normalise


def embed(network, crops):
    with torch.no_grad():
        return torch.cat([F.normalize(network.crop(normalise(np.stack(crops[i : i + 32]))), dim=1) for i in range(0, len(crops), 32)])


def boxed_crops(brands, limit=None):
    pictures, crops, labels = Pictures([], side=640), [], []
    for name, rows in sorted(brands.items()):
        for file, box in rows[:limit]:
            if box is None:
                continue
            picture, k = pictures.get(file)
            x, y, w, h = (v * k for v in box)
            crops.append(cut_crop(picture, crop_box(random, (x, y, x + w, y + h), False), CROP_PX))
            labels.append(name)
    return crops, labels


def auroc(positive, negative):
    order = np.argsort(np.concatenate([positive, negative]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n, m = len(positive), len(negative)
    return (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)


def carry_over(network, held_out, scenes):
    """Nearest neighbours among the training crops: right brand, and AUROC against crops of scenes and of other brands."""
    gallery, labels = boxed_crops(held_out["train"])
    queries, truth = boxed_crops(held_out["val"])
    others, _ = boxed_crops(held_out["unknown"], 12)
    rng = random.Random(5)
    pieces = []
    for _ in range(400):
        p = scenes.pick(rng)
        h, w = p.shape[:2]
        s = rng.uniform(24, min(h, w) * 0.7)
        x, y = rng.uniform(0, w - s), rng.uniform(0, h - s)
        pieces.append(cut_crop(p, (x, y, x + s, y + s), CROP_PX))
    g = embed(network, gallery)
    mean3 = lambda crops: (embed(network, crops) @ g.T).topk(3, 1).values.mean(1).numpy()
    sims = embed(network, queries) @ g.T
    right = np.mean([labels[i] == t for i, t in zip(sims.argmax(1).tolist(), truth)])
    known = sims.topk(3, 1).values.mean(1).numpy()
    return {"right": round(float(right), 4), "auroc_scenes": round(float(auroc(known, mean3(pieces))), 4), "auroc_unknown": round(float(auroc(known, mean3(others))), 4)}
