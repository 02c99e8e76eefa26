"""What is pasted into pre-training scenes: vector marks, made-up word marks, crops of photos of other brands, patches of scenes.

Every mark has an identity, so that two placements of it are a positive pair. Word marks and patches are made anew each time:
their identities are never seen twice, and need not be.
"""
import io
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SYLLABLES = "ka lo mi ra ten sol ver no ex ing to pre da fu zo bel qui por ash ly on ur st em mar tri gan hel vo pix cor dun".split()


class Pack:
    """Encoded pictures or fonts in one file, with their lengths beside it (pack.py)."""

    def __init__(self, folder, name):
        lengths = json.loads((Path(folder) / f"{name}.idx").read_text())
        self.bytes = (Path(folder) / f"{name}.bin").read_bytes()
        self.ends = np.cumsum(lengths)
        self.starts = self.ends - lengths

    def __len__(self):
        return len(self.ends)

    def __getitem__(self, i):
        return self.bytes[self.starts[i] : self.ends[i]]


class Pictures:
    """Photos of a pack, decoded when asked for; the last `keep` are kept."""

    def __init__(self, pack, keep=1200):
        self.pack, self.keep, self.cache = pack, keep, {}

    def get(self, i):
        if i not in self.cache:
            image = cv2.imdecode(np.frombuffer(self.pack[i], np.uint8), cv2.IMREAD_COLOR)
            if len(self.cache) >= self.keep:
                self.cache.pop(next(iter(self.cache)))
            self.cache[i] = np.ascontiguousarray(image[:, :, ::-1])
        return self.cache[i]

    def pick(self, rng):
        return self.get(rng.randrange(len(self.pack)))


class Mark:
    """rgba uint8; `mono`: any colour will do; `logo`: counts as a logo; `opaque`: a rectangle of a photo."""

    __slots__ = ("identity", "rgba", "mono", "logo", "opaque", "variants")

    def __init__(self, identity, rgba, mono=False, logo=True, opaque=False, variants=None):
        self.identity, self.rgba, self.mono, self.logo, self.opaque = identity, rgba, mono, logo, opaque
        self.variants = variants

    def view(self, rng):
        return rng.choice(self.variants)() if self.variants else self.rgba


