"""CycleGAN's networks and one iteration in PyTorch. Images are [N, 3, S, S]; those of A have the attribute."""
import random

import torch
from torch import nn
from torch.nn import functional as F

from learning import adam, descend, frozen, initialise, pictures, plain

BLOCKS = 9
POOL = 50
CYCLE, IDENTITY = 10, 5


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class Generator(nn.Module):
    def __init__(self, w):
        super().__init__()
        normed = lambda convolution: [convolution, nn.InstanceNorm2d(convolution.out_channels), nn.ReLU()]
        up = lambda a, b: nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1)
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *normed(nn.Conv2d(3, w, 7)),
            *normed(nn.Conv2d(w, 2 * w, 3, 2, 1)),
            *normed(nn.Conv2d(2 * w, 4 * w, 3, 2, 1)),
            *(Residual(4 * w) for _ in range(BLOCKS)),
            *normed(up(4 * w, 2 * w)),
            *normed(up(2 * w, w)),
            nn.ReflectionPad2d(3),
            nn.Conv2d(w, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.model(x)


class Discriminator(nn.Module):
    def __init__(self, w):
        super().__init__()
        normed = lambda a, b, stride: [nn.Conv2d(a, b, 4, stride, 1), nn.InstanceNorm2d(b), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(
            nn.Conv2d(3, w, 4, 2, 1),
            nn.LeakyReLU(0.2),
            *normed(w, 2 * w, 2),
            *normed(2 * w, 4 * w, 2),
            *normed(4 * w, 8 * w, 1),
            nn.Conv2d(8 * w, 1, 4, 1, 1),
        )

    def forward(self, x):
        return self.model(x)


def squares(scores, label):
    return ((scores - label) ** 2).mean()


class Pool:
    """Translated images of one domain. It stores those that come until it is full, and then exchanges half of them."""

    def __init__(self):
        self.images = []

    def ask(self, fakes):
        return torch.cat([self.exchange(fake[None]) for fake in fakes])

    def exchange(self, fake):
        if len(self.images) < POOL:
            self.images.append(fake)
            return fake
        if random.random() <= 0.5:
            return fake
        place = random.randrange(POOL)
        stored, self.images[place] = self.images[place], fake
        return stored


class Peer:
    """Networks, optimizers, empty pools, and PAIRS images of each domain."""

    cycle = 1

    def __init__(self, size, width, pairs):
        networks = {"G_A": Generator(width), "G_B": Generator(width)}
        self.networks = nn.ModuleDict({**networks, "D_A": Discriminator(width), "D_B": Discriminator(width)})
        initialise(self.networks, "zero")
        self.generators = [self.networks[name] for name in ("G_A", "G_B")]
        self.discriminators = [self.networks[name] for name in ("D_A", "D_B")]
        self.generators_adam, self.discriminators_adam = adam(self.generators, 2e-4), adam(self.discriminators, 2e-4)
        self.pools = {"A": Pool(), "B": Pool()}
        self.A, self.B = pictures(pairs, size), pictures(pairs, size)

    def load(self, values):
        self.networks.load_state_dict(values)

    def use(self, A, B, yA, yB):
        self.A, self.B = A, B

    def settle(self):
        """Fills the pools, as they are after the first updates of a run."""
        for pool in self.pools.values():
            pool.ask(pictures(POOL, self.A.shape[2]))

    def draw(self):
        return {}

    def update(self, step):
        """Both generators learn, then both discriminators."""
        A, B = self.A, self.B
        G_A, G_B = self.generators
        D_A, D_B = self.discriminators
        with frozen(D_A, D_B):
            fake_A, fake_B = G_B(B), G_A(A)
            parts = {"adversarialA": squares(D_A(fake_B), 1), "adversarialB": squares(D_B(fake_A), 1)}
            parts |= {"cycleA": F.l1_loss(G_B(fake_B), A), "cycleB": F.l1_loss(G_A(fake_A), B)}
            parts |= {"identityA": F.l1_loss(G_A(B), B), "identityB": F.l1_loss(G_B(A), A)}
            loss_G = parts["adversarialA"] + parts["adversarialB"]
            loss_G = loss_G + CYCLE * (parts["cycleA"] + parts["cycleB"])
            loss_G = loss_G + IDENTITY * (parts["identityA"] + parts["identityB"])
            descend(self.generators_adam, loss_G)
        shown_B, shown_A = self.pools["B"].ask(fake_B.detach()), self.pools["A"].ask(fake_A.detach())
        judged = {
            "discriminatorA": 0.5 * (squares(D_A(B), 1) + squares(D_A(shown_B), 0)),
            "discriminatorB": 0.5 * (squares(D_B(A), 1) + squares(D_B(shown_A), 0)),
        }
        loss_D = judged["discriminatorA"] + judged["discriminatorB"]
        descend(self.discriminators_adam, loss_D)
        return plain({"G": loss_G, **parts, "D": loss_D, **judged})
