#!/usr/bin/env python3
"""Pre-trains the trunk on other marks than any evaluation's.

    python3 tools/pretrain/train.py PACK --out WORK --minutes 9 [--device cuda --workers 15]

PACK: made by pack.py. WORK gets average.pt, the average of the weights, every minute and at the end, and log.jsonl. The
schedule follows the time spent, not the steps.

Five losses a step: focal loss of logoness and GIoU on three strides; a supervised contrastive loss of crops (placements of
one mark against all other marks) and of the dense cells against the crops; and the look of a crop has to tell what the
ImageNet trunk sees in it, lest it forget what is not a mark.
"""
import argparse
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from batches import CELLS_FOR_CONTRAST, LEVELS, Batches
from losses import contrast, focal, giou
from network import LogoNetwork, Trunk, normalise

RATE_TRUNK, RATE_NEW = 1.5e-3, 1.0e-2
WARM_UP_STEPS = 200
AVERAGE_DECAY = 0.9985
WEIGHT_DENSE, WEIGHT_RECALL = 0.5, 0.5
LOG_EVERY = 100


class Teacher:
    """The ImageNet trunk's last tap at the centre of a crop, each channel about 0 and of deviation 1."""

    def __init__(self, folder, device):
        self.trunk = Trunk(folder).to(device).requires_grad_(False)
        self.mean = self.deviation = None

    @torch.no_grad()
    def __call__(self, crops):
        tap = self.trunk(crops)[2][:, :, 1, 1].float()
        if self.mean is None:
            self.mean, self.deviation = tap.mean(0), tap.std(0) + 0.1
        return (tap - self.mean) / self.deviation


def losses(network, teacher, batch):
    """[5] losses of a batch on the network's device."""
    levels = network.dense(normalise(batch["frames"]))
    pictures, ids = normalise(batch["crops"]), batch["ids"]
    look = network.crop(pictures).float()
    crops = F.normalize(network.project(look).float(), dim=1)
    recall = F.smooth_l1_loss(network.recall(look).float(), teacher(pictures))
    place = shape = positives = 0
    cell_embeddings, cell_ids = [], []
    for (stride, *_), (_, raw, embedding) in zip(LEVELS, levels):
        raw = raw.float()
        place = place + focal(raw[:, 0], batch[f"map{stride}"].float())
        cells = batch[f"cells{stride}"]
        n, r, c, ident, logo = (cells[:, i].long() for i in range(5))
        b = cells[:, 5:].float()
        x, y = (c.float() + 0.5) * stride, (r.float() + 0.5) * stride
        truth = (torch.stack([x - b[:, 0], y - b[:, 1], b[:, 2] - x, b[:, 3] - y], 1) / stride).clamp(min=0.1)
        shape = shape + (giou(raw[n, 1:, r, c], truth) * logo).sum()
        positives = positives + logo.sum()
        chosen = torch.randperm(len(cells), device=cells.device)[:CELLS_FOR_CONTRAST]
        cell_embeddings.append(F.normalize(embedding[n[chosen], :, r[chosen], c[chosen]].float(), dim=1))
        cell_ids.append(ident[chosen])
    positives = positives.clamp(min=1)
    same = contrast(crops, ids, crops, ids, True)
    dense = contrast(torch.cat(cell_embeddings), torch.cat(cell_ids), crops, ids, False)
    return torch.stack([place / positives, shape / positives, same, dense, recall])


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
    parser.add_argument("pack", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trunk", type=Path, default=Path(__file__).parents[2] / "models/efficientnet-lite0")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    began = time.monotonic()
    torch.manual_seed(a.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    a.out.mkdir(parents=True, exist_ok=True)
    device = torch.device(a.device)
    loader = iter(DataLoader(Batches(a.pack, a.seed), batch_size=None, num_workers=a.workers, prefetch_factor=3, pin_memory=device.type == "cuda"))
    network = LogoNetwork(a.trunk).to(device, memory_format=torch.channels_last)
    teacher = Teacher(a.trunk, device)
    optimiser = torch.optim.AdamW(groups(network), betas=(0.9, 0.99), fused=device.type == "cuda")
    parameters = [p for g in optimiser.param_groups for p in g["params"]]
    names = {p: n for n, p in network.named_parameters()}
    average = [p.detach().clone() for p in parameters]
    log = (a.out / "log.jsonl").open("a")
    steps, sums, waited, since, saved = 0, 0, 0.0, time.monotonic(), time.monotonic()

    def save():
        state = {k: v.detach().half().cpu() for k, v in network.state_dict().items()}
        state.update({names[p]: v.half().cpu() for p, v in zip(parameters, average)})
        torch.save({"average": state, "steps": steps}, a.out / "average.tmp")
        (a.out / "average.tmp").rename(a.out / "average.pt")

    while (progress := (time.monotonic() - began) / (a.minutes * 60)) < 1:
        factor = min(1, (steps + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * max(factor, 0.005)
        wait = time.monotonic()
        batch = {k: v.to(device, non_blocking=True) for k, v in next(loader).items()}
        waited += time.monotonic() - wait
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            parts = losses(network, teacher, batch)
        loss = parts[0] + parts[1] + parts[2] + WEIGHT_DENSE * parts[3] + WEIGHT_RECALL * parts[4]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimiser.step()
        steps += 1
        torch._foreach_lerp_(average, parameters, 1 - min(AVERAGE_DECAY, steps / (10 + steps)))
        sums = sums + parts.detach()
        if steps % LOG_EVERY == 0 or steps == 10:
            count = LOG_EVERY if steps > LOG_EVERY else 10 if steps == 10 else 90
            values = [round(v, 4) for v in (sums / count).tolist()]
            now = time.monotonic()
            line = {"steps": steps, "spent": round(now - began), "a_step": round((now - since) / count, 4), "waited": round(waited / count, 4), "losses": values}
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(line, flush=True)
            sums, waited, since = 0, 0.0, now
            if not all(math.isfinite(v) for v in values):
                raise SystemExit("diverged")
        if time.monotonic() - saved > 60:
            save()
            saved = time.monotonic()
    save()


if __name__ == "__main__":
    main()
