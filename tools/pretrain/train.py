#!/usr/bin/env python3
"""Pre-trains the trunk on other marks than any evaluation's.

    python3 tools/pretrain/train.py --data DATA --marks MARKS --fonts FONTS --out WORK --minutes 80

DATA: no-logo/train (scenes) and unknown-logos/train (photos of other brands, boxed); logos/{train,val} serve only to
watch how the crop embedding carries over to brands that were never trained on. MARKS: made by render-marks.mjs. FONTS: a
folder of .ttf and .otf files. WORK/last.pt is resumed; the schedule follows the time spent, not the steps.

Four losses a step: focal loss of logoness and GIoU on three strides; a supervised contrastive loss of crops (two
placements of one mark against all other marks, Khosla et al. 2020) and of the dense cells against the crops.
"""
import argparse
import json
import math
import random
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import ImageFont

from compose import compose_batch, crop_box, cut_crop, degrade, overlap
from evaluate import carry_over
from marks import Marks, Pictures
from network import CROP_PX, LogoNetwork, normalise

LEVELS = ((8, 0, 64), (16, 44, 150), (32, 110, 10_000))
SHAPES = (((10, 256, 256), 0.62), ((6, 288, 384), 0.26), ((3, 360, 640), 0.12))
CROPS_MAX = 64
# Crops of photos as they are, a step: brands x photos of each. What is pasted varies less than what is filmed.
REAL_BRANDS, REAL_PHOTOS = 6, 3
CELLS_PER_TARGET = 9
TEMPERATURE = 0.1
RATE_TRUNK, RATE_NEW = 1.5e-3, 1.2e-2
WARM_UP_STEPS = 60
AVERAGE_DECAY = 0.998
WATCHED = (0, 200, 600, 1200, *range(1800, 20_000, 600))


def read_brands(root):
    """{brand: [(file, box or None)]} of a COCO folder; a picture without boxes belongs to the brand of its folder."""
    coco = json.loads((root / "_annotations.coco.json").read_text())
    names = {c["id"]: c["name"] for c in coco["categories"]}
    boxes = {}
    for a in coco["annotations"]:
        boxes.setdefault(a["image_id"], []).append((names[a["category_id"]], a["bbox"]))
    out = {}
    for image in coco["images"]:
        file = str(root / image["file_name"])
        for name, box in boxes.get(image["id"], [(image["file_name"].split("/")[0], None)]):
            out.setdefault(name, []).append((file, box))
    return out


def targets_of(truths, stride, low, high, H, W, rng):
    """Maps of one level: 1 logo, 0 not, -1 not to be judged; and the chosen cells (scene, row, column, truth index)."""
    rows, columns = math.ceil(H / stride), math.ceil(W / stride)
    map_ = np.zeros((len(truths), rows, columns), np.float32)
    cells = []
    cy, cx = (np.arange(rows) + 0.5) * stride, (np.arange(columns) + 0.5) * stride
    for n, truth in enumerate(truths):
        for t, (_, logo, (x0, y0, x1, y1)) in enumerate(truth):
            m = stride / 2
            inside = np.outer((cy > y0 - m) & (cy < y1 + m), (cx > x0 - m) & (cx < x1 + m))
            if logo:
                map_[n][inside] = -1
            side = max(x1 - x0, y1 - y0)
            if not low <= side <= high:
                continue
            qw, qh = (x1 - x0) / 4, (y1 - y0) / 4
            core = np.argwhere(np.outer((cy >= y0 + qh) & (cy <= y1 - qh), (cx >= x0 + qw) & (cx <= x1 - qw)))
            if len(core) == 0:
                core = np.array([[min(rows - 1, int((y0 + y1) / 2 / stride)), min(columns - 1, int((x0 + x1) / 2 / stride))]])
            rng.shuffle(core)
            for r, c in core[:CELLS_PER_TARGET]:
                cells.append((n, r, c, t))
                if logo:
                    map_[n, r, c] = 1
    return map_, cells


def focal(logits, target):
    """Gamma 2, negatives and positives; -1 is left out."""
    p = torch.sigmoid(logits)
    loss = torch.where(target > 0.5, (1 - p) ** 2 * F.softplus(-logits), p**2 * F.softplus(logits))
    return loss[target >= 0].sum()


