"""Composes pre-training scenes: marks in perspective, recoloured, occluded, on photos; then what a TV channel does to pictures."""
import math

import cv2
import numpy as np


def corners(rng, w, h):
    """A w x h rectangle turned about three axes and seen from a few widths away; about (0, 0)."""
    strong = rng.random() < 0.5
    tilt = math.radians(45) if strong else math.radians(15)
    ax, ay = rng.uniform(-tilt, tilt), rng.uniform(-tilt, tilt)
    az = math.radians(rng.gauss(0, 8 if rng.random() < 0.8 else 25))
    p = np.array([[-w / 2, -h / 2, 0], [w / 2, -h / 2, 0], [w / 2, h / 2, 0], [-w / 2, h / 2, 0]])
    rx = np.array([[1, 0, 0], [0, math.cos(ax), -math.sin(ax)], [0, math.sin(ax), math.cos(ax)]])
    ry = np.array([[math.cos(ay), 0, math.sin(ay)], [0, 1, 0], [-math.sin(ay), 0, math.cos(ay)]])
    rz = np.array([[math.cos(az), -math.sin(az), 0], [math.sin(az), math.cos(az), 0], [0, 0, 1]])
    p = p @ rx.T @ ry.T @ rz.T
    d = max(w, h) * rng.uniform(1.6, 5)
    return (p[:, :2] * (d / (d + p[:, 2:]))).astype(np.float32)


def recolour(rng, rgba, mono, opaque):
    rgba = rgba.copy()
    if mono:
        style = rng.random()
        if style > 0.25:
            rgba[..., :3] = 255 * rng.randrange(2) if style < 0.6 else [rng.randrange(256) for _ in range(3)]
    elif rng.random() < 0.12:
        rgba[..., :3] = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2GRAY)[..., None]
    elif rng.random() < 0.35:
        hsv = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2HSV).astype(np.int16)
        hsv[..., 0] = (hsv[..., 0] + rng.randrange(-8, 9)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.5, 1.3), 0, 255)
        hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.55, 1.25) + rng.uniform(-15, 15), 0, 255)
        rgba[..., :3] = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    if not opaque and not mono and rng.random() < 0.04:
        rgba[..., :3] = 255 - rgba[..., :3]
    return rgba


def paste(rng, frame, mark, side, taken):
    """Returns the box [x0, y0, x1, y1] of what is visible, or None when it found no room or could not be seen."""
    rgba = recolour(rng, mark.view(rng), mark.mono, mark.opaque)
    h, w = rgba.shape[:2]
    k = side / max(w, h)
    if k < 0.5:
        small = max(0.02, k * 1.6)
        # Alpha-weighted, so that what is transparent lends no colour.
        alpha = rgba[..., 3:].astype(np.float32) / 255
        size = (max(2, round(w * small)), max(2, round(h * small)))
        colour = cv2.resize(rgba[..., :3] * alpha, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        rgba = np.dstack([colour / np.maximum(alpha, 1e-3)[..., None], alpha * 255]).clip(0, 255).astype(np.uint8)
        h, w = rgba.shape[:2]
        k = side / max(w, h)
    if rng.random() < 0.3:
        rgba = bend(rng, rgba)
    stretch = rng.uniform(0.88, 1.13)
    quad = corners(rng, w * k * stretch, h * k / stretch)
    low, high = quad.min(0), quad.max(0)
    H, W = frame.shape[:2]
    span = high - low
    for _ in range(8):
        hang = 0.25 if rng.random() < 0.1 else 0.0
        x = rng.uniform(-hang * span[0], max(1.0, W - span[0] * (1 - hang)))
        y = rng.uniform(-hang * span[1], max(1.0, H - span[1] * (1 - hang)))
        box = [max(0, x), max(0, y), min(W, x + span[0]), min(H, y + span[1])]
        if all(overlap(box, t) < 0.08 for t in taken):
            break
    else:
        return None
    x0, y0, x1, y1 = int(box[0]), int(box[1]), math.ceil(box[2]), math.ceil(box[3])
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [w, 0], [w, h], [0, h]]), quad - low + np.float32([x - x0, y - y0]))
    flat = cv2.warpPerspective(rgba, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    alpha = flat[..., 3:].astype(np.float32) / 255
    if rng.random() < (0.3 if mark.opaque else 0.2):
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.5, 1.5))[..., None]
    if rng.random() < (0.12 if mark.opaque else 0.3):
        alpha = alpha * rng.uniform(0.35, 1)
    region = frame[y0:y1, x0:x1]
    colours = flat[..., :3]
    if rng.random() < 0.4:
        colours = shade(rng, colours, region)
    mixed = colours * alpha + region * (1 - alpha)
    change = np.abs(mixed - region).mean()
    if change < 7 and not mark.opaque:
        return None
    region[:] = mixed
    if rng.random() < 0.15:
        occlude(rng, frame, box)
    return box


