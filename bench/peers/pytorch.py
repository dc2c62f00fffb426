"""ELEGANT in PyTorch on the CPU, milliseconds of each round as JSON.

  pytorch.py update THREADS ROUNDS SIZE WIDTH BATCH   D, then G, one attribute; and the largest resident size in MiB
  pytorch.py swap THREADS ROUNDS SIZE WIDTH           two encodes, one decode
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

work = sys.argv[1]
threads, rounds, size, width = map(int, sys.argv[2:6])
batch = int(sys.argv[6]) if work == "update" else 1
torch.set_num_threads(threads)
ATTRIBUTES = 2


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))
        self.beta = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return F.normalize(x, dim=1) * self.alpha + self.beta


class Encoder(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [3, w, 2 * w, 4 * w, 8 * w, 8 * w]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:])

    def forward(self, x):
        skips = []
        for conv, norm in zip(self.convs, self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
            skips.append(x)
        return x, skips[:4]


class Decoder(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [16 * w, 8 * w, 4 * w, 2 * w, w, 3]
        self.convs = nn.ModuleList(nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:5])

    def forward(self, z, own, skips):
        x = torch.cat([z, own], 1)
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i == 4:
                return 2 * torch.tanh(x)
            x = F.relu(self.norms[i](x)) + skips[3 - i]


class Discriminator(nn.Module):
    def __init__(self, w, s):
        super().__init__()
        c = [3 + ATTRIBUTES, w, 2 * w, 4 * w, 8 * w]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:])
        self.linear = nn.Linear(8 * w * (s // 16) ** 2, 1)

    def forward(self, x, y):
        x = torch.cat([x, y[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        for conv, norm in zip(self.convs, self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return self.linear(x.flatten(1))


def timed(work):
    times = []
    for i in range(-2, rounds):
        start = time.perf_counter()
        work()
        if i >= 0:
            times.append(1000 * (time.perf_counter() - start))
    return times


enc, dec = Encoder(width), Decoder(width)
d1, d2 = Discriminator(width, size), Discriminator(width, size // 2)
adam = dict(lr=2e-4, betas=(0.5, 0.999), weight_decay=1e-5)
opt_g = torch.optim.Adam([*enc.parameters(), *dec.parameters()], **adam)
opt_d = torch.optim.Adam([*d1.parameters(), *d2.parameters()], **adam)
images = torch.rand(2 * batch, 3, size, size) * 2 - 1
labels = torch.randint(0, 2, (2 * batch, ATTRIBUTES)).float()
cut = 4 * width


def score(x, y):
    return d1(x, y), d2(F.avg_pool2d(x, 2), y)


def bce(logits, real):
    return F.softplus(-logits if real else logits).mean()


def update():
    z, skips = enc(images)
    za, zb = z.chunk(2)
    zc = torch.cat([zb[:, :cut], za[:, cut:]], 1)
    zd = torch.cat([za[:, :cut], zb[:, cut:]], 1)
    residual = dec(torch.cat([z, zc, zd]), torch.cat([z, z]), [torch.cat([s, s]) for s in skips])
    made = (torch.cat([images, images]) + residual).clamp(-1, 1)
    same, fakes = made.chunk(2)
    opt_d.zero_grad()
    loss_d = 0
    for real, fake, weight in zip(score(images, labels), score(fakes.detach(), labels), (0.25, 0.125)):
        loss_d = loss_d + weight * 2 * (bce(real, True) + bce(fake, False))
    loss_d.backward()
    opt_d.step()
    opt_g.zero_grad()
    loss_g = 10 * F.mse_loss(same, images)
    for fake, weight in zip(score(fakes, labels), (1, 0.5)):
        loss_g = loss_g + weight * 2 * bce(fake, True)
    loss_g.backward()
    opt_g.step()


def swap():
    with torch.no_grad():
        z, skips = enc(pair)
        edited = torch.cat([z[1:, : 4 * width], z[:1, 4 * width :]], 1)
        dec(edited, z[:1], [s[:1] for s in skips])


if work == "update":
    times = timed(update)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"update": times, "peakMiB": peak, "version": torch.__version__}))
else:
    pair = torch.rand(2, 3, size, size) * 2 - 1
    print(json.dumps({"swap": timed(swap), "version": torch.__version__}))
