"""Frames a second of bare TensorFlow or ONNX Runtime: bare_gpu.py FOLDER tensorflow|onnxruntime WIDTH HEIGHT ROUNDS COUNT...

FOLDER holds the network as logowatch writes it for this: look.onnx, and layers.json with weights.bin. The pictures are bytes, as
they come from a decoder, and the outputs are brought back to the processor's memory, as ours are. Prints one JSON document.
"""

import json
import pathlib
import sys
import time

import numpy as np


def tensorflow(folder):
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    network = json.loads((folder / "layers.json").read_text())
    binary = np.fromfile(folder / "weights.bin", np.float32)
    weights = {}
    for name, place in network["tensors"].items():
        start = place["offset"]
        weights[name] = tf.constant(binary[start : start + int(np.prod(place["shape"]))].reshape(place["shape"]))
    activations = {"none": tf.identity, "relu": tf.nn.relu, "relu6": tf.nn.relu6}

    @tf.function
    def forward(pixels):
        values = {network["input"]: (tf.cast(pixels, tf.float32) - network["mean"]) * network["scale"]}
        for layer in network["layers"]:
            if layer["op"] == "add":
                value = values[layer["inputs"][0]] + values[layer["inputs"][1]]
            elif layer["op"] == "upsample":
                like = tf.shape(values[layer["like"]])
                value = values[layer["input"]]
                value = tf.repeat(tf.repeat(value, 2, axis=1), 2, axis=2)[:, : like[1], : like[2]]
            else:
                convolve = tf.nn.conv2d if layer["op"] == "conv" else tf.nn.depthwise_conv2d
                stride = [1, layer["stride"], layer["stride"], 1]
                value = convolve(values[layer["input"]], weights[layer["weights"]], stride, "SAME") + weights[layer["bias"]]
            values[layer["name"]] = activations[layer.get("activation", "none")](value)
        return {name: values[name] for name in network["outputs"]}

    devices = [d.name for d in tf.config.list_logical_devices("GPU")]
    return (lambda pixels: {k: v.numpy() for k, v in forward(tf.constant(pixels)).items()}), devices, tf.__version__


def onnxruntime(folder):
    import onnxruntime as ort

    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    session = ort.InferenceSession(
        str(folder / "look.onnx"), providers=["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    devices = [p for p in session.get_providers() if p.startswith("CUDA")]
    return (lambda pixels: dict(zip(names, session.run(names, {"pixels": pixels})))), devices, ort.__version__


def main():
    folder, library, width, height, rounds = pathlib.Path(sys.argv[1]), *sys.argv[2:6]
    run, devices, version = {"tensorflow": tensorflow, "onnxruntime": onnxruntime}[library](folder)
    random = np.random.default_rng(1)
    rates = {}
    for count in map(int, sys.argv[6:]):
        pixels = random.integers(0, 256, (count, int(height), int(width), 3), np.uint8)
        for _ in range(3):
            run(pixels)
        times = []
        for _ in range(int(rounds)):
            started = time.perf_counter()
            run(pixels)
            times.append(time.perf_counter() - started)
        rates[count] = count / float(np.median(times))
    print(json.dumps({"framesPerSecond": rates, "devices": devices, "version": version}))


if __name__ == "__main__":
    main()
