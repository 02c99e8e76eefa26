"""A video watched in Python: pipeline.py FOLDER SOURCE FPS opencv|supervision|raw one|two written|tuned

FOLDER holds the network's files (network.py). `opencv` is what a user would write: cv2.VideoCapture, cv2.resize, ONNX Runtime.
`supervision` takes its frames generator, its detections and their suppression; its tracker has moved to another package. `raw` reads pictures of 640x360 rgb24 from a file
that logowatch wrote, for comparing detections on the very same pixels. Prints one JSON document.
"""

import json
import sys
import time

import cv2
import numpy as np

from network import Network

WIDTH, HEIGHT = 640, 360


def opencv(source, fps):
    """Sampled frames with their times; skipped ones are decoded, since the next depend on them, but not converted."""
    capture = cv2.VideoCapture(source)
    last = None
    while capture.grab():
        at = capture.get(cv2.CAP_PROP_POS_MSEC)
        if last is not None and at - last < 1000 / fps - 1:
            continue
        last = at
        ok, frame = capture.retrieve()
        if ok:
            yield at / 1000, picture(frame)
    capture.release()


def supervised(source, fps):
    import supervision as sv

    rate = sv.VideoInfo.from_video_path(source).fps
    stride = round(rate / fps)
    for n, frame in enumerate(sv.get_video_frames_generator(source, stride=stride)):
        yield n * stride / rate, picture(frame)


def raw(source, fps):
    pictures = np.fromfile(source, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)
    for n, frame in enumerate(pictures):
        yield n / fps, frame


def picture(frame):
    return cv2.cvtColor(cv2.resize(frame, (WIDTH, HEIGHT)), cv2.COLOR_BGR2RGB)


def collector(labels):
    import supervision as sv

    def collect(found):
        if not found:
            return sv.Detections.empty()
        x, y, w, h = np.array([box for _, _, box in found]).T
        return sv.Detections(
            xyxy=np.stack([x * WIDTH, y * HEIGHT, (x + w) * WIDTH, (y + h) * HEIGHT], axis=1),
            confidence=np.array([score for _, score, _ in found]),
            class_id=np.array([labels.index(label) for label, _, _ in found]),
        ).with_nms(0.4)

    return collect


folder, source, fps, kind, looks, how = sys.argv[1:]
if how == "tuned":
    cv2.setNumThreads(1)
network = Network(folder, looks=1 if looks == "one" else 2, tuned=how == "tuned")
network.detect(np.full((HEIGHT, WIDTH, 3), 127, np.uint8))
collect = collector(network.labels) if kind == "supervision" else lambda found: None
frames = {"opencv": opencv, "supervision": supervised, "raw": raw}[kind](source, float(fps))
started, began = time.process_time(), time.perf_counter()
seen = []
for at, frame in frames:
    found = network.detect(frame)
    collect(found)
    seen.append({"at": at, "found": found})
print(json.dumps({"cpuSeconds": time.process_time() - started, "wallSeconds": time.perf_counter() - began, "frames": seen}))
