#!/usr/bin/env python3
"""Packs what the trunk is pre-trained on into one small folder (60 MB), to be carried to wherever a GPU is.

    python3 tools/pretrain/pack.py --data DATA --marks MARKS --fonts FONTS --out PACK

DATA: no-logo/train (scenes) and unknown-logos/train (photos of other brands, boxed). MARKS: made by render-marks.mjs. FONTS: a
folder of .ttf and .otf files, of which the Latin letters and digits are kept.
"""
import argparse
import io
import json
from pathlib import Path

import cv2
import numpy as np
from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError
from PIL import Image, ImageFont

from datasets import read_brands, read_photo

MARK_SCALE = 0.85
SCENE_SIDE, SCENE_QUALITY = 448, 58
PHOTO_SIDE, PHOTO_QUALITY = 600, 72
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
FONT_BYTES_MAX = 60_000


def write(out, name, items):
    lengths = []
    with (out / f"{name}.bin").open("wb") as file:
        for item in items:
            lengths.append(len(item))
            file.write(item)
    (out / f"{name}.idx").write_text(json.dumps(lengths))
    print(f"{name}: {len(lengths)}, {sum(lengths) / 1e6:.1f} MB", flush=True)


def encode(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", method=4, **options)
    return buffer.getvalue()


def marks(folder):
    """Of a mark without a colour of its own the alpha alone."""
    meta = json.loads((folder / "marks.json").read_text())
    side = meta["side"]
    art = np.memmap(folder / "marks.bin", np.uint8, "r").reshape(-1, side, side, 4)
    for picture, m in zip(art, meta["marks"]):
        rgba = cv2.resize(np.array(picture[: m["height"], : m["width"]]), None, fx=MARK_SCALE, fy=MARK_SCALE, interpolation=cv2.INTER_AREA)
        yield encode(Image.fromarray(rgba[..., 3]), quality=66) if m["mono"] else encode(Image.fromarray(rgba), quality=62, alpha_quality=60)


def fonts(folder):
    """Those that can write Latin letters, each once, without anything else."""
    seen = set()
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    for file in sorted(str(f) for f in folder.rglob("*") if f.suffix in (".ttf", ".otf")):
        try:
            if len({ImageFont.truetype(file, 64).getlength(c) for c in "ailmwAQ"}) < 2:
                continue
            font = TTFont(file, fontNumber=0)
            maker = subset.Subsetter(options)
            maker.populate(text=LETTERS)
            maker.subset(font)
            buffer = io.BytesIO()
            font.save(buffer)
            ImageFont.truetype(io.BytesIO(buffer.getvalue()), 64)
        except (OSError, TTLibError, subset.Subsetter.SubsettingError, KeyError, AssertionError):
            continue
        if len(buffer.getvalue()) <= FONT_BYTES_MAX and buffer.getvalue() not in seen:
            seen.add(buffer.getvalue())
            yield buffer.getvalue()


def photo(file, side, quality):
    picture, k = read_photo(file, side)
    return cv2.imencode(".webp", picture[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes(), k


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "marks", "fonts", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    write(a.out, "marks", marks(a.marks))
    meta = json.loads((a.marks / "marks.json").read_text())["marks"]
    (a.out / "marks.json").write_text(json.dumps([bool(m["mono"]) for m in meta]))
    write(a.out, "fonts", fonts(a.fonts))
    write(a.out, "scenes", (photo(f, SCENE_SIDE, SCENE_QUALITY)[0] for f in sorted((a.data / "no-logo/train").rglob("*.jpg"))))
    brands = read_brands(a.data / "unknown-logos/train")
    files = sorted({file for rows in brands.values() for file, _ in rows})
    number = {file: n for n, file in enumerate(files)}
    packed = [photo(f, PHOTO_SIDE, PHOTO_QUALITY) for f in files]
    write(a.out, "unknown", (code for code, _ in packed))
    scaled = lambda file, box: box and [v * packed[number[file]][1] for v in box]
    (a.out / "unknown.json").write_text(json.dumps({b: [(number[f], scaled(f, box)) for f, box in rows] for b, rows in brands.items()}))


if __name__ == "__main__":
    main()
