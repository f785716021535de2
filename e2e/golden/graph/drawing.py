"""Golden values of PyTorch for models that learn to draw: python drawing.py rewrites drawing.json beside it.

GANs, diffusion and autoencoders, told classes and not, written in plain PyTorch after the papers' formulas. Weights come
from the integer hash of golden.py by the place of their name in alphabetical order (`u`, what spectral norms keep, likewise
from stream 500 on), images from the same hash; noise, times and who is told its class from the twin of the compiler's
counter-based random numbers.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from golden import numbers, pack, set_weights
from random_numbers import kept, normal, uniform

HERE = pathlib.Path(__file__).parent
BATCH, SIDE, CLASSES, STEPS = 8, 8, 3, 200
SEED = 5


def images(stream):
    return numbers((BATCH, 1, SIDE, SIDE), stream).abs()


LABELS = torch.arange(BATCH) * 7 % CLASSES
COLUMNS = F.one_hot(LABELS, CLASSES).float()


class Layers(nn.Module):
    """Our Sequential: children under `layers`."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Spectral(nn.Module):
    """Miyato et al. 2018: one power iteration per step; `u` moves on when the step is over."""

    def __init__(self, *shape, stride=1, padding=0):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.zeros(shape[0]))
        self.register_buffer("u", torch.zeros(shape[0], 1))
        self.stride, self.padding = stride, padding

    def forward(self, x):
        matrix = self.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(matrix.T @ self.u, dim=0)
            u = F.normalize(matrix @ v, dim=0) if self.training else self.u
            self.next = u
        weight = self.weight / (u.T @ matrix @ v).view(*[1] * self.weight.dim())
        return F.linear(x, weight, self.bias) if weight.dim() == 2 else F.conv2d(x, weight, self.bias, self.stride, self.padding)


def told(x, conditional):
    return torch.cat([x, COLUMNS], 1) if conditional else x


class Vae(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.spec, latent, more = spec, spec["latent"], CLASSES if spec["conditional"] else 0
        self.encoder = Layers(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 16), nn.ReLU())
        self.mean, self.logVariance = nn.Linear(16 + more, latent), nn.Linear(16 + more, latent)
        up = [nn.Conv2d(8, 16, 3, padding=1), nn.PixelShuffle(2), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.PixelShuffle(2)]
        self.decoder = nn.Module()
        self.decoder.body = Layers(nn.Linear(latent + more, 16), nn.ReLU(), nn.Linear(16, 32), nn.ReLU(), nn.Unflatten(1, (8, 2, 2)), *up)

    def forward(self, x, step):
        h = told(self.encoder(x), self.spec["conditional"])
        mean = self.mean(h)
        if not self.training:
            return torch.sigmoid(self.decoder.body(told(mean, self.spec["conditional"])))
        log = self.logVariance(h)
        z = mean + torch.exp(log / 2) * normal(mean.numel(), SEED, step, 0).view_as(mean)
        logits = self.decoder.body(told(z, self.spec["conditional"]))
        pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3)).mean()
        self.losses = [pixels, -0.5 * (1 + log - mean**2 - log.exp()).sum(1).mean()]
        return torch.sigmoid(logits)


ADVERSARIES = {
    "hinge": (lambda s: F.relu(1 - s), lambda s: F.relu(1 + s), lambda s: -s),
    "non_saturating": (lambda s: F.softplus(-s), F.softplus, lambda s: F.softplus(-s)),
    "least_squares": (lambda s: (s - 1) ** 2, lambda s: s**2, lambda s: (s - 1) ** 2),
    "wasserstein": (lambda s: -s, lambda s: s, lambda s: -s),
}


