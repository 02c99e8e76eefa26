"""Batches of scenes, with targets and crops, made by as many processes as there are cores: what a GPU learns from, it does
not have to wait for."""
import math
import random

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from compose import compose_batch, crop_box, cut_crop, degrade, overlap
from marks import Marks, Pack, Pictures
from network import CROP_PX

# Stride, and the least and greatest side of the logos it answers for.
LEVELS = ((8, 0, 64), (16, 44, 150), (32, 110, 10_000))
# Scenes of one batch, composed in groups that share marks: (groups, scenes a group, height, width), share.
SHAPES = (((5, 10, 256, 256), 0.5), ((4, 6, 288, 384), 0.28), ((4, 3, 360, 640), 0.22))
# Crops of a batch, always as many: a GPU's library plans its work anew for every new shape, which takes seconds.
CROPS = 256
# Of these: crops of no mark, and crops of photos as they are: brands x photos of each. What is pasted varies less than what is filmed.
EMPTY_CROPS = 40
REAL_BRANDS, REAL_PHOTOS = 20, 4
CELLS_PER_TARGET = 9
CELLS_FOR_CONTRAST = 192


def targets_of(truths, stride, low, high, H, W, rng):
    """Maps of one level: 1 logo, 0 not, -1 not to be judged; and the chosen cells (scene, row, column, truth index)."""
    rows, columns = math.ceil(H / stride), math.ceil(W / stride)
    map_ = np.zeros((len(truths), rows, columns), np.int8)
    cells = []
    cy, cx = (np.arange(rows) + 0.5) * stride, (np.arange(columns) + 0.5) * stride
    for n, truth in enumerate(truths):
        for t, (_, logo, (x0, y0, x1, y1)) in enumerate(truth):
            m = stride / 2
            inside = np.outer((cy > y0 - m) & (cy < y1 + m), (cx > x0 - m) & (cx < x1 + m))
            if logo:
                map_[n][inside] = -1
        for t, (_, logo, (x0, y0, x1, y1)) in enumerate(truth):
            if not low <= max(x1 - x0, y1 - y0) <= high:
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


class Batches(IterableDataset):
    """Endless: dicts of arrays. `seed` and the worker's number give the course of each process."""

    def __init__(self, pack, seed):
        self.pack, self.seed = pack, seed

    def __iter__(self):
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        self.rng, self.np_rng = random.Random(seed), np.random.default_rng(seed)
        self.marks = Marks(self.pack, Pictures(Pack(self.pack, "scenes"), keep=1000))
        while True:
            yield self.batch()

    def batch(self):
        groups, count, H, W = self.rng.choices([s for s, _ in SHAPES], [p for _, p in SHAPES])[0]
        frames, truths = [], []
        for _ in range(groups):
            f, t = compose_batch(self.rng, self.marks, count, H, W)
            frames.append(f)
            truths += t
        frames = np.concatenate(frames)
        crops, ids = self.crops(frames, truths)
        out = {"frames": frames, "crops": crops, "ids": ids}
        for stride, low, high in LEVELS:
            map_, cells = targets_of(truths, stride, low, high, H, W, self.np_rng)
            rows = [(n, r, c, truths[n][t][0], truths[n][t][1], *truths[n][t][2]) for n, r, c, t in cells]
            out[f"map{stride}"] = map_
            # Scene, row, column, identity, is it a logo, box.
            out[f"cells{stride}"] = np.array(rows, np.float64).reshape(-1, 9)
        return {k: torch.from_numpy(v) for k, v in out.items()}

    def crops(self, frames, truths):
        """Crops of the targets and of places beside them: (pictures, identities)."""
        rng, H, W = self.rng, *frames.shape[1:3]
        targets = [(n, box, identity) for n, truth in enumerate(truths) for identity, _, box in truth]
        rng.shuffle(targets)
        real = self.real_crops()
        wanted = targets[: CROPS - EMPTY_CROPS - len(real)]
        for _ in range(EMPTY_CROPS):
            n = rng.randrange(len(frames))
            w, h = rng.uniform(16, W * 0.5), rng.uniform(16, H * 0.5)
            x, y = rng.uniform(0, W - w), rng.uniform(0, H - h)
            box = (x, y, x + w, y + h)
            if all(overlap(box, t[2]) < 0.2 for t in truths[n]):
                wanted.append((n, box, self.marks.next_identity()))
        # Few marks are seen several times.
        wanted += rng.choices(targets or wanted, k=CROPS - len(real) - len(wanted))
        pictures = [cut_crop(frames[n], crop_box(rng, box, True), CROP_PX) for n, box, _ in wanted]
        return np.stack(pictures + [p for p, _ in real]), np.array([i for *_, i in wanted] + [i for _, i in real], np.int64)

    def real_crops(self):
        """Logos in their own surroundings, each brand from several photos: [(picture, identity)]."""
        rng, out = self.rng, []
        for name in rng.sample(self.marks.photo_names, REAL_BRANDS):
            rows = self.marks.brands[name]
            for photo, box in rng.sample(rows, min(len(rows), REAL_PHOTOS)):
                picture = self.marks.photos.get(photo)
                if box is None:  # a close-up
                    h, w = picture.shape[:2]
                    m = rng.uniform(0, 0.2)
                    x, y, w, h = w * m / 2, h * m / 2, w * (1 - m), h * (1 - m)
                else:
                    x, y, w, h = box
                piece = cut_crop(picture, crop_box(rng, (x, y, x + w, y + h), True), CROP_PX)
                if rng.random() < 0.25:  # seen from far away
                    small = rng.randrange(24, 72)
                    piece = cv2.resize(cv2.resize(piece, (small, small), interpolation=cv2.INTER_AREA), (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)
                out.append((degrade(rng, piece), self.marks.photo_identity(name)))
        return out