def bend(rng, rgba):
    """As on a can or on cloth: a part of a cylinder, or waves across."""
    h, w = rgba.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32))
    if rng.random() < 0.5:
        reach = rng.uniform(0.5, 1.25)
        sag = rng.uniform(-0.15, 0.15)
        u = np.arcsin(np.clip(x * math.sin(reach), -1, 1)) / reach
        u, v = (u, y + sag * (1 - x * x)) if rng.random() < 0.8 else (x, np.arcsin(np.clip(y * math.sin(reach), -1, 1)) / reach)
    else:
        size = rng.uniform(0.02, 0.09)
        f, g = rng.uniform(1, 5), rng.uniform(-4, 4)
        p = rng.uniform(0, 6.28)
        u = x + size * np.sin(f * y + g * x + p)
        v = y + size * np.sin(f * x - g * y + 2 * p)
    return cv2.remap(rgba, (u + 1) * (w - 1) / 2, (v + 1) * (h - 1) / 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def shade(rng, colours, region):
    """Light that changes across the mark, a highlight, and the grain of what it is printed on."""
    h, w = region.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32))
    a, turn = rng.uniform(0, 0.6), rng.uniform(0, 6.28)
    light = 1 + a * (x * math.cos(turn) + y * math.sin(turn))
    if rng.random() < 0.3:
        cx, cy = rng.uniform(-1, 1), rng.uniform(-1, 1)
        light = light + rng.uniform(0.2, 0.8) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) * rng.uniform(1, 8))
    out = colours * light[..., None]
    if rng.random() < 0.5:
        grey = region.mean(2, dtype=np.float32)
        smooth = cv2.GaussianBlur(grey, (0, 0), max(1.5, max(h, w) / 8))
        out = out * np.clip(1 + rng.uniform(0.3, 1) * (grey - smooth) / 96, 0.3, 1.8)[..., None]
    return np.clip(out, 0, 255)


def occlude(rng, frame, box):
    share = rng.uniform(0.1, 0.4)
    w, h = box[2] - box[0], box[3] - box[1]
    if rng.random() < 0.5:
        w = w * share
    else:
        h = h * share
    x, y = rng.uniform(box[0], box[2] - w), rng.uniform(box[1], box[3] - h)
    frame[int(y) : int(y + h), int(x) : int(x + w)] = [rng.randrange(256) for _ in range(3)]


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))


