"""ELEGANT in PyTorch on the CPU, milliseconds of each round as JSON.

  pytorch.py update THREADS ROUNDS SIZE WIDTH BATCH   D, then G, one attribute; and the largest resident size in MiB
  pytorch.py swap THREADS ROUNDS SIZE WIDTH           two encodes, one decode
"""
import json
import resource
import sys
import time

import torch

from elegant import Elegant

work = sys.argv[1]
threads, rounds, size, width = map(int, sys.argv[2:6])
torch.set_num_threads(threads)
model = Elegant(size, width, int(sys.argv[6]) if work == "update" else 1)
body = model.update if work == "update" else model.swap
times = []
for i in range(-2, rounds):
    start = time.perf_counter()
    body()
    if i >= 0:
        times.append(1000 * (time.perf_counter() - start))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({work: times, "peakMiB": peak, "version": torch.__version__}))
