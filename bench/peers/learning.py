"""What the peers of bench/baselines.ts share: updates by Adam, networks without gradients, and initial values."""
from contextlib import contextmanager

import torch
from torch import nn


def adam(networks, rate, weight_decay=0):
    """The optimizer of all parameters of some networks, with the betas that all published codes have."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=rate, betas=(0.5, 0.999), weight_decay=weight_decay)


def descend(optimizer, loss):
    """One step of an optimizer."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@contextmanager
def frozen(*networks):
    """Within it, these networks' parameters get no gradients, which saves computing them."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


def initialise(networks, biases):
    """Weights N(0, 0.02). The biases are 0, or keep PyTorch's initial values."""
    for module in networks.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, 0.02)
            if biases == "zero" and module.bias is not None:
                nn.init.zeros_(module.bias)


def pictures(count, size):
    """Random images, [count, 3, size, size] in [-1, 1)."""
    return torch.rand(count, 3, size, size) * 2 - 1


def plain(losses):
    """Losses by name as numbers."""
    return {name: loss.item() for name, loss in losses.items()}
