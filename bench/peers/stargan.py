"""StarGAN's networks and one iteration in PyTorch. Images are [N, 3, S, S], labels are [N, ATTRIBUTES] of 0 and 1."""
import torch
from torch import nn
from torch.nn import functional as F

from learning import adam, descend, frozen, pictures, plain

ATTRIBUTES = 5
BLOCKS = 6
LAYERS = 6
CLASSIFICATION, RECONSTRUCTION, PENALTY = 1, 10, 10


def normed(convolution, *activation):
    return [convolution, nn.InstanceNorm2d(convolution.out_channels, affine=True), *activation]


def conv(a, b, kernel, stride, padding):
    return nn.Conv2d(a, b, kernel, stride, padding, bias=False)


def up(a, b):
    return nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.main = nn.Sequential(*normed(conv(c, c, 3, 1, 1), nn.ReLU()), *normed(conv(c, c, 3, 1, 1)))

    def forward(self, x):
        return x + self.main(x)


class Generator(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.main = nn.Sequential(
            *normed(conv(3 + ATTRIBUTES, w, 7, 1, 3), nn.ReLU()),
            *normed(conv(w, 2 * w, 4, 2, 1), nn.ReLU()),
            *normed(conv(2 * w, 4 * w, 4, 2, 1), nn.ReLU()),
            *(Residual(4 * w) for _ in range(BLOCKS)),
            *normed(up(4 * w, 2 * w), nn.ReLU()),
            *normed(up(2 * w, w), nn.ReLU()),
            conv(w, 3, 7, 1, 3),
            nn.Tanh(),
        )

    def forward(self, x, labels):
        planes = labels[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.main(torch.cat([x, planes], 1))


class Discriminator(nn.Module):
    def __init__(self, w, size):
        super().__init__()
        channels = [3, *(w * 2**i for i in range(LAYERS))]
        layers = [[nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.01)] for a, b in zip(channels, channels[1:])]
        self.main = nn.Sequential(*sum(layers, []))
        self.conv1 = conv(channels[-1], 1, 3, 1, 1)
        self.conv2 = conv(channels[-1], ATTRIBUTES, size // 2**LAYERS, 1, 0)

    def patches(self, x):
        return self.conv1(self.main(x))

    def forward(self, x):
        features = self.main(x)
        return self.conv1(features), self.conv2(features).flatten(1)


def classification(logits, labels):
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / len(logits)


class Peer:
    """Networks, optimizers and 2 PAIRS images."""

    cycle = 5  # iterations, of which the last one updates the generator

    def __init__(self, size, width, pairs):
        self.networks = nn.ModuleDict({"G": Generator(width), "D": Discriminator(width, size)})
        self.images = pictures(2 * pairs, size)
        self.labels = torch.randint(0, 2, (2 * pairs, ATTRIBUTES)).float()
        self.optimizers = {name: adam([network], 1e-4) for name, network in self.networks.items()}

    def load(self, values):
        self.networks.load_state_dict(values)

    def use(self, A, B, yA, yB):
        self.images, self.labels = torch.cat([A, B]), torch.cat([yA, yB])

    def draw(self):
        """What an iteration takes at random: the labels to translate to, and each image's share in the penalty's point."""
        count = len(self.images)
        return {"targets": self.labels[torch.randperm(count)], "alpha": torch.rand(count)}

    def penalty(self, fakes, alpha):
        share = alpha[:, None, None, None]
        between = (share * self.images + (1 - share) * fakes).requires_grad_()
        slopes, = torch.autograd.grad(self.networks["D"].patches(between).sum(), between, create_graph=True)
        return ((slopes.flatten(1).norm(dim=1) - 1) ** 2).mean()

    def update(self, step, targets, alpha):
        """An iteration: the discriminator learns, and in the last one of a cycle the generator does."""
        G, D = self.networks["G"], self.networks["D"]
        with torch.no_grad():
            fakes = G(self.images, targets)
        scores, logits = D(self.images)
        parts = {"real": -scores.mean(), "fake": D.patches(fakes).mean()}
        parts |= {"classificationD": classification(logits, self.labels), "penalty": self.penalty(fakes, alpha)}
        loss = parts["real"] + parts["fake"] + CLASSIFICATION * parts["classificationD"] + PENALTY * parts["penalty"]
        descend(self.optimizers["D"], loss)
        losses = {"D": loss, **parts}
        if (step + 1) % self.cycle == 0:
            losses |= self.update_generator(targets)
        return plain(losses)

    def update_generator(self, targets):
        G, D = self.networks["G"], self.networks["D"]
        with frozen(D):
            fakes = G(self.images, targets)
            scores, logits = D(fakes)
            back = G(fakes, self.labels)
            parts = {"adversarial": -scores.mean(), "classificationG": classification(logits, targets)}
            parts["reconstruction"] = F.l1_loss(back, self.images)
            loss = parts["adversarial"] + CLASSIFICATION * parts["classificationG"]
            loss = loss + RECONSTRUCTION * parts["reconstruction"]
            descend(self.optimizers["G"], loss)
        return {"G": loss, **parts}
