"""
DNA-GAN's networks and one iteration in PyTorch, for one attribute. Images are [N, 3, S, S], labels [N, 1] of 0 and 1.
The parameters have the published TensorFlow names and PyTorch's layout.
"""
import torch
from torch.nn import functional as F

from learning import pictures, plain

RATE, DECAY, EPSILON, CLIP = 5e-5, 0.8, 1e-10, 0.01
LEAK = 0.2


def filters(size, w):
    """The shapes of the filters, in PyTorch's layout: [out, in, k, k], or [in, out, k, k] of a transposed convolution."""
    pairs = {"encoder/conv1": (w, 3), "encoder/conv2": (2 * w, w), "encoder/conv3": (4 * w, 2 * w)}
    pairs |= {"decoder/deconv1": (4 * w, 4 * w), "decoder/deconv2": (4 * w, 2 * w), "decoder/deconv3": (2 * w, 3)}
    pairs |= {"D/conv1": (w, 4), "D/conv2": (2 * w, w), "D/conv3": (4 * w, 2 * w), "D/conv4": (4 * w, 4 * w)}
    shapes = {f"{name}/W": (*pair, 4, 4) for name, pair in pairs.items()}
    return shapes | {"D/fct/W": (4 * w * (size // 16) ** 2, 1)}


NORMALIZED = ["encoder/conv2", "encoder/conv3", "decoder/deconv1", "decoder/deconv2", "D/conv2", "D/conv3", "D/conv4"]


class RmsProp:
    """As TensorFlow 1 has it: the mean square starts at one, and epsilon is under the root."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.squares = [torch.ones_like(parameter) for parameter in parameters]

    @torch.no_grad()
    def descend(self, loss, clip=None):
        for parameter, square, slope in zip(self.parameters, self.squares, torch.autograd.grad(loss, self.parameters)):
            square.mul_(DECAY).addcmul_(slope, slope, value=1 - DECAY)
            parameter.addcdiv_(slope, (square + EPSILON).sqrt_(), value=-RATE)
            if clip is not None:
                parameter.clamp_(-clip, clip)


class Peer:
    """Parameters, optimizers and PAIRS images with the attribute and as many without."""

    cycle = 1

    def __init__(self, size, width, pairs):
        self.values = {name: 0.02 * torch.randn(shape) for name, shape in filters(size, width).items()}
        self.moving = {}
        for name in NORMALIZED:
            channels = self.values[f"{name}/W"].shape[1 if "deconv" in name else 0]
            self.values[f"{name}/batch_normalization/gamma"] = torch.ones(channels)
            self.values[f"{name}/batch_normalization/beta"] = torch.zeros(channels)
            self.moving[name] = torch.zeros(channels), torch.ones(channels)
        self.values |= {"decoder/b": torch.zeros(3), "D/fct/b": torch.zeros(1)}
        self.begin()
        self.piece = width  # a quarter of the code's channels
        self.use(pictures(pairs, size), pictures(pairs, size), torch.ones(pairs, 1), torch.zeros(pairs, 1))

    def begin(self):
        for value in self.values.values():
            value.requires_grad_()
        of = lambda isD: RmsProp([value for name, value in self.values.items() if name.startswith("D/") == isD])
        self.discriminator, self.generator = of(True), of(False)

    def load(self, values):
        """Values in TensorFlow's layout: [k, k, in, out], or [k, k, out, in] of a transposed convolution."""
        assert values.keys() == self.values.keys(), values.keys() ^ self.values.keys()
        for name, value in values.items():
            turned = value.permute(3, 2, 0, 1) if name.endswith("/W") and value.dim() == 4 else value
            self.values[name] = turned.reshape(self.values[name].shape).clone()
        self.begin()

    def use(self, A, B, yA, yB):
        self.A, self.B, self.yA, self.yB = A, B, yA, yB

    def norm(self, x, name, slope):
        gamma, beta = (self.values[f"{name}/batch_normalization/{part}"] for part in ("gamma", "beta"))
        return F.leaky_relu(F.batch_norm(x, *self.moving[name], gamma, beta, True, 0.01, 1e-3), slope)

    def down(self, x, name):
        return F.conv2d(x, self.values[f"{name}/W"], None, 2, 1)

    def up(self, x, name, bias=None):
        return F.conv_transpose2d(x, self.values[f"{name}/W"], bias, 2, 1)

    def encode(self, x):
        x = F.leaky_relu(self.down(x, "encoder/conv1"), LEAK)
        for name in ("encoder/conv2", "encoder/conv3"):
            x = self.norm(self.down(x, name), name, LEAK)
        return x

    def decode(self, x):
        for name in ("decoder/deconv1", "decoder/deconv2"):
            x = self.norm(self.up(x, name), name, 0)
        return torch.tanh(self.up(x, "decoder/deconv3", self.values["decoder/b"]))

    def score(self, x, labels):
        planes = (2 * labels - 1)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        x = F.leaky_relu(self.down(torch.cat([x, planes], 1), "D/conv1"), LEAK)
        for name in ("D/conv2", "D/conv3", "D/conv4"):
            x = self.norm(self.down(x, name), name, LEAK)
        return (x.permute(0, 2, 3, 1).flatten(1) @ self.values["D/fct/W"] + self.values["D/fct/b"]).mean()

    def draw(self):
        return {}

    def update(self, step):
        """The discriminator learns, then encoder and decoder. The generator runs forward once for both."""
        A, B, yA, yB, piece = self.A, self.B, self.yA, self.yB, self.piece
        a, b = self.encode(A), self.encode(B)
        without = lambda code: torch.cat([torch.zeros_like(code[:, :piece]), code[:, piece:]], 1)
        A2, B2 = self.decode(a), self.decode(without(b))
        Ae, Bx = self.decode(without(a)), self.decode(torch.cat([a[:, :piece], b[:, piece:]], 1))
        judged = {"addedD": self.score(Bx.detach(), yA) - self.score(A, yA)}
        judged["removedD"] = self.score(Ae.detach(), yB) - self.score(B, yB)
        loss_D = judged["addedD"] + judged["removedD"]
        self.discriminator.descend(loss_D, CLIP)
        parts = {"reconstructionA": F.l1_loss(A2, A) / 2, "reconstructionB": F.l1_loss(B2, B) / 2}
        parts |= {"addedG": -self.score(Bx, yA), "removedG": -self.score(Ae, yB)}
        loss_G = sum(parts.values())
        self.generator.descend(loss_G)
        return plain({"D": loss_D, **judged, "G": loss_G, **parts})
