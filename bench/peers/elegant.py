"""ELEGANT's networks, its update of one attribute and its swap in PyTorch, as the peers of bench/ measure them."""
import torch
from torch import nn
from torch.nn import functional as F

ATTRIBUTES = 2


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))
        self.beta = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return F.normalize(x, dim=1) * self.alpha + self.beta


class Encoder(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [3, w, 2 * w, 4 * w, 8 * w, 8 * w]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:])

    def forward(self, x):
        skips = []
        for conv, norm in zip(self.convs, self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
            skips.append(x)
        return x, skips[:4]


class Decoder(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [16 * w, 8 * w, 4 * w, 2 * w, w, 3]
        self.convs = nn.ModuleList(nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:5])

    def forward(self, z, own, skips):
        x = torch.cat([z, own], 1)
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i == 4:
                return 2 * torch.tanh(x)
            x = F.relu(self.norms[i](x)) + skips[3 - i]


class Discriminator(nn.Module):
    def __init__(self, w, s):
        super().__init__()
        c = [3 + ATTRIBUTES, w, 2 * w, 4 * w, 8 * w]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(c, c[1:]))
        self.norms = nn.ModuleList(Norm() for _ in c[1:])
        self.linear = nn.Linear(8 * w * (s // 16) ** 2, 1)

    def forward(self, x, y):
        x = torch.cat([x, y[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        for conv, norm in zip(self.convs, self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return self.linear(x.flatten(1))


def bce(logits, real):
    return F.softplus(-logits if real else logits).mean()


class Elegant:
    """Networks, optimizers and pictures on a device: SIZE px, BATCH pairs for updates, BATCH inputs and references for swaps."""

    def __init__(self, size, width, batch, device="cpu"):
        self.enc, self.dec = Encoder(width).to(device), Decoder(width).to(device)
        self.d1, self.d2 = (Discriminator(width, side).to(device) for side in (size, size // 2))
        adam = dict(lr=2e-4, betas=(0.5, 0.999), weight_decay=1e-5)
        self.opt_g = torch.optim.Adam([*self.enc.parameters(), *self.dec.parameters()], **adam)
        self.opt_d = torch.optim.Adam([*self.d1.parameters(), *self.d2.parameters()], **adam)
        self.images = torch.rand(2 * batch, 3, size, size, device=device) * 2 - 1
        self.labels = torch.randint(0, 2, (2 * batch, ATTRIBUTES), device=device).float()
        self.cut, self.batch = 4 * width, batch

    def score(self, x, y):
        return self.d1(x, y), self.d2(F.avg_pool2d(x, 2), y)

    def update(self):
        """D, then G."""
        cut, images, labels = self.cut, self.images, self.labels
        z, skips = self.enc(images)
        za, zb = z.chunk(2)
        zc = torch.cat([zb[:, :cut], za[:, cut:]], 1)
        zd = torch.cat([za[:, :cut], zb[:, cut:]], 1)
        residual = self.dec(torch.cat([z, zc, zd]), torch.cat([z, z]), [torch.cat([s, s]) for s in skips])
        made = (torch.cat([images, images]) + residual).clamp(-1, 1)
        same, fakes = made.chunk(2)
        self.opt_d.zero_grad()
        loss_d = 0
        for real, fake, weight in zip(self.score(images, labels), self.score(fakes.detach(), labels), (0.25, 0.125)):
            loss_d = loss_d + weight * 2 * (bce(real, True) + bce(fake, False))
        loss_d.backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        loss_g = 10 * F.mse_loss(same, images)
        for fake, weight in zip(self.score(fakes, labels), (1, 0.5)):
            loss_g = loss_g + weight * 2 * bce(fake, True)
        loss_g.backward()
        self.opt_g.step()

    def swap(self):
        """Two encodes and one decode of each of BATCH inputs; the edited pictures."""
        n, cut = self.batch, self.cut
        with torch.no_grad():
            z, skips = self.enc(self.images)
            edited = torch.cat([z[n:, :cut], z[:n, cut:]], 1)
            residual = self.dec(edited, z[:n], [s[:n] for s in skips])
            return (self.images[:n] + residual).clamp(-1, 1)