def giou(raw, truth):
    """1 - GIoU from ln distances and true distances [n, 4] about one point."""
    d = torch.exp(raw.clamp(-5, 5))
    inter = (torch.minimum(d[:, 0], truth[:, 0]) + torch.minimum(d[:, 2], truth[:, 2])) * (
        torch.minimum(d[:, 1], truth[:, 1]) + torch.minimum(d[:, 3], truth[:, 3]))
    hull = (torch.maximum(d[:, 0], truth[:, 0]) + torch.maximum(d[:, 2], truth[:, 2])) * (
        torch.maximum(d[:, 1], truth[:, 1]) + torch.maximum(d[:, 3], truth[:, 3]))
    union = (d[:, 0] + d[:, 2]) * (d[:, 1] + d[:, 3]) + (truth[:, 0] + truth[:, 2]) * (truth[:, 1] + truth[:, 3]) - inter
    return (1 - inter / union + (hull - union) / hull).sum()


def contrast(queries, query_ids, keys, key_ids, same):
    """
    Supervised contrastive loss; `same`: queries are the keys, and none is its own pair. Negatives are the batch's alone: a
    queue of older embeddings teaches nothing but to run away from them, for they turn within tens of steps.
    """
    sims = queries @ keys.T / TEMPERATURE
    positive = query_ids[:, None] == key_ids[None, :]
    if same:
        eye = torch.eye(len(queries), dtype=torch.bool)
        positive &= ~eye
        sims = sims.masked_fill(eye, -1e4)
    norm = torch.logsumexp(sims, 1, keepdim=True)
    has = positive.any(1)
    if not has.any():
        return queries.sum() * 0
    log_p = ((sims - norm) * positive).sum(1)[has] / positive.sum(1)[has]
    return -log_p.mean()


