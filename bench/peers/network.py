"""The two looks of a logowatch model in Python: the very ONNX files that logowatch gives to ONNX Runtime, and NumPy."""

import json
import pathlib

import cv2
import numpy as np
import onnxruntime as ort


def open_session(path, tuned):
    """As most people open one; tuned: one thread that does not spin, the cheapest for many streams on a machine."""
    options = ort.SessionOptions()
    if tuned:
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Network:
    """`folder` holds model.json, look.onnx and verify.onnx. Pictures are RGB, height x width x 3, uint8."""

    def __init__(self, folder, looks=2, tuned=True):
        folder = pathlib.Path(folder)
        self.model = json.loads((folder / "model.json").read_text())
        self.look = open_session(str(folder / "look.onnx"), tuned)
        self.verify = open_session(str(folder / "verify.onnx"), tuned) if looks == 2 else None
        self.names = [output.name for output in self.look.get_outputs()]
        brands = self.model["brands"]
        self.labels = [brand["label"] for brand in brands]
        self.weights = {key: np.array([brand[key] for brand in brands]) for key in ("logo", "look", "verify", "offset")}
        self.thresholds = np.array([brand["threshold"] for brand in brands])

    def detect(self, picture):
        """Detections as (label, score, [x, y, width, height] in shares of the picture), those above each brand's threshold."""
        places = self.places(picture)
        if len(places) == 0:
            return []
        if self.verify is None:
            return [(self.labels[int(np.argmax(p["look"]))], float(p["logo"]), self.relative(p["box"], picture)) for p in places]
        crops = np.stack([self.crop(picture, place["box"]) for place in places])
        verify = self.verify.run(None, {"pixels": crops})[0]
        verify = verify[:, verify.shape[1] // 2, verify.shape[2] // 2]
        w = self.weights
        logo = np.array([place["logo"] for place in places])[:, None]
        look = np.stack([place["look"] for place in places])
        llr = w["logo"] * logo + w["look"] * look + w["verify"] * verify + w["offset"]
        scores = 1 / (1 + np.exp(-(llr + np.log(self.model["priorOdds"]))))
        found = []
        for k, label in enumerate(self.labels):
            kept = []
            for i in np.argsort(-scores[:, k]):
                if scores[i, k] < self.thresholds[k]:
                    break
                if all(iou(places[j]["box"], places[i]["box"]) < 0.4 for j in kept):
                    kept.append(i)
                    found.append((label, float(scores[i, k]), self.relative(places[i]["box"], picture)))
        return sorted(found, key=lambda d: -d[1])

    def places(self, picture):
        """What deserves a second look: for a brand's sake, and for looking like some logo."""
        maps = dict(zip(self.names, self.look.run(None, {"pixels": picture[None]})))
        limits = self.model["limits"]
        by_brand, by_logo = [], []
        for stride in (8, 16, 32):
            place, brand = maps[f"place{stride}"][0], maps[f"brand{stride}"][0]
            logo = place[..., 0]
            best = logo + brand.max(axis=-1)
            for cells, logit, floor in ((by_brand, best, limits["floor"]), (by_logo, logo, limits["logoFloor"])):
                rows, columns = np.nonzero((logo >= -4) & (logit >= floor))
                cells += [(float(logit[r, c]), stride, r, c) for r, c in zip(rows, columns)]
        kept = []
        for cells, most in ((by_brand, limits["most"]), (by_logo, limits["logos"])):
            most += len(kept) if cells is by_logo else 0
            for _, stride, row, column in sorted(cells, key=lambda cell: -cell[0])[:300]:
                if len(kept) >= most:
                    break
                place = maps[f"place{stride}"][0][row, column]
                box = self.box(place[1:], stride, row, column, picture)
                if box[2] > 0 and box[3] > 0 and all(iou(other["box"], box) < 0.6 for other in kept):
                    kept.append({"box": box, "logo": place[0], "look": maps[f"brand{stride}"][0][row, column]})
        return kept

    @staticmethod
    def box(distances, stride, row, column, picture):
        height, width = picture.shape[:2]
        left, top, right, bottom = np.exp(np.minimum(distances, np.log(4096))) * stride
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        x0, y0 = max(0, x - left), max(0, y - top)
        return x0, y0, max(0, min(width, x + right) - x0), max(0, min(height, y + bottom) - y0)

    def crop(self, picture, box):
        x, y, width, height = box
        margin, aspect, size = (self.model["crop"][key] for key in ("margin", "aspect", "size"))
        w, h = width * margin, height * margin
        wide, high = max(w, h / aspect), max(h, w / aspect)
        x0, y0 = round(x + width / 2 - wide / 2), round(y + height / 2 - high / 2)
        x1, y1 = x0 + max(1, round(wide)), y0 + max(1, round(high))
        rows, columns = picture.shape[:2]
        inside = picture[max(0, y0) : min(rows, y1), max(0, x0) : min(columns, x1)]
        beyond = max(0, -y0), max(0, y1 - rows), max(0, -x0), max(0, x1 - columns)
        if any(beyond):
            inside = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE)
        return cv2.resize(inside, (size, size), interpolation=cv2.INTER_AREA if wide > size else cv2.INTER_LINEAR)

    @staticmethod
    def relative(box, picture):
        height, width = picture.shape[:2]
        return [float(box[0] / width), float(box[1] / height), float(box[2] / width), float(box[3] / height)]


def iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)
