"""The first five layers of FID's Inception in PyTorch: writes a state dict and features. inception.py WEIGHTS.pth FEATURES.f32

The file is as pytorch-fid's: the legacy container, filters shaped OIHW with strides (1, O, O * I * W, O * I), and tensors that belong
to other parts of the network. Features are float32 [2, 192], computed in float64 with batch norm by itself.
"""
import sys

import numpy as np
import torch
from torch.nn import functional as F

weights, out = sys.argv[1:]
torch.manual_seed(5)
layers = [
    ("Conv2d_1a_3x3", 3, 32, 3, 2, 0),
    ("Conv2d_2a_3x3", 32, 32, 3, 1, 0),
    ("Conv2d_2b_3x3", 32, 64, 3, 1, 1),
    ("Conv2d_3b_1x1", 64, 80, 1, 1, 0),
    ("Conv2d_4a_3x3", 80, 192, 3, 1, 0),
]
state = {"fc.weight": torch.randn(8, 4), "AuxLogits.conv0.conv.weight": torch.randn(2, 2, 1, 1)}
for name, inputs, outputs, side, _, _ in layers:
    hwio = torch.randn(side, side, inputs, outputs) * (2 / (inputs * side * side)) ** 0.5
    filters = hwio.permute(3, 2, 0, 1)
    assert filters.stride() == (1, outputs, outputs * inputs * side, outputs * inputs)
    state[name + ".conv.weight"] = filters
    state[name + ".bn.weight"] = 0.5 + torch.rand(outputs)
    state[name + ".bn.bias"] = 0.3 * torch.randn(outputs)
    state[name + ".bn.running_mean"] = 0.3 * torch.randn(outputs)
    state[name + ".bn.running_var"] = 0.2 + torch.rand(outputs)
    state[name + ".bn.num_batches_tracked"] = torch.tensor(7)
torch.save(state, weights, _use_new_zipfile_serialization=False)

flat = np.float32(np.arange(2 * 299 * 299 * 3) % 977 / 488 - 1)
x = torch.from_numpy(flat.reshape(2, 299, 299, 3)).permute(0, 3, 1, 2).double()
for name, _, _, _, stride, pad in layers:
    p = {key: state[f"{name}.{key}"].double() for key in ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]}
    x = F.conv2d(x, p["conv.weight"], stride=stride, padding=pad)
    x = F.relu(F.batch_norm(x, p["bn.running_mean"], p["bn.running_var"], p["bn.weight"], p["bn.bias"], eps=1e-3))
    if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
        x = F.max_pool2d(x, 3, 2)
np.float32(x.mean((2, 3)).numpy()).tofile(out)
