#!/usr/bin/env python3
"""Writes a pre-trained network as a description and weights (the form of src/infer/network, and 8-bit tensors).

    export.py WORK/average.pt OUT [--trunk models/efficientnet-lite0] [--check]

OUT gets trunk.json (layers, places of tensors) and trunk.bin. Weights of 4,096 values and more are stored in 8 bits with a
scale for each output channel, the rest as float32. With --check it also writes check.json: a test picture's outputs by PyTorch.
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from network import CROP_PX, load_average, normalise

INT8_FROM = 4096
STRIDES = (8, 16, 32)


class Writer:
    def __init__(self):
        self.layers, self.places, self.binary = [], {}, bytearray()

    def align(self):
        self.binary.extend(b"\0" * (-len(self.binary) % 4))

    def tensor(self, name, values):
        if name in self.places:
            return
        self.align()
        place = {"shape": list(values.shape), "dtype": "float32", "offset": len(self.binary)}
        if values.size >= INT8_FROM:
            place["dtype"] = "int8"
            channels = values.shape[2] if values.shape[3] == 1 else values.shape[3]
            flat = values.reshape(-1, channels)
            scales = np.abs(flat).max(0) / 127
            self.binary.extend(np.round(flat / np.maximum(scales, 1e-30)).astype(np.int8).tobytes())
            self.align()
            self.binary.extend(scales.astype("<f4").tobytes())
        else:
            self.binary.extend(np.ascontiguousarray(values, "<f4").tobytes())
        self.places[name] = place

    def conv(self, name, source, conv, tensors=None):
        tensors = tensors or name
        weight = conv.weight.detach().numpy().transpose((2, 3, 0, 1) if conv.depthwise else (2, 3, 1, 0))
        self.tensor(f"{tensors}.weights", weight)
        self.tensor(f"{tensors}.bias", conv.bias.detach().numpy())
        self.layers.append({"op": "depthwise" if conv.depthwise else "conv", "name": name, "input": source, "stride": conv.stride,
                            "activation": conv.activation, "weights": f"{tensors}.weights", "bias": f"{tensors}.bias"})


def layers_of(network, writer):
    trunk = network.trunk
    for layer in trunk.description["layers"]:
        if layer["op"] == "add":
            writer.layers.append(layer)
        else:
            writer.conv(layer["name"], layer["input"], trunk.convs[layer["name"].replace(".", "/")])
    for stride, lateral in zip(STRIDES, network.laterals):
        writer.conv(f"lateral{stride}", f"stride{stride}", lateral)
    writer.layers += [
        {"op": "upsample", "name": "up16", "input": "lateral32", "like": "lateral16"},
        {"op": "add", "name": "map16", "inputs": ["lateral16", "up16"], "activation": "none"},
        {"op": "upsample", "name": "up8", "input": "map16", "like": "lateral8"},
        {"op": "add", "name": "map8", "inputs": ["lateral8", "up8"], "activation": "none"},
    ]
    for stride in STRIDES:
        x = "lateral32" if stride == 32 else f"map{stride}"
        for i, conv in enumerate(network.tower):
            name = f"tower{stride}" if i == 3 else f"tower{stride}.{i}"
            writer.conv(name, x, conv, f"tower.{i}")
            x = name
        writer.conv(f"place{stride}", x, network.place, "place")


def check(network):
    """What the written network should give, nearly, for a picture that any program can draw: x, y and channel mixed."""
    y, x, c = np.meshgrid(np.arange(192), np.arange(256), np.arange(3), indexing="ij")
    picture = ((x * (c + 1) + y * 3 + (x // 16) * (y // 16) * 7) % 256).astype(np.uint8)
    with torch.no_grad():
        levels = network.dense(normalise(picture[None]))
        tap = network.trunk(normalise(picture[None, :CROP_PX, :CROP_PX]))[2]
    out = {f"{kind}{stride}": level[k][0].permute(1, 2, 0).flatten().tolist() for stride, level in zip(STRIDES, levels) for k, kind in enumerate(("tower", "place"))}
    out["stride32"] = tap[0].permute(1, 2, 0).flatten().tolist()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trunk", type=Path, default=Path(__file__).parents[2] / "models/efficientnet-lite0")
    parser.add_argument("--check", action="store_true")
    a = parser.parse_args()
    torch.set_num_threads(1)
    network = load_average(a.trunk, a.state)
    writer = Writer()
    layers_of(network, writer)
    outputs = [f"{kind}{s}" for s in STRIDES for kind in ("tower", "place")] + ["stride32"]
    a.out.mkdir(parents=True, exist_ok=True)
    layers = ",\n    ".join(json.dumps(layer) for layer in writer.layers)
    places = ",\n    ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in writer.places.items())
    (a.out / "trunk.json").write_text(f'{{\n  "layers": [\n    {layers}\n  ],\n  "tensors": {{\n    {places}\n  }},\n  "outputs": {json.dumps(outputs)}\n}}\n')
    (a.out / "trunk.bin").write_bytes(bytes(writer.binary))
    digest = lambda name: {"file": name, "sha256": hashlib.sha256((a.out / name).read_bytes()).hexdigest()}
    (a.out / "reference.json").write_text(json.dumps({"layers": digest("trunk.json"), "weights": digest("trunk.bin")}, indent=1) + "\n")
    if a.check:
        (a.out / "check.json").write_text(json.dumps(check(network)))
    print(f"{len(writer.binary)} bytes")


if __name__ == "__main__":
    main()
