#!/usr/bin/env python3
"""How looks carry over to brands that pre-training never saw, by nearest neighbours.

    python3 tools/pretrain/evaluate.py WORK/average.pt --data DATA

Right: share of the boxed crops of logos/val whose nearest crop of logos/train is of their brand. AUROC: the mean similarity
of the nearest three tells those crops from pieces of no-logo/train, and from boxed crops of unknown-logos/test.
"""
import argparse
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from compose import crop_box, cut_crop
from datasets import auroc, read_brands, read_photo
from network import CROP_PX, LogoNetwork, Trunk, load_average, normalise

SIDE = 640
PIECES = 400
OTHERS_A_BRAND = 12


def boxed_crops(brands, limit=None):
    crops, labels = [], []
    for name, rows in sorted(brands.items()):
        for file, box in rows[:limit]:
            if box is None:
                continue
            picture, k = read_photo(file, SIDE)
            x, y, w, h = (v * k for v in box)
            crops.append(cut_crop(picture, crop_box(random, (x, y, x + w, y + h), False), CROP_PX))
            labels.append(name)
    return crops, labels


def pieces(files):
    rng, out = random.Random(5), []
    for _ in range(PIECES):
        picture, _ = read_photo(rng.choice(files), SIDE)
        h, w = picture.shape[:2]
        s = rng.uniform(24, min(h, w) * 0.7)
        x, y = rng.uniform(0, w - s), rng.uniform(0, h - s)
        out.append(cut_crop(picture, (x, y, x + s, y + s), CROP_PX))
    return out


@torch.no_grad()
def features(network, plain, crops):
    out = {"ImageNet tap": [], "tap": [], "look": [], "projection": []}
    for i in range(0, len(crops), 32):
        x = normalise(np.stack(crops[i : i + 32]))
        _, t16, t32 = network.trunk(x)
        look = network.look(t16, t32)
        for kind, values in zip(out, (plain(x)[2][:, :, 1, 1], t32[:, :, 1, 1], look, network.project(look))):
            out[kind].append(values)
    return {k: F.normalize(torch.cat(v), dim=1) for k, v in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trunk", type=Path, default=Path(__file__).parents[2] / "models/efficientnet-lite0")
    a = parser.parse_args()
    torch.set_num_threads(1)
    network, plain = load_average(a.trunk, a.state), Trunk(a.trunk)
    gallery, labels = boxed_crops(read_brands(a.data / "logos/train"))
    queries, truth = boxed_crops(read_brands(a.data / "logos/val"))
    others, _ = boxed_crops(read_brands(a.data / "unknown-logos/test"), OTHERS_A_BRAND)
    scenes = pieces(sorted((a.data / "no-logo/train").rglob("*.jpg")))
    known, asked, other, scene = (features(network, plain, c) for c in (gallery, queries, others, scenes))
    print("features | right, AUROC against scenes, against other brands")
    for kind, g in known.items():
        mean3 = lambda f: (f[kind] @ g.T).topk(3, 1).values.mean(1).numpy()
        right = np.mean([labels[i] == t for i, t in zip((asked[kind] @ g.T).argmax(1).tolist(), truth)])
        print(f"{kind} | {right:.3f} {auroc(mean3(asked), mean3(scene)):.3f} {auroc(mean3(asked), mean3(other)):.3f}")


if __name__ == "__main__":
    main()