class Generator(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.project = nn.Linear(latent, 8 * 2 * 2)
        blocks = [(8, 4), (4, 1)]
        self.body = Layers(*[layer for count, out in blocks for layer in (nn.BatchNorm2d(count), nn.ReLU(), nn.Conv2d(count, 4 * out, 3, padding=1), nn.PixelShuffle(2))])

    def forward(self, z):
        return torch.sigmoid(self.body(self.project(z).view(-1, 8, 2, 2)))


class Discriminator(nn.Module):
    def __init__(self, spec):
        super().__init__()
        spectral = spec.get("spectralNorm", spec["loss"] != "wasserstein")
        halve = lambda a, b: Spectral(b, a, 4, 4, stride=2, padding=1) if spectral else nn.Conv2d(a, b, 4, 2, 1)
        linear = lambda units: Spectral(units, 32) if spectral else nn.Linear(32, units)
        self.layers = Layers(halve(1, 4), nn.LeakyReLU(0.2), halve(4, 8), nn.LeakyReLU(0.2), nn.Flatten())
        self.score = linear(1)
        if spec["conditional"]:
            self.likeness = linear(CLASSES)

    def forward(self, x):
        features = self.layers(x)
        score = self.score(features)
        return score + (self.likeness(features) * COLUMNS).sum(1, keepdim=True) if hasattr(self, "likeness") else score


class Gan(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.spec = spec
        self.generator = Generator(spec["latent"] + (CLASSES if spec["conditional"] else 0))
        self.discriminator = Discriminator(spec)

    def forward(self, x, step):
        scores = self.discriminator(x)
        if not self.training:
            return scores
        real, fake, fooled = ADVERSARIES[self.spec["loss"]]
        z = normal(BATCH * self.spec["latent"], SEED, step, 0).view(BATCH, -1)
        drawn = self.generator(told(z, self.spec["conditional"]))
        fakes = self.discriminator(drawn.detach())
        # The generator's loss moves the generator alone.
        frozen = {name: value.detach() for name, value in self.discriminator.named_parameters()}
        judged = torch.func.functional_call(self.discriminator, frozen, (drawn,))
        self.losses = [real(scores).mean() + fake(fakes).mean(), fooled(judged).mean()]
        if self.spec["loss"] == "wasserstein" or "gradientPenalty" in self.spec:
            share = uniform(BATCH, SEED, step, 1).view(BATCH, 1, 1, 1)
            between = drawn.detach() + share * (x - drawn.detach())
            if not between.requires_grad:
                between.requires_grad_()
            (slope,) = torch.autograd.grad(self.discriminator(between).sum(), between, create_graph=True)
            self.losses.append(self.spec.get("gradientPenalty", 10) * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean())
        return scores


def noise_levels(schedule, steps):
    """Ho et al. 2020; Nichol and Dhariwal 2021, equation 17."""
    if schedule == "linear":
        betas = [min(0.999, 1000 / steps * (1e-4 + (0.02 - 1e-4) * step / (steps - 1))) for step in range(steps)]
    else:
        level = lambda place: math.cos((place / steps + 0.008) / 1.008 * math.pi / 2) ** 2
        betas = [min(0.999, 1 - level(step + 1) / level(step)) for step in range(steps)]
    return np.cumprod(1 - np.array(betas))


class TimedBlock(nn.Module):
    def __init__(self, shape, width):
        super().__init__()
        self.norm = nn.LayerNorm(shape)
        self.first, self.second = nn.Conv2d(shape[0], shape[0], 3, padding=1), nn.Conv2d(shape[0], shape[0], 3, padding=1)
        self.time = nn.Linear(width, shape[0])

    def forward(self, x, moment):
        inner = self.first(F.silu(self.norm(x))) + self.time(moment)[:, :, None, None]
        return x + self.second(F.silu(inner))


class TimedUnet(nn.Module):
    FEATURES = 64

    def __init__(self, channels, steps, classes):
        super().__init__()
        fine, coarse = channels
        pair = lambda count, divisor: nn.ModuleList([TimedBlock([count, SIDE // divisor, SIDE // divisor], 2 * coarse) for _ in range(2)])
        self.time1, self.time2 = nn.Linear(self.FEATURES, 2 * coarse), nn.Linear(2 * coarse, 2 * coarse)
        self.stem, self.head = nn.Conv2d(4, fine, 3, padding=1), nn.Conv2d(fine, 4, 3, padding=1)
        self.halve, self.double = nn.Conv2d(fine, coarse, 3, 2, 1), nn.Conv2d(coarse, 4 * fine, 1)
        self.down, self.middle, self.up = pair(fine, 2), pair(coarse, 4), pair(fine, 2)
        if classes:
            self.classes = nn.Linear(classes, 2 * coarse, bias=False)
        angle = torch.arange(steps, dtype=torch.float64)[:, None] * 1000 / steps / 10000.0 ** (torch.arange(32) / 32)
        self.table = torch.cat([angle.sin(), angle.cos()], 1).float()

    def forward(self, x, time, columns):
        moment = self.time2(F.silu(self.time1(self.table[time])))
        moment = F.silu(moment if columns is None else moment + self.classes(columns))
        fine = self.stem(F.pixel_unshuffle(x, 2))
        for block in self.down:
            fine = block(fine, moment)
        coarse = self.halve(fine)
        for block in self.middle:
            coarse = block(coarse, moment)
        # A module of that name would be hidden by the method.
        y = F.pixel_shuffle(self._modules["double"](coarse), 2) + fine
        for block in self.up:
            y = block(y, moment)
        return F.pixel_shuffle(self.head(F.silu(y)), 2)


class Diffusion(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.spec = spec
        self.network = TimedUnet(spec["channels"], spec["steps"], CLASSES if spec["conditional"] else 0)
        self.levels = noise_levels(spec["schedule"], spec["steps"])

    def forward(self, x, step):
        clean, columns = 2 * x - 1, COLUMNS if self.spec["conditional"] else None
        if not self.training:
            return self.network(clean, torch.zeros(BATCH, dtype=torch.long), columns)
        time = (uniform(BATCH, SEED, step, 0) * self.spec["steps"]).long()
        noise = normal(x.numel(), SEED, step, 1).view_as(x)
        column = lambda values: torch.from_numpy(values.astype(np.float32))[time][:, None, None, None]
        signal, share = column(np.sqrt(self.levels)), column(np.sqrt(1 - self.levels))
        # One in ten is not told its class.
        shown = None if columns is None else columns * kept(BATCH, SEED, step, 2, 0.1)[:, None]
        predicted = self.network(clean * signal + noise * share, time, shown)
        target = noise if self.spec["prediction"] == "epsilon" else noise * signal - clean * share
        self.losses = [F.mse_loss(predicted, target)]
        return predicted


def vae(name, conditional):
    return {"name": name, "spec": {"kind": "vae", "latent": 3, "channels": [4, 8], "hidden": [16], "conditional": conditional}, "rate": 3e-3}


def gan(name, loss, conditional, rate=1e-3, **more):
    return {"name": name, "spec": {"kind": "gan", "latent": 6, "channels": [4, 8], "loss": loss, "conditional": conditional, **more}, "rate": rate}


def diffusion(name, schedule, prediction, conditional):
    spec = {"kind": "diffusion", "steps": 20, "schedule": schedule, "prediction": prediction, "channels": [4, 8], "conditional": conditional}
    return {"name": name, "spec": spec, "rate": 2e-3}


CASES = [
    vae("conditional autoencoder", True),
    gan("hinge GAN", "hinge", False),
    gan("conditional hinge GAN", "hinge", True),
    gan("conditional non-saturating GAN", "non_saturating", True),
    gan("least-squares GAN without spectral norms", "least_squares", False, spectralNorm=False),
    gan("WGAN-GP", "wasserstein", False, rate=2e-4),
    gan("conditional WGAN-GP", "wasserstein", True),
    gan("hinge GAN with spectral norms and a gradient penalty", "hinge", False, gradientPenalty=2),
    diffusion("diffusion of v, cosine", "cosine", "v", False),
    diffusion("diffusion of noise, linear", "linear", "epsilon", False),
    diffusion("conditional diffusion", "cosine", "v", True),
]
MODELS = {"vae": Vae, "gan": Gan, "diffusion": Diffusion}


def build(spec):
    model = MODELS[spec["kind"]](spec)
    set_weights(model)
    kept_norms = sorted(name for name, _ in model.named_buffers() if name.endswith(".u"))
    for place, name in enumerate(kept_norms):
        buffer = model.get_buffer(name)
        buffer.copy_(numbers(buffer.shape, 500 + place))
    return model


def trajectory(case, moved=0.0):
    """The parts of the loss at every step. @param moved share of themselves that all weights are moved by first"""
    model = build(case["spec"])
    with torch.no_grad():
        for place, parameter in enumerate(model.parameters()):
            parameter.mul_(1 + moved * numbers(parameter.shape, 700 + place))
    optimizer = torch.optim.AdamW(model.parameters(), lr=case["rate"], weight_decay=0.01)
    parts = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        model(images(1000 + (step - 1) % 4), step)
        sum(model.losses).backward()
        optimizer.step()
        for module in model.modules():
            if isinstance(module, Spectral):
                module.u.copy_(module.next)
        parts.append([loss.item() for loss in model.losses])
    return parts


def golden(case):
    model = build(case["spec"])
    # Spectral norms keep what they had before: the gradients are those of the first step.
    x = images(1).requires_grad_()
    output = model(x, 1)
    sum(model.losses).backward()
    model.eval()
    fresh = build(case["spec"]).eval()
    short = lambda parts: [[float(f"{value:.7g}") for value in part] for part in parts]
    return {
        **case,
        "parts": short([[loss.item() for loss in model.losses]])[0],
        "output": pack(output),
        "gradients": {name: pack(parameter.grad) for name, parameter in model.named_parameters()},
        "inputGradient": pack(x.grad),
        "evaluation": pack(fresh(images(1), 1)),
        "trajectory": short(trajectory(case)),
    }


if __name__ == "__main__":
    results = {"seed": SEED, "labels": LABELS.tolist(), "cases": [golden(case) for case in CASES]}
    path = HERE / "drawing.json"
    path.write_text(json.dumps(results, separators=(",", ":")) + "\n")
    print(path.stat().st_size)
    for case, result in zip(CASES, results["cases"]):
        moved, plain = np.array(trajectory(case, 3e-7)), np.array(result["trajectory"])
        straying = (np.abs((moved - plain).sum(1)) / np.abs(plain).sum(1)).max()
        print(f"{case['name']}: {result['trajectory'][0]} to {result['trajectory'][-1]}, moved weights stray {straying:.1e}")
