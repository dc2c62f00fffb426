"""The layers of FID's Inception in PyTorch with random weights: inception.py THREADS BATCH ROUNDS prints the milliseconds of a batch in each round as JSON."""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def conv(a, b, kernel, stride=1, pad=None):
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    pad = 0 if pad is None and kernel[0] == kernel[1] else pad
    pad = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2) if pad is None else pad
    return nn.Sequential(nn.Conv2d(a, b, kernel, stride, pad, bias=True), nn.ReLU())


class Branches(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


avg = lambda: nn.AvgPool2d(3, 1, 1, count_include_pad=False)
shrink = lambda: nn.MaxPool2d(3, 2)
seq = nn.Sequential


def a(c, p):
    dbl = seq(conv(c, 64, 1), conv(64, 96, 3, 1, 1), conv(96, 96, 3, 1, 1))
    return Branches(conv(c, 64, 1), seq(conv(c, 48, 1), conv(48, 64, 5, 1, 2)), dbl, seq(avg(), conv(c, p, 1)))


def c(m):
    long = seq(conv(768, m, 1), conv(m, m, (7, 1)), conv(m, m, (1, 7)), conv(m, m, (7, 1)), conv(m, 192, (1, 7)))
    short = seq(conv(768, m, 1), conv(m, m, (1, 7)), conv(m, 192, (7, 1)))
    return Branches(conv(768, 192, 1), short, long, seq(avg(), conv(768, 192, 1)))


def e(i, pool):
    split = lambda: Branches(conv(384, 384, (1, 3)), conv(384, 384, (3, 1)))
    dbl = seq(conv(i, 448, 1), conv(448, 384, 3, 1, 1), split())
    return Branches(conv(i, 320, 1), seq(conv(i, 384, 1), split()), dbl, seq(pool, conv(i, 192, 1)))


NETWORK = seq(
    conv(3, 32, 3, 2), conv(32, 32, 3), conv(32, 64, 3, 1, 1), shrink(), conv(64, 80, 1), conv(80, 192, 3), shrink(),
    a(192, 32), a(256, 64), a(288, 64),
    Branches(conv(288, 384, 3, 2), seq(conv(288, 64, 1), conv(64, 96, 3, 1, 1), conv(96, 96, 3, 2)), shrink()),
    c(128), c(160), c(160), c(192),
    Branches(seq(conv(768, 192, 1), conv(192, 320, 3, 2)), seq(conv(768, 192, 1), conv(192, 192, (1, 7)), conv(192, 192, (7, 1)), conv(192, 192, 3, 2)), shrink()),
    e(1280, avg()), e(2048, nn.MaxPool2d(3, 1, 1)),
).eval()


def features(x, dims=2048):
    """[N, dims] of pictures; 64 and 2048 dims are known."""
    layers = {64: 4, 2048: len(NETWORK)}[dims]
    with torch.no_grad():
        return F.adaptive_avg_pool2d(NETWORK[:layers](x), 1).flatten(1)


if __name__ == "__main__":
    threads, batch, rounds = map(int, sys.argv[1:4])
    torch.set_num_threads(threads)
    x = torch.rand(batch, 3, 299, 299) * 2 - 1
    times = []
    for i in range(-2, rounds):
        began = time.perf_counter()
        assert features(x).shape == (batch, 2048)
        if i >= 0:
            times.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"inception": times}))