class Step:
    def __init__(self, network, marks, seed):
        self.network, self.marks, self.rng = network, marks, random.Random(seed)
        self.np_rng = np.random.default_rng(seed)

    def crops(self, frames, truths):
        """Crops of the targets and of places beside them: (pictures, identities)."""
        rng, wanted = self.rng, []
        for n, truth in enumerate(truths):
            wanted += [(n, box, identity) for identity, _, box in truth]
        rng.shuffle(wanted)
        wanted = wanted[: CROPS_MAX - 8]
        H, W = frames.shape[1:3]
        for _ in range(8):
            n = rng.randrange(len(frames))
            w, h = rng.uniform(16, W * 0.5), rng.uniform(16, H * 0.5)
            x, y = rng.uniform(0, W - w), rng.uniform(0, H - h)
            box = (x, y, x + w, y + h)
            if all(overlap(box, t[2]) < 0.2 for t in truths[n]):
                wanted.append((n, box, self.marks.next_identity()))
        pictures = [cut_crop(frames[n], crop_box(rng, box, True), CROP_PX) for n, box, _ in wanted]
        real = self.real_crops()
        return np.stack(pictures + [p for p, _ in real]), torch.tensor([i for *_, i in wanted] + [i for _, i in real])

    def real_crops(self):
        """Logos in their own surroundings, each brand from several photos: [(picture, identity)]."""
        rng, out = self.rng, []
        for name in rng.sample(self.marks.photo_names, REAL_BRANDS):
            rows = self.marks.brands[name]
            for file, box in rng.sample(rows, min(len(rows), REAL_PHOTOS)):
                picture, k = self.marks.photos.get(file)
                if box is None:  # a close-up
                    h, w = picture.shape[:2]
                    m = rng.uniform(0, 0.2)
                    x, y, w, h = w * m / 2, h * m / 2, w * (1 - m), h * (1 - m)
                else:
                    x, y, w, h = (v * k for v in box)
                piece = cut_crop(picture, crop_box(rng, (x, y, x + w, y + h), True), CROP_PX)
                if rng.random() < 0.25:  # seen from far away
                    small = rng.randrange(24, 72)
                    piece = cv2.resize(cv2.resize(piece, (small, small), interpolation=cv2.INTER_AREA), (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)
                out.append((degrade(rng, piece), self.marks.photo_identity(name)))
        return out

    def run(self):
        rng = self.rng
        (count, H, W) = rng.choices([s for s, _ in SHAPES], [p for _, p in SHAPES])[0]
        frames, truths = compose_batch(rng, self.marks, count, H, W)
        levels = self.network.dense(normalise(frames))
        pictures, ids = self.crops(frames, truths)
        crops = F.normalize(self.network.crop(normalise(pictures)), dim=1)
        place = shape = 0
        positives, cell_embeddings, cell_ids = 0, [], []
        for (stride, low, high), (_, raw, embedding) in zip(LEVELS, levels):
            map_, cells = targets_of(truths, stride, low, high, H, W, self.np_rng)
            place = place + focal(raw[:, 0], torch.from_numpy(map_))
            if not cells:
                continue
            n, r, c, t = (torch.tensor(v) for v in zip(*cells))
            at = raw[n, 1:, r, c]
            boxes = np.array([truths[i][k][2] for i, _, _, k in cells], np.float32)
            x, y = (c.float() + 0.5) * stride, (r.float() + 0.5) * stride
            b = torch.from_numpy(boxes)
            truth = (torch.stack([x - b[:, 0], y - b[:, 1], b[:, 2] - x, b[:, 3] - y], 1) / stride).clamp(min=0.1)
            logo = torch.tensor([truths[i][k][1] for i, _, _, k in cells])
            shape = shape + giou(at[logo], truth[logo])
            positives += int(logo.sum())
            chosen = self.np_rng.permutation(len(cells))[:64]
            cell_embeddings.append(F.normalize(embedding[n[chosen], :, r[chosen], c[chosen]], dim=1))
            cell_ids += [truths[cells[i][0]][cells[i][3]][0] for i in chosen]
        positives = max(1, positives)
        same = contrast(crops, ids, crops, ids, True)
        dense = contrast(torch.cat(cell_embeddings), torch.tensor(cell_ids), crops, ids, False) if cell_embeddings else same * 0
        parts = [place / positives, shape / positives, same, dense]
        return parts[0] + parts[1] + parts[2] + 0.5 * parts[3], [float(p.detach()) for p in parts]


def usable_fonts(folder):
    """Those that can write Latin letters."""
    out = []
    for file in sorted(str(f) for f in folder.rglob("*") if f.suffix in (".ttf", ".otf")):
        try:
            font = ImageFont.truetype(file, 64)
            widths = {font.getlength(c) for c in "ailmwAQ"}
        except OSError:
            continue
        if len(widths) > 1:
            out.append(file)
    return out


def groups(network):
    """Each tensor learns at a rate in proportion to its own size: folded batch-norms leave sizes far apart."""
    out = []
    for name, p in network.named_parameters():
        if not p.requires_grad:
            continue
        size = max(float(p.detach().pow(2).mean().sqrt()), 0.005 if p.ndim > 1 else 0.1)
        rate = (RATE_TRUNK if name.startswith("trunk") else RATE_NEW) * size
        out.append({"params": [p], "lr": rate, "rate": rate, "weight_decay": 0.02 if p.ndim > 1 else 0.0})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "marks", "fonts", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--trunk", type=Path, default=Path(__file__).parents[2] / "models/efficientnet-lite0")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(a.seed)
    a.out.mkdir(parents=True, exist_ok=True)
    fonts = usable_fonts(a.fonts)
    scenes = Pictures(sorted(str(f) for f in (a.data / "no-logo/train").rglob("*.jpg")))
    marks = Marks(a.marks, fonts, scenes, read_brands(a.data / "unknown-logos/train"))
    network = LogoNetwork(a.trunk).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(groups(network), betas=(0.9, 0.99))
    average = {k: v.clone() for k, v in network.state_dict().items()}
    steps, spent = 0, 0.0
    last = a.out / "last.pt"
    if last.exists():
        state = torch.load(last, weights_only=False)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average, steps, spent = state["average"], state["steps"], state["spent"]
    step = Step(network, marks, a.seed * 1000 + steps)
    log = (a.out / "log.jsonl").open("a")
    held_out = {part: read_brands(a.data / f"logos/{part}") for part in ("train", "val")}
    held_out["unknown"] = read_brands(a.data / "unknown-logos/test")
    sums, since = np.zeros(4), 0

    def save():
        state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "steps": steps, "spent": spent}
        torch.save(state, a.out / "last.tmp")
        (a.out / "last.tmp").rename(last)

    def watch():
        now = network.state_dict()
        backup = {k: v.clone() for k, v in now.items()}
        network.load_state_dict(average)
        figures = carry_over(network, held_out, scenes)
        network.load_state_dict(backup)
        log.write(json.dumps({"steps": steps, "spent": round(spent), **figures}) + "\n")
        log.flush()

    while spent < a.minutes * 60:
        began = time.monotonic()
        if steps in WATCHED:
            watch()
        progress = spent / (a.minutes * 60)
        factor = min(1, (steps + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * max(factor, 0.01)
        loss, parts = step.run()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 5.0)
        optimiser.step()
        steps += 1
        decay = min(AVERAGE_DECAY, steps / (10 + steps))
        for k, v in network.state_dict().items():
            average[k].mul_(decay).add_(v, alpha=1 - decay)
        sums += parts
        since += 1
        spent += time.monotonic() - began
        if since == 20:
            log.write(json.dumps({"steps": steps, "spent": round(spent), "losses": [round(v, 4) for v in sums / since]}) + "\n")
            log.flush()
            sums[:], since = 0, 0
        if steps % 50 == 0:
            save()
    watch()
    save()


if __name__ == "__main__":
    main()
