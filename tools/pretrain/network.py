"""The shipped network in PyTorch: EfficientNet-Lite0 with its batch-norms folded, a neck, a tower shared by three strides, and
the two embeddings. Layer and tensor names are those of models/*/trunk.json, so that reading and writing need no table."""
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

NECK_CHANNELS = 96
TOWER_CHANNELS = 128
EMBEDDING = 128
# Values of the second look.
LOOK = 160
TAPS = {"stride8": (8, 40), "stride16": (16, 112), "stride32": (32, 320)}
CROP_PX = 96
# Standard deviation of the ImageNet trunk's taps: what reads them starts with weights that bring it to about 1.
TAP_DEVIATION = 7
# Layers up to here see edges and colours only; they stay as ImageNet left them, which also halves the cost of a step.
FROZEN_UNTIL = "stride8"


def same_pad(x, kernel, stride):
    """TensorFlow's SAME."""
    if stride == 1:
        return x, kernel // 2
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max(0, (math.ceil(size / stride) - 1) * stride + kernel - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads), 0


class Conv(nn.Module):
    def __init__(self, weight, bias, stride, activation, depthwise):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.stride, self.activation, self.depthwise = stride, activation, depthwise

    def forward(self, x):
        if self.weight.shape[-1] == 1 and not self.depthwise and not x.is_cuda:
            # A matrix product over channels-last rows: on a CPU faster than the library's convolution.
            x = F.linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias).permute(0, 3, 1, 2)
        else:
            x, padding = same_pad(x, self.weight.shape[-1], self.stride)
            groups = self.weight.shape[0] if self.depthwise else 1
            x = F.conv2d(x, self.weight, self.bias, self.stride, padding, groups=groups)
        return x if self.activation == "none" else F.relu6(x, inplace=True)


def new_conv(kernel, inputs, outputs, activation, depthwise=False, gain=2.0):
    fan = kernel * kernel * (1 if depthwise else inputs)
    shape = (outputs, 1 if depthwise else inputs, kernel, kernel)
    return Conv(torch.randn(shape) * math.sqrt(gain / fan), torch.zeros(outputs), 1, activation, depthwise)


def read_tensors(folder, description, binary):
    data = (Path(folder) / binary).read_bytes()
    out = {}
    for name, place in description["tensors"].items():
        dtype = {"float16": "<f2", "float32": "<f4"}[place["dtype"]]
        count = int(np.prod(place["shape"]))
        out[name] = np.frombuffer(data, dtype, count, place["offset"]).reshape(place["shape"]).astype(np.float32)
    return out


class Trunk(nn.Module):
    """Runs the layer list of a trunk.json."""

    def __init__(self, folder):
        super().__init__()
        self.description = json.loads((Path(folder) / "trunk.json").read_text())
        tensors = read_tensors(folder, self.description, "trunk.bin")
        self.convs = nn.ModuleDict()
        frozen = True
        for layer in self.description["layers"]:
            if layer["op"] in ("conv", "depthwise"):
                weight = torch.from_numpy(tensors[layer["weights"]].copy())
                # HWIO -> OIHW, and (H,W,C,1) -> (C,1,H,W): the same permutation of other roles.
                weight = weight.permute(3, 2, 0, 1) if layer["op"] == "conv" else weight.permute(2, 3, 0, 1)
                bias = torch.from_numpy(tensors[layer["bias"]].copy())
                conv = Conv(weight.contiguous(), bias, layer["stride"], layer["activation"], layer["op"] == "depthwise")
                conv.requires_grad_(not frozen)
                self.convs[layer["name"].replace(".", "/")] = conv
            if layer["name"] == FROZEN_UNTIL:
                frozen = False

    def forward(self, x):
        values, taps, frozen = {"image": x}, {}, True
        with torch.no_grad():
            for i, layer in enumerate(self.description["layers"]):
                self.step(layer, values)
                if layer["name"] == FROZEN_UNTIL:
                    break
        for layer in self.description["layers"][i + 1:]:
            self.step(layer, values)
        return [values[name] for name in TAPS]

    def step(self, layer, values):
        if layer["op"] == "add":
            a, b = layer["inputs"]
            values[layer["name"]] = values[a] + values[b]
        else:
            values[layer["name"]] = self.convs[layer["name"].replace(".", "/")](values[layer["input"]])


