"""UNIT's networks and one update in PyTorch. Images are [N, 3, S, S], codes [N, 4 W, S/4, S/4]; A has the attribute."""
import torch
from torch import nn
from torch.nn import functional as F

from learning import adam, descend, frozen, initialise, pictures, plain

ADVERSARIAL, RECONSTRUCTION, CYCLE, CODE, CYCLE_CODE = 10, 100, 100, 0.1, 0.1


class Activated(nn.Module):
    """A convolution with LeakyReLU."""

    def __init__(self, convolution):
        super().__init__()
        self.model = nn.Sequential(convolution, nn.LeakyReLU(0.01))

    def forward(self, x):
        return self.model(x)


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        half = lambda: [nn.Conv2d(c, c, 3, 1, 1), nn.InstanceNorm2d(c)]
        self.model = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.model(x)


def conv(a, b, kernel, stride, padding):
    return Activated(nn.Conv2d(a, b, kernel, stride, padding))


def encoder(w):
    halved = [conv(3, w, 7, 1, 3), conv(w, 2 * w, 3, 2, 1), conv(2 * w, 4 * w, 3, 2, 1)]
    return nn.Sequential(*halved, *(Residual(4 * w) for _ in range(3)))


def decoder(w):
    up = lambda a, b: Activated(nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1))
    blocks = [Residual(4 * w) for _ in range(3)]
    return nn.Sequential(*blocks, up(4 * w, 2 * w), up(2 * w, w), nn.ConvTranspose2d(w, 3, 1), nn.Tanh())


class Generator(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.encode_A, self.encode_B = encoder(w), encoder(w)
        self.enc_shared, self.dec_shared = nn.Sequential(Residual(4 * w)), nn.Sequential(Residual(4 * w))
        self.decode_A, self.decode_B = decoder(w), decoder(w)

    def cross(self, A, B, noise):
        """Images of both domains by both decoders: aa, ba, ab, bb; and the code."""
        code = self.enc_shared(torch.cat([self.encode_A(A), self.encode_B(B)])) + noise
        features = self.dec_shared(code)
        return *self.decode_A(features).chunk(2), *self.decode_B(features).chunk(2), code

    def a2b(self, A, noise):
        code = self.enc_shared(self.encode_A(A)) + noise
        return self.decode_B(self.dec_shared(code)), code

    def b2a(self, B, noise):
        code = self.enc_shared(self.encode_B(B)) + noise
        return self.decode_A(self.dec_shared(code)), code


class Discriminator(nn.Module):
    def __init__(self, w):
        super().__init__()
        own = lambda: nn.Sequential(conv(3, w, 7, 2, 3), conv(w, 2 * w, 3, 2, 1))
        self.model_A, self.model_B = own(), own()
        shared = [conv(w * 2**i, w * 2 ** (i + 1), 3, 2, 1) for i in range(1, 5)]
        self.model_S = nn.Sequential(*shared, nn.Conv2d(32 * w, 1, 1))

    def forward(self, in_A, in_B):
        return self.model_S(torch.cat([self.model_A(in_A), self.model_B(in_B)])).chunk(2)


def entropy(logits, label):
    return F.softplus(-logits if label == 1 else logits).mean()


class Peer:
    """Networks, optimizers, and PAIRS images of each domain."""

    cycle = 1

    def __init__(self, size, width, pairs):
        self.networks = nn.ModuleDict({"gen": Generator(width), "dis": Discriminator(width)})
        initialise(self.networks, "kept")
        self.optimizers = {name: adam([network], 1e-4, 1e-4) for name, network in self.networks.items()}
        self.A, self.B = pictures(pairs, size), pictures(pairs, size)
        self.code = (4 * width, size // 4, size // 4)

    def load(self, values):
        self.networks.load_state_dict(values)

    def use(self, A, B, yA, yB):
        self.A, self.B = A, B

    def draw(self):
        """An update's noise."""
        count = len(self.A)
        both = {name: torch.randn(2 * count, *self.code) for name in ("discriminator", "generator")}
        return both | {name: torch.randn(count, *self.code) for name in ("bab", "aba")}

    def update(self, step, discriminator, generator, bab, aba):
        """The discriminators learn, then the generator; each has its own noise."""
        A, B = self.A, self.B
        G, D = self.networks["gen"], self.networks["dis"]
        with torch.no_grad():
            of_A, of_B = discriminator.chunk(2)
            fake_A, fake_B = G.b2a(B, of_B)[0], G.a2b(A, of_A)[0]
        real_A, real_B = D(A, B)
        judged_A, judged_B = D(fake_A, fake_B)
        judged = {"real": entropy(real_A, 1) + entropy(real_B, 1), "fake": entropy(judged_A, 0) + entropy(judged_B, 0)}
        loss_D = ADVERSARIAL * (judged["real"] + judged["fake"])
        descend(self.optimizers["dis"], loss_D)
        with frozen(D):
            aa, ba, ab, bb, code = G.cross(A, B, generator)
            (image_bab, code_bab), (image_aba, code_aba) = G.a2b(ba, bab), G.b2a(ab, aba)
            in_A, in_B = D(ba, ab)
            parts = {"adversarialA": entropy(in_A, 1), "adversarialB": entropy(in_B, 1)}
            parts |= {"reconstructionA": F.l1_loss(aa, A), "reconstructionB": F.l1_loss(bb, B)}
            parts |= {"cycleA": F.l1_loss(image_aba, A), "cycleB": F.l1_loss(image_bab, B)}
            parts |= {"code": (code**2).mean()}
            parts |= {"cycleCodeA": (code_aba**2).mean(), "cycleCodeB": (code_bab**2).mean()}
            weights = {"adversarial": ADVERSARIAL, "reconstruction": RECONSTRUCTION, "cycle": CYCLE, "cycleCode": CYCLE_CODE}
            both = [weight * (parts[f"{name}A"] + parts[f"{name}B"]) for name, weight in weights.items()]
            loss_G = sum(both) + 2 * CODE * parts["code"]
            descend(self.optimizers["gen"], loss_G)
        return plain({"D": loss_D, **judged, "G": loss_G, **parts})
