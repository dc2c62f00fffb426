"""Updates of the preset `modern` in PyTorch, float64, written from the description in docs/fidelity.md: the other side of our tests.
The mask has a weight, too, which the preset leaves out.

  modern.py SIZE WIDTH PAIRS SEED UPDATES OUT.npz    every tensor; PAIRS as in 2,1: pairs of each attribute in an update
  modern.py SIZE WIDTH PAIRS SEED UPDATES OUT.json   what the golden file keeps of each tensor, and all losses

A seventh argument is the weight of the cycle loss, which the preset leaves out; without it, there is no such loss.

Weights, pictures and labels are filled by the formula. test/fixtures/modern.json was written by

  python3 test/support/modern.py 64 4 1,1,1,1 3 6 test/fixtures/modern.json
"""
import json
import sys

import numpy as np
import torch
from elegant import filled, fnv1a, hash32
from torch.nn import functional as F

# The preset's choices.
LEARNING_RATE, BETAS, EPSILON = 5e-4, (0.0, 0.99), 1e-8
GAMMA, PENALTY_EVERY = 1.0, 4
ADVERSARIAL, DISCRIMINATOR = (1.0, 0.5), (1 / 4, 1 / 8)
SLICE, CHANGE, MASK = 1.0, 2.0, 0.1
OTHERS = 0.5
ANNEALED, DECAY = 0.5, 0.999
BLOCKS = 4


def noise(name, seed, count):
    """The formula's values in [-1, 1), not rounded to float32."""
    key = hash32(np.array([fnv1a(name) ^ seed]))[0]
    with np.errstate(over="ignore"):
        return (hash32(key + np.arange(count, dtype=np.uint32)) >> np.uint32(8)) / 2**24 * 2 - 1