def background(rng, scenes, H, W):
    if rng.random() < 0.12:
        a, b = ([rng.randrange(256) for _ in range(3)] for _ in range(2))
        t = np.linspace(0, 1, H if rng.random() < 0.5 else W, dtype=np.float32)
        t = t[:, None] if len(t) == H and rng.random() < 0.5 or len(t) != W else t[None, :]
        t = np.broadcast_to(t, (H, W))[..., None]
        return (np.float32(a) * (1 - t) + np.float32(b) * t).astype(np.uint8)
    p = scenes.pick(rng)
    h, w = p.shape[:2]
    k = max(H / h, W / w) * rng.uniform(1, 1.5)
    if rng.random() < 0.3 and min(h, w) > max(H, W):
        k = max(H / h, W / w, rng.uniform(0.4, 1))
    ch, cw = min(h, max(1, int(H / k))), min(w, max(1, int(W / k)))
    y, x = rng.randint(0, h - ch), rng.randint(0, w - cw)
    out = cv2.resize(p[y : y + ch, x : x + cw], (W, H), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    return np.ascontiguousarray(out[:, ::-1]) if rng.random() < 0.5 else out


def degrade(rng, frame):
    H, W = frame.shape[:2]
    if rng.random() < 0.25:
        frame = np.clip(frame.astype(np.float32) * rng.uniform(0.6, 1.25) + rng.uniform(-25, 25), 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        k = np.zeros((7, 7), np.float32)
        n = rng.randrange(3, 8)
        if rng.random() < 0.5:
            k[3, (7 - n) // 2 : (7 - n) // 2 + n] = 1 / n
        else:
            k[(7 - n) // 2 : (7 - n) // 2 + n, 3] = 1 / n
        frame = cv2.filter2D(frame, -1, k)
    if rng.random() < 0.2:
        s = rng.uniform(0.5, 0.9)
        frame = cv2.resize(cv2.resize(frame, (int(W * s), int(H * s)), interpolation=cv2.INTER_AREA), (W, H), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, rng.uniform(2, 10), frame.shape)
        frame = np.clip(frame + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        _, code = cv2.imencode(".jpg", frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(20, 90))])
        frame = np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[:, :, ::-1])
    return frame


def photo_patch(rng, marks, H, W):
    """A piece of a photo of another brand around its logo, at a wanted size. Returns (frame, [(mark, box)])."""
    name = rng.choice(marks.brand_names)
    rows = [r for r in marks.brands[name] if r[1] is not None]
    file, box = rng.choice(rows)
    picture = marks.photos.get(file)
    x, y, w, h = box
    k = min(3.0, math.exp(rng.uniform(math.log(28), math.log(min(H, W) * 0.95))) / max(w, h))
    big = max(2, round(picture.shape[1] * k)), max(2, round(picture.shape[0] * k))
    frame = background(rng, marks.scenes, H, W)
    scaled = cv2.resize(picture, big, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    ox = place(rng, W, big[0], x * k, w * k)
    oy = place(rng, H, big[1], y * k, h * k)
    x0, y0, x1, y1 = max(0, ox), max(0, oy), min(W, ox + big[0]), min(H, oy + big[1])
    frame[y0:y1, x0:x1] = scaled[y0 - oy : y1 - oy, x0 - ox : x1 - ox]
    identity = 20_000_000 + marks.brand_names.index(name)
    found = []
    for other, b in marks.brands[name]:
        if other == file and b is not None:
            bx, by, bw, bh = (v * k for v in b)
            c = [max(0, bx + ox), max(0, by + oy), min(W, bx + bw + ox), min(H, by + bh + oy)]
            if (c[2] - c[0]) * (c[3] - c[1]) > 0.5 * bw * bh and max(c[2] - c[0], c[3] - c[1]) > 12:
                found.append((identity, True, c))
    return frame, found


def nested(rng, scenes, frame, found):
    """The whole scene made small and laid over another: logos of a few pixels, in surroundings that belong to them."""
    H, W = frame.shape[:2]
    sides = [max(b[2] - b[0], b[3] - b[1]) for *_, b in found]
    k = min(0.75, math.exp(rng.uniform(math.log(16), math.log(56))) / max(sides)) if sides else rng.uniform(0.2, 0.6)
    if k * min(H, W) < 24:
        return frame, found
    inner = cv2.resize(frame, (max(2, round(W * k)), max(2, round(H * k))), interpolation=cv2.INTER_AREA)
    h, w = inner.shape[:2]
    outer = background(rng, scenes, H, W).copy()
    x, y = rng.randint(0, W - w), rng.randint(0, H - h)
    outer[y : y + h, x : x + w] = inner
    moved = [(i, logo, [b[0] * k + x, b[1] * k + y, b[2] * k + x, b[3] * k + y]) for i, logo, b in found]
    return outer, [m for m in moved if max(m[2][2] - m[2][0], m[2][3] - m[2][1]) >= 10]


def place(rng, frame, photo, at, size):
    free = rng.uniform(min(0, frame - photo), max(0, frame - photo))
    low, high = -at, frame - at - size
    return round(min(high, max(low, free)) if low <= high else (low + high) / 2)


def compose_batch(rng, marks, patches, H, W):
    """`patches` scenes of H x W that share marks. Returns (uint8 [N,H,W,3], per scene [(identity, logo, box)])."""
    per_scene = max(3, round(6 * math.sqrt(H * W) / 256))
    pool = marks.batch(rng, max(4, round(patches * per_scene / 2.2)))
    deck = [m for m in pool for _ in range(2)]
    rng.shuffle(deck)
    frames, truths = [], []
    for n in range(patches):
        kind = rng.random()
        small = rng.random() < 0.22
        if kind < 0.22:
            frame, found = photo_patch(rng, marks, H, W)
            count = 0 if small else rng.choice([0, 1])
        else:
            frame, found = background(rng, marks.scenes, H, W).copy(), []
            count = 0 if kind < 0.28 else 2 if small else per_scene
        taken = [f[2] for f in found]
        big = rng.random() < 0.25
        for i in range(count):
            if not deck:
                deck = [m for m in pool for _ in range(2)]
                rng.shuffle(deck)
            mark = deck.pop()
            most = min(H, W) * (0.95 if big and i == 0 else 0.4)
            least = 80 if (big and i == 0) or small else 18
            side = math.exp(rng.uniform(math.log(least), math.log(max(most, least + 1))))
            box = paste(rng, frame, mark, side, taken)
            if box is not None:
                taken.append(box)
                found.append((mark.identity, mark.logo, box))
        if small:
            frame, found = nested(rng, marks.scenes, frame, found)
        frames.append(degrade(rng, frame))
        truths.append(found)
    return np.stack(frames), truths


def crop_box(rng, box, jitter):
    """The square-ish region that the crop embedding looks at: 1.25 x the box, no longer than 2.5 times its height."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    if jitter:
        both = rng.gauss(0, 0.14)
        w, h = w * math.exp(both + rng.gauss(0, 0.1)), h * math.exp(both + rng.gauss(0, 0.1))
        cx, cy = cx + w * rng.gauss(0, 0.08), cy + h * rng.gauss(0, 0.08)
    w, h = w * 1.25, h * 1.25
    w, h = max(w, h / 2.5), max(h, w / 2.5)
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def cut_crop(frame, region, size):
    x0, y0, x1, y1 = region
    sx, sy = size / (x1 - x0), size / (y1 - y0)
    # Centres of pixels lie at halves.
    matrix = np.float32([[sx, 0, (0.5 - x0) * sx - 0.5], [0, sy, (0.5 - y0) * sy - 0.5]])
    k = max((x1 - x0), (y1 - y0)) / size
    if k > 2:  # average first: a plain warp would alias
        small = cv2.resize(frame, None, fx=1 / k, fy=1 / k, interpolation=cv2.INTER_AREA)
        return cut_crop(small, [v / k for v in region], size)
    return cv2.warpAffine(frame, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
