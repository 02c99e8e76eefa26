#!/usr/bin/env python3
"""What a second look should read, and where: heads of one hidden layer on crops' features, tested on whole photos.

    python3 tools/pretrain/second_look.py --data DATA WORK/average.pt [--pictures 1200] [--seeds 2]

Learns the brands of logos/train against no-logo/train and unknown-logos/train; a photo's score is the greatest over its
crops. Prints a row for each kind of features and of places; the last columns add the annotated boxes of logos/val to the
places, which shows what finding better places could give at most. docs/pretraining.md holds the table.
"""
import argparse
import random
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from batches import LEVELS
from compose import crop_box, cut_crop, degrade
from datasets import auroc, read_brands, read_photo
from network import CROP_PX, Trunk, load_average, normalise

WIDTH, HEIGHT = 640, 360
PHOTO_SIDE = 1280
SAME_IOU = 0.6
JITTERED = 8
ROWS = (
    ("imagenet", 16, True, 64, 1),
    ("look", 16, True, 64, 1),
    ("tap", 16, True, 64, 1),
    ("tap", 8, True, 64, 1),
    ("tap", 8, False, 64, 1),
    ("tap+look", 16, True, 64, 1),
    ("tap+imagenet", 16, True, 64, 1),
)


def iou(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(0, w) * max(0, h)
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    return common / (area(a) + area(b) - common) if common else 0.0


class Looker:
    def __init__(self, trunk, state):
        self.network, self.plain = load_average(trunk, state), Trunk(trunk)
        self.rng = random.Random(3)

    def load(self, file):
        """A photo as the detector sees it, and its scale against the file."""
        picture, k = read_photo(file, PHOTO_SIDE)
        h, w = picture.shape[:2]
        s = min(WIDTH / w, HEIGHT / h)
        size = (max(32, round(w * s)), max(32, round(h * s)))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR), k * s

    @torch.no_grad()
    def places(self, image, most):
        """Boxes most like some logo, best first, none twice."""
        found = []
        H, W = image.shape[:2]
        for (stride, _, _), (_, raw, _) in zip(LEVELS, self.network.dense(normalise(image[None]))):
            logo, far = raw[0, 0], torch.exp(raw[0, 1:].clamp(-5, 5)) * stride
            top = logo.flatten().topk(min(150, logo.numel()))
            for value, index in zip(top.values.tolist(), top.indices.tolist()):
                r, c = divmod(index, logo.shape[1])
                left, up, right, down = far[:, r, c].tolist()
                x, y = (c + 0.5) * stride, (r + 0.5) * stride
                box = (max(0, x - left), max(0, y - up), min(W, x + right), min(H, y + down))
                if min(box[2] - box[0], box[3] - box[1]) >= 6:
                    found.append((value, box))
        found.sort(key=lambda f: -f[0])
        kept = []
        for _, box in found:
            if len(kept) == most:
                break
            if all(iou(box, other) < SAME_IOU for other in kept):
                kept.append(box)
        return kept

    @torch.no_grad()
    def features(self, crops):
        out = {"tap": [], "look": [], "imagenet": []}
        for i in range(0, len(crops), 32):
            x = normalise(np.stack(crops[i : i + 32]))
            _, t16, t32 = self.network.trunk(x)
            out["tap"].append(t32[:, :, 1, 1])
            out["look"].append(self.network.look(t16, t32))
            out["imagenet"].append(self.plain.trunk(x)[2][:, :, 1, 1])
        return {k: torch.cat(v) for k, v in out.items()}

    def photos(self, files, most):
        """(features, photo of each crop, rank among the photo's places or -1 of a window, box in pixels of the file)."""
        crops, photo, rank, boxes = [], [], [], []
        for n, file in enumerate(files):
            image, k = self.load(file)
            H, W = image.shape[:2]
            windows = [(0, 0, W, H)] + [(u * W, v * H, (u + 0.6) * W, (v + 0.6) * H) for v in (0, 0.2, 0.4) for u in (0, 0.2, 0.4)]
            for r, box in [*enumerate(self.places(image, most)), *((-1, w) for w in windows)]:
                crops.append(cut_crop(image, box if r < 0 else crop_box(self.rng, box, False), CROP_PX))
                photo.append(n)
                rank.append(r)
                boxes.append([v / k for v in box])
        return self.features(crops), torch.tensor(photo), torch.tensor(rank), boxes

    def boxed(self, brands, jittered):
        """(features, brand and file of each crop) of annotated boxes."""
        crops, names, files = [], [], []
        for name, rows in sorted(brands.items()):
            for file, (x, y, w, h) in rows:
                image, k = self.load(file)
                for _ in range(max(1, jittered)):
                    region = crop_box(self.rng, (x * k, y * k, (x + w) * k, (y + h) * k), jittered > 0)
                    crop = cut_crop(image, region, CROP_PX)
                    if jittered and self.rng.random() < 0.5:
                        s = self.rng.randrange(20, 72)
                        crop = cv2.resize(cv2.resize(crop, (s, s), interpolation=cv2.INTER_AREA), (CROP_PX, CROP_PX))
                    crops.append(degrade(self.rng, crop) if jittered and self.rng.random() < 0.8 else crop)
                    names.append(name)
                    files.append(file)
        return self.features(crops), names, files