class Marks:
    """Of a pack's folder; `scenes`: Pictures."""

    def __init__(self, folder, scenes):
        self.mono = json.loads((Path(folder) / "marks.json").read_text())
        self.art, self.fonts = Pack(folder, "marks"), Pack(folder, "fonts")
        # {brand: [(photo, box or None)]}
        self.brands = json.loads((Path(folder) / "unknown.json").read_text())
        self.scenes = scenes
        self.brand_names = sorted(name for name, rows in self.brands.items() if sum(b is not None for _, b in rows) >= 4)
        self.photo_names = sorted(self.brands)
        self.photos = Pictures(Pack(folder, "unknown"), keep=700)
        self.fresh = 10_000_000
        self.loaded_fonts = {}

    def vector(self, rng):
        i = rng.randrange(len(self.mono))
        art = cv2.imdecode(np.frombuffer(self.art[i], np.uint8), cv2.IMREAD_UNCHANGED)
        if self.mono[i]:
            alpha = art if art.ndim == 2 else art[..., 0]
            rgba = np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha])
        elif art.shape[2] == 3:
            rgba = np.dstack([art[..., ::-1], np.full(art.shape[:2], 255, np.uint8)])
        else:
            rgba = art[..., [2, 1, 0, 3]]
        return Mark(i, np.ascontiguousarray(rgba), mono=self.mono[i])

    def photo_identity(self, name):
        return 20_000_000 + self.brand_names.index(name) if name in self.brand_names else 21_000_000 + self.photo_names.index(name)

    def next_identity(self):
        self.fresh += 1
        return self.fresh

    def word(self, rng, font=None):
        text = "".join(rng.choice(SYLLABLES) for _ in range(rng.choice([1, 2, 2, 3])))
        text = rng.choice([text.upper(), text.capitalize(), text])
        if rng.random() < 0.1:
            text = str(rng.randrange(1, 9999))
        font = rng.randrange(len(self.fonts)) if font is None else font
        if font not in self.loaded_fonts:
            self.loaded_fonts[font] = ImageFont.truetype(io.BytesIO(self.fonts[font]), 64)
        f = self.loaded_fonts[font]
        box = f.getbbox(text)
        w, h = box[2] - box[0], box[3] - box[1]
        if w < 12 or h < 8 or w > 900:
            return self.word(rng)
        pad = 14
        image = Image.new("L", (w + 2 * pad, h + 2 * pad), 0)
        draw = ImageDraw.Draw(image)
        draw.text((pad - box[0], pad - box[1]), text, 255, font=f)
        alpha = np.asarray(image)
        style = rng.random()
        colour = [rng.randrange(256) for _ in range(3)]
        rgba = np.zeros((*alpha.shape, 4), np.uint8)
        mono = False
        if style < 0.45:  # bare letters
            rgba[..., :3], rgba[..., 3], mono = colour, alpha, True
            rgba = rgba[pad - 1 : -pad + 1, pad - 1 : -pad + 1]
        elif style < 0.85:  # on a plate: rectangle, rounded, ellipse
            plate = Image.new("L", image.size, 0)
            d = ImageDraw.Draw(plate)
            edge = (0, 0, image.width - 1, image.height - 1)
            rng.choice([lambda: d.rectangle(edge, 255), lambda: d.rounded_rectangle(edge, rng.randrange(4, 40), 255), lambda: d.ellipse(edge, 255)])()
            other = [rng.randrange(256) for _ in range(3)] if rng.random() < 0.7 else [255 * (sum(colour) < 380)] * 3
            a = alpha[..., None] / 255.0
            rgba[..., :3] = np.array(colour) * a + np.array(other) * (1 - a)
            rgba[..., 3] = np.asarray(plate)
        else:  # outlined
            d = ImageDraw.Draw(image)
            d.rectangle((0, 0, image.width - 1, image.height - 1), outline=255, width=rng.randrange(2, 6))
            rgba[..., :3], rgba[..., 3], mono = colour, np.asarray(image), True
        return Mark(self.next_identity(), np.ascontiguousarray(rgba), mono=mono)

    def combination(self, rng):
        """A symbol on a plate, or beside a word: what many marks are made of."""
        base = self.vector(rng)
        a = base.rgba
        if rng.random() < 0.6:
            size = max(a.shape[:2]) + rng.randrange(10, 70)
            plate = Image.new("L", (size, size), 0)
            d = ImageDraw.Draw(plate)
            edge = (0, 0, size - 1, size - 1)
            rng.choice([lambda: d.ellipse(edge, 255), lambda: d.rounded_rectangle(edge, rng.randrange(0, size // 3), 255), lambda: d.polygon([(size // 2, 0), (size - 1, size // 3), (size - 8, size - 1), (8, size - 1), (0, size // 3)], 255)])()
            out = np.zeros((size, size, 4), np.uint8)
            out[..., :3] = [rng.randrange(256) for _ in range(3)]
            if rng.random() < 0.3:
                ring = Image.new("L", (size, size), 0)
                ImageDraw.Draw(ring).ellipse((4, 4, size - 5, size - 5), outline=255, width=rng.randrange(3, 12))
                out[np.asarray(ring) > 0, :3] = [rng.randrange(256) for _ in range(3)]
            out[..., 3] = np.asarray(plate)
            y, x = (size - a.shape[0]) // 2, (size - a.shape[1]) // 2
            alpha = a[..., 3:] / 255.0
            colour = np.array([rng.randrange(256) for _ in range(3)]) if base.mono else a[..., :3]
            region = out[y : y + a.shape[0], x : x + a.shape[1]]
            region[..., :3] = colour * alpha + region[..., :3] * (1 - alpha)
            return Mark(self.next_identity(), out)
        word = self.word(rng).rgba
        h = int(a.shape[0] * rng.uniform(0.4, 0.9))
        word = cv2.resize(word, (max(8, int(word.shape[1] * h / word.shape[0])), h), interpolation=cv2.INTER_AREA)
        out = np.zeros((a.shape[0], a.shape[1] + 10 + word.shape[1], 4), np.uint8)
        out[:, : a.shape[1]] = a
        y = (a.shape[0] - h) // 2
        out[y : y + h, a.shape[1] + 10 :] = word
        return Mark(self.next_identity(), out)

    def patch(self, rng):
        """A piece of a scene: no logo, but something that has to be told from others."""
        p = self.scenes.pick(rng)
        h, w = p.shape[:2]
        pw = int(w * rng.uniform(0.12, 0.5))
        ph = int(min(h * 0.9, pw * rng.uniform(0.4, 1.6)))
        x, y = rng.randrange(0, w - pw), rng.randrange(0, h - ph)
        piece = p[y : y + ph, x : x + pw]
        rgba = np.dstack([piece, np.full(piece.shape[:2], 255, np.uint8)])
        return Mark(self.next_identity(), rgba, logo=False, opaque=True)

    def brand(self, rng):
        """Crops of different photos of one brand: the only true variation within an identity."""
        name = rng.choice(self.brand_names)
        rows = [r for r in self.brands[name] if r[1] is not None]

        def cut(row):
            picture = self.photos.get(row[0])
            x, y, w, h = row[1]
            m = rng.uniform(0, 0.12)
            x0, y0 = max(0, int(x - m * w)), max(0, int(y - m * h))
            piece = picture[y0 : int(y + h * (1 + m)) + 1, x0 : int(x + w * (1 + m)) + 1]
            return np.dstack([piece, np.full(piece.shape[:2], 255, np.uint8)])

        chosen = rng.sample(rows, min(len(rows), 6))
        variants = [lambda r=r: cut(r) for r in chosen]
        return Mark(20_000_000 + self.brand_names.index(name), None, opaque=True, variants=variants)

    def batch(self, rng, count):
        out = []
        while len(out) < count:
            kind = rng.random()
            if kind < 0.42:
                out.append(self.vector(rng))
            elif kind < 0.56:
                out.append(self.combination(rng))
            elif kind < 0.74:
                # Words of one font side by side: letters have to tell them apart.
                font = rng.randrange(len(self.fonts))
                out += [self.word(rng, font) for _ in range(rng.choice([1, 2]))]
            elif kind < 0.86:
                out.append(self.patch(rng))
            else:
                mark = self.brand(rng)
                if all(m.identity != mark.identity for m in out):
                    out.append(mark)
        return out[:count]
