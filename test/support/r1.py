"""The penalty R1 and its gradients by PyTorch's double backward, on a discriminator of elegant.py's.

  r1.py SIZE WIDTH N GAMMA SEED OUT      reads nothing; weights and pictures are filled by the formula; writes JSON
"""
import json
import sys

import numpy as np
import torch
from elegant import Discriminator, filled

torch.set_num_threads(1)
size, width, n = map(int, sys.argv[1:4])
gamma, seed, out = float(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
network = Discriminator(n, size, width).double()
for name, p in network.named_parameters():
    p.data = filled(f"D1.{name}", seed, tuple(p.shape), 0.2, 1.0 if name.endswith("alpha") else 0.0).double()
pictures = filled("pictures", seed, (4, 3, size, size), 1).double().requires_grad_()
labels = (filled("labels", seed, (4, n), 1) > 0).double()
planes = labels[:, :, None, None].expand(4, n, size, size)
x = network.conv(torch.cat([pictures, planes], 1))
logits = network.linear[0](x.reshape(4, -1))
(slopes,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
squares = slopes.square().sum([1, 2, 3])
penalty = gamma / 2 * (squares[:2].mean() + squares[2:].mean())
penalty.backward()
with open(out, "w") as file:
    json.dump(
        {
            "penalty": penalty.item(),
            "gradients": {
                f"D1.{name}": (p.grad if p.grad is not None else torch.zeros_like(p)).flatten().tolist()
                for name, p in network.named_parameters()
            },
        },
        file,
    )