def fit(x, brand, count, hidden, seed, epochs=8, dropout=0.3, batch=256, rate=2e-3):
    """`brand` is -1 for none; three tenths of a batch are brands, evenly."""
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Dropout(dropout), torch.nn.Linear(x.shape[1], hidden), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(hidden, count)
    )
    torch.nn.init.constant_(net[-1].bias, -4)
    weight = torch.ones(len(x))
    for k in range(count):
        weight[brand == k] = (brand < 0).sum() * 0.3 / 0.7 / count / max(1, (brand == k).sum())
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02)
    steps = epochs * len(x) // batch
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        chosen = torch.multinomial(weight, batch, replacement=True)
        truth = torch.zeros(batch, count)
        positive = brand[chosen] >= 0
        truth[positive, brand[chosen][positive]] = 1
        loss = F.binary_cross_entropy_with_logits(net(x[chosen]), truth, reduction="sum") / batch
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()


def figures(scores, truths, names, negatives, unknown):
    top = scores.max(1)
    right = np.array([names[k] in truth for k, truth in zip(scores.argmax(1), truths)])
    limit = np.quantile(negatives, 0.99)
    shares = ((negatives >= np.quantile(top, 0.05)).mean(), right.mean(), (right & (top > limit)).mean(), (unknown > limit).mean())
    return (auroc(top, negatives), *shares)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trunk", type=Path, default=Path(__file__).parents[2] / "models/efficientnet-lite0")
    parser.add_argument("--pictures", type=int, default=1200, help="logo-free pictures to learn from; half of the test's are used")
    parser.add_argument("--seeds", type=int, default=2)
    a = parser.parse_args()
    looker = Looker(a.trunk, a.state)
    train, val = read_brands(a.data / "logos/train"), read_brands(a.data / "logos/val")
    names = sorted(train)
    jpgs = lambda part: sorted((a.data / part).rglob("*.jpg"))
    scenes = jpgs("no-logo/train")
    positive, labels, _ = looker.boxed(train, JITTERED)
    annotated, _, annotated_files = looker.boxed(val, 0)
    learn = [looker.photos(files, 8)[0] for files in (random.Random(1).sample(scenes, min(a.pictures, len(scenes))), jpgs("unknown-logos/train"))]
    val_files = sorted({file for rows in val.values() for file, _ in rows})
    test_files = jpgs("logos/test")
    seen = {"val": looker.photos(val_files, 16), "test": looker.photos(test_files, 16), "unknown": looker.photos(jpgs("unknown-logos/test"), 16), "none": looker.photos(jpgs("no-logo/test")[::2], 16)}
    truths = [{n for n, rows in val.items() if any(f == file for f, _ in rows)} for file in val_files] + [{f.parent.name} for f in test_files]
    print("features, places, windows, hidden, heads | AUROC FPR@95TPR right at-1% unknown | the same on val with the boxes")
    for kind, most, windows, hidden, heads in ROWS:
        pick = lambda f: torch.cat([f[k] for k in kind.split("+")], 1)
        x = torch.cat([pick(positive), *map(pick, learn)])
        brand = torch.full((len(x),), -1)
        brand[: len(labels)] = torch.tensor([names.index(n) for n in labels])
        mean, deviation = x[brand < 0].mean(0), x[brand < 0].std(0).clamp(min=0.05)
        rows = []
        for seed in range(a.seeds):
            nets = [fit((x - mean) / deviation, brand, len(names), hidden, seed * 100 + n) for n in range(heads)]

            @torch.no_grad()
            def logits(f):
                return torch.stack([net((pick(f) - mean) / deviation) for net in nets]).mean(0).numpy()

            def scores(part):
                f, photo, rank, _ = seen[part]
                used = ((rank >= 0) & (rank < most)) | ((rank < 0) & windows)
                out = np.full((int(photo.max()) + 1, len(names)), -20.0)
                np.maximum.at(out, photo[used].numpy(), logits(f)[used.numpy()])
                return out

            none, unknown = scores("none").max(1), scores("unknown").max(1)
            best = scores("val")
            usual = figures(np.concatenate([best, scores("test")]), truths, names, none, unknown)
            for row, file in zip(logits(annotated), annotated_files):
                n = val_files.index(file)
                best[n] = np.maximum(best[n], row)
            rows.append([usual, figures(best, truths[: len(val_files)], names, none, unknown)])
        usual, helped = np.mean(rows, 0)
        print(f"{kind}, {most}, {windows}, {hidden}, {heads} | {np.round(usual, 3)} | {np.round(helped, 3)}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
