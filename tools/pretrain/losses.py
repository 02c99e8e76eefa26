"""The losses of pre-training."""
import torch
import torch.nn.functional as F

TEMPERATURE = 0.1


def focal(logits, target):
    """Gamma 2, negatives and positives; -1 is left out (Lin et al. 2017)."""
    p = torch.sigmoid(logits)
    loss = torch.where(target > 0.5, (1 - p) ** 2 * F.softplus(-logits), p**2 * F.softplus(logits))
    return (loss * (target >= 0)).sum()


def giou(raw, truth):
    """1 - GIoU from ln distances and true distances [n, 4] about one point (Rezatofighi et al. 2019)."""
    d = torch.exp(raw.clamp(-5, 5))
    inter = (torch.minimum(d[:, 0], truth[:, 0]) + torch.minimum(d[:, 2], truth[:, 2])) * (
        torch.minimum(d[:, 1], truth[:, 1]) + torch.minimum(d[:, 3], truth[:, 3]))
    hull = (torch.maximum(d[:, 0], truth[:, 0]) + torch.maximum(d[:, 2], truth[:, 2])) * (
        torch.maximum(d[:, 1], truth[:, 1]) + torch.maximum(d[:, 3], truth[:, 3]))
    union = (d[:, 0] + d[:, 2]) * (d[:, 1] + d[:, 3]) + (truth[:, 0] + truth[:, 2]) * (truth[:, 1] + truth[:, 3]) - inter
    return 1 - inter / union + (hull - union) / hull


def contrast(queries, query_ids, keys, key_ids, same):
    """
    Supervised contrastive loss (Khosla et al. 2020); `same`: queries are the keys, and none is its own pair. Negatives are the
    batch's alone: a queue of older embeddings teaches nothing but to run away from them, for they turn within tens of steps.
    """
    sims = queries @ keys.T / TEMPERATURE
    positive = query_ids[:, None] == key_ids[None, :]
    if same:
        eye = torch.eye(len(queries), dtype=torch.bool, device=queries.device)
        positive = positive & ~eye
        sims = sims.masked_fill(eye, -1e4)
    norm = torch.logsumexp(sims, 1, keepdim=True)
    pairs = positive.sum(1)
    log_p = ((sims - norm) * positive).sum(1) / pairs.clamp(min=1)
    return -log_p.sum() / (pairs > 0).sum().clamp(min=1)
