"""
Updates of a compared system in PyTorch on the CPU, from initial values and random images.

  baselines.py METHOD SIZE WIDTH PAIRS THREADS ROUNDS

METHOD is stargan, cyclegan, unit or dnagan. Prints one JSON object: `seconds` has the time of one update in each round,
and `version` is PyTorch's. A round of stargan is five iterations, the last of which updates the generator too, and
its time is divided by five.

The layers, losses and optimizers are those of the published code. Work that changes no result is left out, so that
PyTorch is at its best: translated images for a discriminator are made without a graph, only those that it sees are made,
and networks that do not learn get no gradients.
"""
import importlib
import json
import sys
import time

import torch

WARM_UP = 2

method = sys.argv[1]
size, width, pairs, threads, rounds = map(int, sys.argv[2:7])
torch.set_num_threads(threads)
peer = importlib.import_module(method).Peer(size, width, pairs)
if method == "cyclegan":
    peer.settle()
seconds = []
step = 0
for i in range(-WARM_UP, rounds):
    start = time.perf_counter()
    for _ in range(peer.cycle):
        peer.update(step, **peer.draw())
        step += 1
    if i >= 0:
        seconds.append((time.perf_counter() - start) / peer.cycle)
print(json.dumps({"seconds": seconds, "version": torch.__version__}))