def picture(name, seed, pairs, size):
    """8 x 8 coarse blocks and fine noise, [N, 3, S, S]."""
    coarse = noise(f"{name}.low", seed, pairs * 3 * 64).reshape(pairs, 3, 8, 8)
    fine = noise(name, seed, pairs * 3 * size**2).reshape(pairs, 3, size, size)
    blocks = coarse.repeat(size // 8, 2).repeat(size // 8, 3)
    return torch.tensor((0.7 * blocks + 0.3 * fine).astype(np.float32)).double()


def labels(side, seed, update, pairs):
    """[N, attributes] of 0 and 1; A has the attribute of its pair, B has not."""
    groups = []
    for attribute, count in enumerate(pairs):
        group = noise(f"y{side}{update}", seed, count * len(pairs)).reshape(count, len(pairs)) > 0
        group[:, attribute] = side == "A"
        groups.append(group)
    return torch.tensor(np.concatenate(groups)).double()


def head_weights(y, attributes):
    """How much each of the 2 n scores counts for pictures with labels y, when the pairs are about these attributes."""
    n = y.shape[1]
    weights = torch.zeros(len(y), 2 * n, dtype=torch.float64)
    for picture, row in enumerate(y):
        for i, value in enumerate(row):
            share = 1.0 if n == 1 else 1 - OTHERS if i == attributes[picture] else OTHERS / (n - 1)
            weights[picture, 2 * i + int(value)] = share
    return weights


def shapes(size, width, attributes):
    """Names and shapes of the generator's and of the discriminators' parameters."""
    channels = [3] + [width * 2**i for i in range(BLOCKS)]
    generator, discriminators = {}, {}
    for i in range(BLOCKS):
        generator[f"Enc.main.{i}.0.weight"] = (channels[i + 1], channels[i], 3, 3)
        generator[f"Enc.main.{i}.0.bias"] = (channels[i + 1],)
        generator[f"Enc.main.{i}.1.alpha"] = generator[f"Enc.main.{i}.1.beta"] = (1,)
    inputs = 2 * channels[-1]
    for i in range(BLOCKS):
        outputs = channels[BLOCKS - 1 - i]
        generator[f"Dec.main.{i}.0.weight"] = (inputs, outputs, 3, 3)
        generator[f"Dec.main.{i}.0.bias"] = (outputs,)
        if i < BLOCKS - 1:
            generator[f"Dec.main.{i}.1.alpha"] = generator[f"Dec.main.{i}.1.beta"] = (1,)
        inputs = outputs
    generator["Dec.mask.weight"] = (1, channels[2], 3, 3)  # of the features at a quarter of the side
    generator["Dec.mask.bias"] = (1,)
    for name, side in (("D1", size), ("D2", size // 2)):
        for i in range(4):
            discriminators[f"{name}.conv.{3 * i}.weight"] = (channels[i + 1], channels[i], 3, 3)
            discriminators[f"{name}.conv.{3 * i}.bias"] = (channels[i + 1],)
        discriminators[f"{name}.linear.0.weight"] = (2 * attributes, channels[-1] * (side // 16) ** 2)
        discriminators[f"{name}.linear.0.bias"] = (2 * attributes,)
    return generator, discriminators


def fill(named, seed):
    parameters = {}
    for name, shape in named.items():
        kind = name.rsplit(".", 1)[1]
        if kind == "weight":
            inputs = shape[0] if name.startswith("Dec.main") else shape[1]
            scale, offset = float(np.float32(np.sqrt(6 / (inputs if len(shape) == 2 else 9 * inputs)))), 0.0
        else:
            scale, offset = {"alpha": (0.5, 1.0), "beta": (0.1, 0.0), "bias": (0.05, 0.0)}[kind]
        parameters[name] = filled(name, seed, shape, scale, offset).double().requires_grad_()
    return parameters


def unit(p, name, x):
    """Each pixel's channels scaled to length 1, then the layer's own scale and shift."""
    return F.normalize(x, dim=1, eps=1e-12) * p[f"{name}.alpha"] + p[f"{name}.beta"]


def encode(p, x):
    outputs = []
    for i in range(BLOCKS):
        x = F.conv2d(x, p[f"Enc.main.{i}.0.weight"], p[f"Enc.main.{i}.0.bias"], stride=2, padding=1)
        x = F.leaky_relu(unit(p, f"Enc.main.{i}.1", x), 0.2)
        outputs.append(x)
    return x, outputs[:-1]


def decode(p, edited, own, skips):
    """Masked residuals and their masks."""
    x = torch.cat([edited, own], 1)
    for i in range(BLOCKS):
        # Each pixel twice both ways, then a convolution, whose filter is stored as a transposed one's.
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.conv_transpose2d(x, p[f"Dec.main.{i}.0.weight"], p[f"Dec.main.{i}.0.bias"], padding=1)
        if i < BLOCKS - 1:
            x = F.relu(unit(p, f"Dec.main.{i}.1", x)) + skips[BLOCKS - 2 - i]
        if i == BLOCKS - 3:
            small = F.conv2d(x, p["Dec.mask.weight"], p["Dec.mask.bias"], padding=1)
            mask = torch.sigmoid(F.interpolate(small, scale_factor=4, mode="bilinear", align_corners=False))
    return 2 * torch.tanh(x) * mask, mask


def exchange(z, other, attributes, count):
    """z with the channels of each picture's attribute from `other`."""
    rows = []
    for i, attribute in enumerate(attributes):
        begin, end = (int(np.rint(z.shape[1] / count * k)) for k in (attribute, attribute + 1))
        rows.append(torch.cat([z[i, :begin], other[i, begin:end], z[i, end:]]))
    return torch.stack(rows)


def generate(p, pictures, attributes, count):
    z, skips = encode(p, pictures)
    zA, zB = z.chunk(2)
    edited = torch.cat([exchange(zA, zB, attributes, count), exchange(zB, zA, attributes, count)])
    twice = [torch.cat([skip, skip]) for skip in skips]
    residuals, masks = decode(p, torch.cat([z, edited]), torch.cat([z, z]), twice)
    unchanged, changed = residuals.chunk(2)
    exchanged = (pictures + (changed - unchanged)).clamp(-1, 1)
    return dict(
        latents=torch.cat([z, edited]),
        skips=skips,
        residuals=residuals,
        masks=masks,
        differences=changed - unchanged,
        exchanged=exchanged,
    )


def seen(network, pictures):
    return pictures if network == "D1" else F.avg_pool2d(pictures, 2)


def judge(p, network, x):
    """A logit of each picture for "without attribute 0", "with attribute 0", "without attribute 1" and so on."""
    for i in range(4):
        x = F.conv2d(x, p[f"{network}.conv.{3 * i}.weight"], p[f"{network}.conv.{3 * i}.bias"], stride=2, padding=1)
        x = F.leaky_relu(x, 0.2)
    return F.linear(x.flatten(1), p[f"{network}.linear.0.weight"], p[f"{network}.linear.0.bias"])


def penalty(p, network, real, weights):
    x = seen(network, real).detach().requires_grad_()
    (slopes,) = torch.autograd.grad((weights * judge(p, network, x)).sum(), x, create_graph=True)
    squares = slopes.square().sum([1, 2, 3])
    ofA, ofB = squares.chunk(2)
    return GAMMA * PENALTY_EVERY / 2 * (ofA.mean() + ofB.mean())


def cross_entropy(logits, weights, target):
    """Weighted within each picture, averaged over pictures."""
    entropies = F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="none")
    return (weights * entropies).sum(1).mean()


def run(size, width, pairs, seed, updates, cycle):
    count = len(pairs)
    attributes = [a for a, n in enumerate(pairs) for _ in range(n)]
    of_generator, of_discriminators = shapes(size, width, count)
    G, D = fill(of_generator, seed), fill(of_discriminators, seed)
    average, initial = ({name: p.detach().clone() for name, p in {**G, **D}.items()} for _ in range(2))
    adam = [torch.optim.Adam(p.values(), LEARNING_RATE, BETAS, EPSILON) for p in (G, D)]
    tensors, losses = {}, []
    for t in range(updates):
        rate = LEARNING_RATE * min(1.0, (1 - t / updates) / ANNEALED)
        for optimizer in adam:
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
        n = len(attributes)
        pictures = torch.cat([picture(f"{side}{t}", seed, n, size) for side in "AB"])
        yA, yB = (labels(side, seed, t, pairs) for side in "AB")
        yC, yD = yA.clone(), yB.clone()
        for i, attribute in enumerate(attributes):
            yC[i, attribute], yD[i, attribute] = yB[i, attribute], yA[i, attribute]
        wA, wB, wC, wD = (head_weights(y, attributes) for y in (yA, yB, yC, yD))
        made = generate(G, pictures, attributes, count)
        fakes = made["exchanged"]

        row = {}
        judged = torch.cat([pictures, fakes.detach()])
        total = 0.0
        for network, weight in zip(("D1", "D2"), DISCRIMINATOR):
            logits = judge(D, network, seen(network, judged))
            if t == 0:
                tensors[f"scores.{network}"] = logits
            of_pictures = list(zip(logits.chunk(4), (wA, wB, wC, wD), (1.0, 1.0, 0.0, 0.0)))
            row[network] = sum(cross_entropy(*three) for three in of_pictures)
            right = sum((w * ((x > 0) == (target > 0))).sum() for x, w, target in of_pictures)
            row[f"accuracy{network[1]}"] = right / (4 * n)
            total = total + weight * row[network]
        if t % PENALTY_EVERY == 0:
            of_real = torch.cat([wA, wB])
            row["r1"] = sum(w * penalty(D, name, pictures, of_real) for name, w in zip(("D1", "D2"), DISCRIMINATOR))
            total = total + row["r1"]
        row["D"] = total
        total.backward()
        if t == 0:
            tensors.update({f"grad.{name}": p.grad.clone() for name, p in D.items()})
        adam[1].step()

        adversarial = []
        for network in ("D1", "D2"):
            logits = judge(D, network, seen(network, fakes)).chunk(2)
            adversarial.append(sum(cross_entropy(x, w, 1.0) for x, w in zip(logits, (wC, wD))))
        row["adversarial1"], row["adversarial2"] = adversarial
        constant = {name: p.detach() for name, p in G.items()}
        found, _ = encode(constant, fakes)
        wanted = made["latents"].chunk(2)[1].detach()
        apart = (found - wanted).abs().mean([1, 2, 3]) / wanted.abs().mean([1, 2, 3]).clamp_min(1e-6)
        row["slice"], row["mask"], row["change"] = apart.mean(), made["masks"].mean(), made["differences"].abs().mean()
        total = sum(weight * loss for weight, loss in zip(ADVERSARIAL, adversarial))
        row["G"] = total + SLICE * row["slice"] + CHANGE * row["change"] + MASK * row["mask"]
        if cycle > 0:
            restored = generate(G, fakes.detach(), attributes, count)["exchanged"]
            row["cycle"] = (restored - pictures).abs().mean()
            row["G"] = row["G"] + cycle * row["cycle"]
        row["G"].backward()
        # Of the first four pairs.
        ofC, ofD = (half[:4].abs().mean() for half in made["differences"].chunk(2))
        row["residual"] = row["exchange"] = (ofC + ofD) / 2
        if t == 0:
            skips = {f"skips.{i}": skip for i, skip in enumerate(made.pop("skips"))}
            tensors.update({**made, **skips})
            tensors.update({f"grad.{name}": p.grad.clone() for name, p in G.items()})
        adam[0].step()
        done = t + 1
        share = 1 - min(DECAY, (1 + done) / (10 + done))
        for name, p in G.items():
            average[name] += share * (p.detach() - average[name])
        losses.append({name: loss.item() for name, loss in row.items()})
    tensors.update({f"moved.{name}": p - initial[name] for name, p in {**G, **D}.items()})
    tensors.update({f"average.{name}": average[name] - initial[name] for name in G})
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}, losses


def summary(name, values):
    """As the golden files have it, with a few points."""
    flat = values.ravel()
    keys = hash32(np.uint32(fnv1a(name)) + np.arange(2, dtype=np.uint32)) % flat.size
    numbers = dict(mean=flat.mean(), rms=np.sqrt(np.square(flat).mean()), min=flat.min(), max=flat.max())
    rounded = {key: float(f"{value:.7g}") for key, value in numbers.items()}
    return dict(shape=list(values.shape), **rounded, at=[[int(i), float(f"{flat[i]:.7g}")] for i in keys])


if __name__ == "__main__":
    torch.set_num_threads(1)
    size, width, pairs, seed, updates, out, *cycle = sys.argv[1:]
    arguments = int(size), int(width), [int(n) for n in pairs.split(",")], int(seed), int(updates)
    tensors, losses = run(*arguments, float(cycle[0]) if cycle else 0)
    if out.endswith(".npz"):
        of_updates = {f"losses.{name}": np.array([row.get(name, np.nan) for row in losses]) for name in losses[0]}
        np.savez(out, **of_updates, **tensors)
    else:
        golden = dict(zip(("size", "width", "pairs", "seed", "updates"), arguments))
        golden.update(losses=losses, tensors={name: summary(name, tensor) for name, tensor in tensors.items()})
        with open(out, "w") as file:
            # One line for each tensor.
            text = json.dumps(golden, separators=(",", ":"))
            file.write(text.replace('},"', '},\n"').replace('],"tensors"', '],\n"tensors"') + "\n")
