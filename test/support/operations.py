"""Results and gradients of the operations of src/device by PyTorch in float64, for test/device/operations.test.ts.

  operations.py SEED OUT      reads nothing; all tensors are filled by the formula; writes JSON
"""
import json
import sys

import torch
from elegant import filled
from torch.nn import functional as F

torch.set_num_threads(1)
seed, out = int(sys.argv[1]), sys.argv[2]


def leaf(name, *shape, scale=1.0):
    return filled(name, seed, shape, scale).double().requires_grad_()


def record(value, leaves):
    value.backward()
    gradients = {}
    for name, x in leaves.items():
        pictures = x.dim() == 4 and not name.endswith("weight")
        gradients[name] = (x.grad.permute(0, 2, 3, 1) if pictures else x.grad).flatten().tolist()
        x.grad = None
    return {"value": value.item(), "gradients": gradients}


# A discriminator without normalization; channels that are no multiple of four.
pictures = leaf("pictures", 3, 3, 12, 12)
weights = {
    "0.weight": leaf("0.weight", 6, 3, 3, 3, scale=0.3),
    "0.bias": leaf("0.bias", 6, scale=0.3),
    "1.weight": leaf("1.weight", 9, 6, 3, 3, scale=0.3),
    "1.bias": leaf("1.bias", 9, scale=0.3),
    "linear": leaf("linear", 9 * 3 * 3, 2, scale=0.3),
}


def critic(x):
    for i in range(2):
        x = F.leaky_relu(F.conv2d(x, weights[f"{i}.weight"], weights[f"{i}.bias"], 2, 1), 0.2)
    return x.permute(0, 2, 3, 1).flatten(1) @ weights["linear"]


first = record(F.softplus(critic(pictures)).mean(), {"pictures": pictures, **weights})
(slopes,) = torch.autograd.grad(critic(pictures).sum(), pictures, create_graph=True)
second = record(slopes.square().sum() / 3, {n: w for n, w in weights.items() if w.dim() > 1})

residual, mask = leaf("residual", 2, 3, 7, 7), leaf("mask", 2, 1, 7, 7)
product = record((residual * mask * leaf("product", 2, 3, 7, 7).detach()).sum(), {"residual": residual, "mask": mask})

enlarged = {}
for side, factor in ((1, 4), (2, 4), (5, 4), (16, 4), (5, 2), (4, 3)):
    x = leaf(f"small/{side}", 3, 1, side, side)
    y = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    large = leaf(f"large/{side}/{factor}", 3, 1, side * factor, side * factor).detach()
    enlarged[f"{side} {factor}"] = {"y": y.flatten().tolist(), **record((y * large).sum(), {"x": x})}

with open(out, "w") as file:
    json.dump({"first": first, "second": second, "product": product, "enlarged": enlarged}, file)