class LogoNetwork(nn.Module):
    def __init__(self, trunk_folder):
        super().__init__()
        self.trunk = Trunk(trunk_folder)
        self.laterals = nn.ModuleList(new_conv(1, c, NECK_CHANNELS, "none", gain=0.5 / TAP_DEVIATION**2) for _, c in TAPS.values())
        self.tower = nn.Sequential(
            new_conv(3, NECK_CHANNELS, NECK_CHANNELS, "none", depthwise=True, gain=1.0),
            new_conv(1, NECK_CHANNELS, TOWER_CHANNELS, "relu6"),
            new_conv(5, TOWER_CHANNELS, TOWER_CHANNELS, "none", depthwise=True, gain=1.0),
            new_conv(1, TOWER_CHANNELS, TOWER_CHANNELS, "relu6"),
        )
        # Logoness, then ln of the distances to left, top, right, bottom over the stride.
        self.place = new_conv(1, TOWER_CHANNELS, 5, "none", gain=0.02)
        with torch.no_grad():
            self.place.bias.copy_(torch.tensor([-4.6, 1.0, 1.0, 1.0, 1.0]))
        self.embed = new_conv(1, TOWER_CHANNELS, EMBEDDING, "none", gain=1.0)
        # The second look sees the whole 3x3 map of a 96 px crop, so it knows what is where.
        self.crop32 = new_conv(3, 320, LOOK, "none", gain=1 / TAP_DEVIATION**2)
        self.crop16 = new_conv(3, 112, 48, "relu6", gain=2.0 / TAP_DEVIATION**2)
        self.crop16down = Conv(torch.randn(LOOK, 48, 5, 5) * math.sqrt(1 / 1200), torch.zeros(LOOK), 2, "none", False)
        # Serve training alone: what the contrastive loss sees of a look, and the look's guess at ImageNet's tap.
        self.project = nn.Sequential(nn.ReLU(), nn.Linear(LOOK, 256), nn.ReLU(), nn.Linear(256, EMBEDDING))
        self.recall = nn.Linear(LOOK, 320)

    def dense(self, x):
        """NCHW pictures -> per stride (tower, place, embedding)."""
        p8, p16, p32 = (lateral(tap) for lateral, tap in zip(self.laterals, self.trunk(x)))
        p16 = p16 + up(p32, p16)
        p8 = p8 + up(p16, p8)
        out = []
        for p in (p8, p16, p32):
            t = self.tower(p)
            out.append((t, self.place(t), self.embed(t)))
        return out

    def look(self, t16, t32):
        """Taps of crops -> [N, LOOK]."""
        return (self.crop32(t32) + self.crop16down(self.crop16(t16)))[:, :, 1, 1]

    def crop(self, x):
        """NCHW crops of CROP_PX -> [N, LOOK]."""
        _, t16, t32 = self.trunk(x)
        return self.look(t16, t32)


def load_average(trunk_folder, state):
    """The network that train.py wrote."""
    network = LogoNetwork(trunk_folder)
    network.load_state_dict({k: v.float() for k, v in torch.load(state, map_location="cpu")["average"].items()})
    return network.eval()


def up(coarse, fine):
    x = F.interpolate(coarse, scale_factor=2, mode="nearest")
    return x[:, :, : fine.shape[2], : fine.shape[3]]


def normalise(pictures):
    """uint8 NHWC -> float NCHW, (x - 127) / 128, channels last."""
    x = torch.as_tensor(pictures).permute(0, 3, 1, 2).float()
    return ((x - 127) / 128).contiguous(memory_format=torch.channels_last)
