"""
The losses of the first updates of a peer of bench/baselines.ts, as JSON: one object for each update.

  peer_losses.py METHOD SIZE WIDTH PAIRS STEPS FILE

FILE is a safetensors file in float32 with the initial values by their names, the images and labels as input/A, B, yA
and yB, and the random numbers of each update as draw/STEP/NAME. STEPS are the numbers of the updates, as in 1,2.
"""
import importlib
import json
import os
import struct
import sys

import torch

method, size, width, pairs, steps, path = sys.argv[1:7]
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../bench/peers"))


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def under(prefix):
    """The tensors whose names begin so, with images and codes in PyTorch's layout."""
    taken = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    return {name: tensor.permute(0, 3, 1, 2).contiguous() if tensor.dim() == 4 else tensor for name, tensor in taken.items()}


torch.set_num_threads(1)
tensors = read(path)
peer = importlib.import_module(method).Peer(int(size), int(width), int(pairs))
peer.load({name: tensor for name, tensor in tensors.items() if not name.startswith(("input/", "draw/"))})
peer.use(**under("input/"))
print(json.dumps([peer.update(step, **under(f"draw/{step}/")) for step in map(int, steps.split(","))]))
