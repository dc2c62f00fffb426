"""ELEGANT's networks in PyTorch, written from the description in docs/fidelity.md, as the other side of our tests.

  elegant.py save DIR SIZE WIDTH N zip|legacy     formula-filled weights as Enc_iter_7.pth, Dec_..., D1_..., D2_...
  elegant.py swap DIR STEP SIZE WIDTH N INPUT REFERENCE ATTRIBUTE OUT
                                                  loads those files with strict=True; pictures are raw 8-bit RGB
"""
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def hash32(x):
    x = x.astype(np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return x ^ (x >> np.uint32(16))


def fnv1a(text):
    h = 0x811C9DC5
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def filled(name, seed, shape, scale, offset=0.0):
    key = hash32(np.array([fnv1a(name) ^ seed]))[0]
    with np.errstate(over="ignore"):
        bits = hash32(key + np.arange(int(np.prod(shape)), dtype=np.uint32)) >> np.uint32(8)
    return torch.tensor(((bits / 2**24 * 2 - 1) * scale + offset).astype(np.float32).reshape(shape))


class Normalization(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))
        self.beta = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return F.normalize(x, p=2, dim=1, eps=1e-12) * self.alpha + self.beta


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        channels = [3, width, 2 * width, 4 * width, 8 * width, 8 * width]
        self.main = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), Normalization(), nn.LeakyReLU(0.2))
            for a, b in zip(channels, channels[1:])
        )

    def forward(self, x):
        outputs = []
        for block in self.main:
            x = block(x)
            outputs.append(x)
        return x, outputs[:4]


class Decoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        channels = [16 * width, 8 * width, 4 * width, 2 * width, width, 3]
        blocks = []
        for i, (a, b) in enumerate(zip(channels, channels[1:])):
            conv = nn.ConvTranspose2d(a, b, 3, 2, 1, 1)
            blocks.append(nn.Sequential(conv, Normalization(), nn.ReLU()) if i < 4 else nn.Sequential(conv))
        self.main = nn.ModuleList(blocks)

    def forward(self, edited, own, skips):
        x = torch.cat([edited, own], 1)
        for i, block in enumerate(self.main):
            x = block(x)
            if i < 4:
                x = x + skips[3 - i]
        return 2 * torch.tanh(x)


class Discriminator(nn.Module):
    def __init__(self, n, size, width):
        super().__init__()
        channels = [3 + n, width, 2 * width, 4 * width, 8 * width]
        layers = []
        for a, b in zip(channels, channels[1:]):
            layers += [nn.Conv2d(a, b, 3, 2, 1), Normalization(), nn.LeakyReLU(0.2)]
        self.conv = nn.Sequential(*layers)
        self.linear = nn.Sequential(nn.Linear(8 * width * (size // 16) ** 2, 1), nn.Sigmoid())


def networks(size, width, n):
    return {
        "Enc": Encoder(width),
        "Dec": Decoder(width),
        "D1": Discriminator(n, size, width),
        "D2": Discriminator(n, size // 2, width),
    }


def save(folder, size, width, n, container):
    for name, network in networks(size, width, n).items():
        state = network.state_dict()
        for key, value in state.items():
            kind = key.rsplit(".", 1)[1]
            shape = tuple(value.shape)
            if kind == "weight":
                fan = shape[1] if value.dim() == 2 else 9 * (shape[0] if name == "Dec" else shape[1])
                scale, offset = float(np.float32(np.sqrt(6 / fan))), 0
            else:
                scale, offset = {"alpha": (0.5, 1), "beta": (0.1, 0), "bias": (0.05, 0)}[kind]
            state[key] = filled(f"{name}.{key}", 7, shape, scale, offset)
        path = os.path.join(folder, f"{name}_iter_7.pth")
        torch.save(state, path, _use_new_zipfile_serialization=container == "zip")


def swap(folder, step, size, width, n, inputs, reference, attribute, out):
    loaded = networks(size, width, n)
    for name, network in loaded.items():
        state = torch.load(os.path.join(folder, f"{name}_iter_{step}.pth"), map_location="cpu")
        network.load_state_dict(state, strict=True)

    def picture(path):
        pixels = np.fromfile(path, np.uint8).reshape(1, size, size, 3)
        return torch.tensor(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255 * 2 - 1)

    with torch.no_grad():
        B, A = picture(inputs), picture(reference)
        (z_b, skips), (z_a, _) = loaded["Enc"](B), loaded["Enc"](A)
        begin, end = (int(np.rint(8 * width / n * i)) for i in (attribute, attribute + 1))
        z_d = z_b.clone()
        z_d[:, begin:end] = z_a[:, begin:end]
        D = torch.clamp(B + loaded["Dec"](z_d, z_b, skips), -1, 1)
    levels = torch.round((D[0].permute(1, 2, 0) + 1) * 127.5).numpy().astype(np.uint8)
    levels.tofile(out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    command, folder, *rest = sys.argv[1:]
    if command == "save":
        save(folder, *map(int, rest[:3]), rest[3])
    else:
        swap(folder, *map(int, rest[:4]), rest[4], rest[5], int(rest[6]), rest[7])
