"""Reads the photos and boxes that experiments need."""
import json

import cv2
import numpy as np


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


def read_photo(file, side):
    """(RGB picture of at most `side` px, its scale)."""
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"not a picture: {file}")
    k = min(1.0, side / max(image.shape[:2]))
    if k < 1:
        image = cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[:, :, ::-1]), k


def auroc(positive, negative):
    order = np.argsort(np.concatenate([positive, negative]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n, m = len(positive), len(negative)
    return (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)
