"""Golden values of PyTorch for graph networks, autoencoders and mixtures: python generative.py rewrites generative.json.

Written in plain PyTorch after the papers' formulas. Weights and data come from the same integer hash on both sides
(`fill` of golden.py), the noise of the autoencoder from a twin of the compiler's counter-based random numbers.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from golden import fill, pack, round_losses, steps, weights
from random_numbers import normal

HERE = pathlib.Path(__file__).parent


NODES, FEATURES, CLASSES = 14, 5, 3
PAIRS = [(i, (i + 1) % 12) for i in range(12)] + [(0, 6), (3, 9), (2, 12)]  # node 13 has no edge
EDGES = torch.tensor([[a for a, b in PAIRS] + [b for a, b in PAIRS], [b for a, b in PAIRS] + [a for a, b in PAIRS]])


def gcn_layer(x, p, name):
    loops = torch.arange(NODES)
    source, target = torch.cat([EDGES[0], loops]), torch.cat([EDGES[1], loops])
    degree = torch.zeros(NODES).index_add(0, target, torch.ones(len(target)))
    norm = degree[source].rsqrt() * degree[target].rsqrt()
    h = x @ p[name + "weight"]
    return torch.zeros(NODES, h.shape[1]).index_add(0, target, h[source] * norm[:, None]) + p[name + "bias"]


def sage_layer(x, p, name):
    degree = torch.zeros(NODES).index_add(0, EDGES[1], torch.ones(EDGES.shape[1])).clamp(min=1)
    mean = torch.zeros_like(x).index_add(0, EDGES[1], x[EDGES[0]]) / degree[:, None]
    return F.linear(mean, p[name + "neighbor.weight"], p[name + "neighbor.bias"]) + F.linear(x, p[name + "self.weight"])


def gat_layer(x, p, name):
    loops = torch.arange(NODES)
    source, target = torch.cat([EDGES[0], loops]), torch.cat([EDGES[1], loops])
    heads, features = p[name + "attentionFrom"].shape
    h = F.linear(x, p[name + "weight"]).view(NODES, heads, features)
    score = (h * p[name + "attentionFrom"]).sum(-1)[source] + (h * p[name + "attentionTo"]).sum(-1)[target]
    score = F.leaky_relu(score, 0.2)
    alpha = torch.zeros_like(score)
    for node in range(NODES):
        into = target == node
        alpha = torch.where(into[:, None], torch.softmax(score.masked_fill(~into[:, None], -torch.inf), 0), alpha)
    out = torch.zeros(NODES, heads, features).index_add(0, target, h[source] * alpha[:, :, None])
    joined = out.flatten(1) if p[name + "bias"].shape[0] == heads * features else out.mean(1)
    return joined + p[name + "bias"]


HIDDEN = 8
GRAPHS = {
    "gcn": (gcn_layer, {"layers.0.weight": (FEATURES, HIDDEN), "layers.0.bias": (HIDDEN,), "layers.2.weight": (HIDDEN, CLASSES), "layers.2.bias": (CLASSES,)}),
    "sage": (sage_layer, {f"layers.{i}.{n}": s for i, a, b in [(0, FEATURES, HIDDEN), (2, HIDDEN, CLASSES)] for n, s in [("neighbor.weight", (b, a)), ("neighbor.bias", (b,)), ("self.weight", (b, a))]}),
    "gat": (gat_layer, {f"layers.{i}.{n}": s for i, a, h, b, o in [(0, FEATURES, 4, 2, 8), (2, HIDDEN, 1, CLASSES, CLASSES)] for n, s in [("weight", (h * b, a)), ("attentionFrom", (h, b)), ("attentionTo", (h, b)), ("bias", (o,))]}),
}
LABELS = torch.arange(NODES) * 7 % CLASSES


def graph_case(name):
    layer, shapes = GRAPHS[name]
    forward = lambda p, x: layer(F.relu(layer(x, p, "layers.0.")), p, "layers.2.")
    p = weights(shapes)
    x = torch.from_numpy(fill(NODES * FEATURES, 1)).view(NODES, FEATURES).requires_grad_()
    output = forward(p, x)
    F.cross_entropy(output, LABELS).backward()
    gradients = {key: pack(value.grad) for key, value in p.items()}
    losses = steps(weights(shapes), lambda q, _: F.cross_entropy(forward(q, x.detach()), LABELS), 0.01)
    return {"name": name, "output": pack(output), "gradients": gradients, "inputGradient": pack(x.grad), "losses": losses}


BATCH, SIDE, LATENT = 8, 8, 3


def images(step):
    return torch.from_numpy(fill(BATCH * SIDE * SIDE, 1000 + (step - 1) % 4)).view(BATCH, 1, SIDE, SIDE).abs()


def vae_case(name):
    dense = name == "dense"
    flat = SIDE * SIDE if dense else 8 * 2 * 2
    shapes = {} if dense else {"encoder.layers.0.weight": (4, 1, 3, 3), "encoder.layers.0.bias": (4,), "encoder.layers.2.weight": (8, 4, 3, 3), "encoder.layers.2.bias": (8,)}
    e = "encoder.layers.1." if dense else "encoder.layers.5."
    shapes |= {e + "weight": (16, flat), e + "bias": (16,), "mean.weight": (LATENT, 16), "mean.bias": (LATENT,), "logVariance.weight": (LATENT, 16), "logVariance.bias": (LATENT,)}
    d = "decoder.body.layers."
    shapes |= {d + "0.weight": (16, LATENT), d + "0.bias": (16,), d + "2.weight": (flat, 16), d + "2.bias": (flat,)}
    if not dense:
        shapes |= {d + "5.weight": (16, 8, 3, 3), d + "5.bias": (16,), d + "8.weight": (4, 4, 3, 3), d + "8.bias": (4,)}

    def loss_of(p, step):
        x = images(step)
        h = x
        if not dense:
            for i in (0, 2):
                h = F.relu(F.conv2d(h, p[f"encoder.layers.{i}.weight"], p[f"encoder.layers.{i}.bias"], stride=2, padding=1))
        h = F.relu(F.linear(h.flatten(1), p[e + "weight"], p[e + "bias"]))
        mean, log = F.linear(h, p["mean.weight"], p["mean.bias"]), F.linear(h, p["logVariance.weight"], p["logVariance.bias"])
        z = mean + torch.exp(log / 2) * normal(BATCH * LATENT, 0, step, 0).view(BATCH, LATENT)
        h = F.relu(F.linear(z, p[d + "0.weight"], p[d + "0.bias"]))
        h = F.linear(h, p[d + "2.weight"], p[d + "2.bias"])
        if dense:
            logits = h.view(BATCH, 1, SIDE, SIDE)
            pixels = 0.5 * (torch.sigmoid(logits) - x) ** 2
        else:
            h = F.relu(h).view(BATCH, 8, 2, 2)
            h = F.relu(F.pixel_shuffle(F.conv2d(h, p[d + "5.weight"], p[d + "5.bias"], padding=1), 2))
            logits = F.pixel_shuffle(F.conv2d(h, p[d + "8.weight"], p[d + "8.bias"], padding=1), 2)
            pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        divergence = -0.5 * (1 + log - mean**2 - log.exp()).sum(1).mean()
        return pixels.sum((1, 2, 3)).mean() + 0.5 * divergence

    return {"name": name, "losses": steps(weights(shapes), loss_of, 3e-3)}


def mixture_case():
    experts, top, features, classes, batch = 4, 2, 6, 3, 16
    shapes = {"gate.weight": (experts, features)}
    for i in range(experts):
        shapes |= {f"experts.{i}.layers.0.weight": (5, features), f"experts.{i}.layers.0.bias": (5,), f"experts.{i}.layers.2.weight": (classes, 5), f"experts.{i}.layers.2.bias": (classes,)}
    labels = torch.arange(batch) * 7 % classes

    def loss_of(p, step):
        x = torch.from_numpy(fill(batch * features, 1000 + (step - 1) % 4)).view(batch, features)
        likelihood = torch.softmax(x @ p["gate.weight"].T, 1)
        chosen = torch.zeros_like(likelihood).scatter(1, likelihood.topk(top, 1).indices, 1.0)
        gates = likelihood * chosen
        gates = gates / gates.sum(1, keepdim=True)
        answers = [F.linear(F.relu(F.linear(x, p[f"experts.{i}.layers.0.weight"], p[f"experts.{i}.layers.0.bias"])), p[f"experts.{i}.layers.2.weight"], p[f"experts.{i}.layers.2.bias"]) for i in range(experts)]
        output = sum(gates[:, i : i + 1] * answer for i, answer in enumerate(answers))
        balance = 0.01 * experts / top * (chosen.mean(0) * likelihood.mean(0)).sum()
        return F.cross_entropy(output, labels) + balance

    return {"losses": steps(weights(shapes), loss_of, 1e-2)}


result = {
    "edges": EDGES.tolist(),
    "nodes": NODES,
    "features": FEATURES,
    "classes": CLASSES,
    "graphs": [graph_case(name) for name in GRAPHS],
    "autoencoders": [vae_case(name) for name in ("dense", "convolutional")],
    "mixture": mixture_case(),
}
result["graphs"] = [round_losses(case) for case in result["graphs"]]
result["autoencoders"] = [round_losses(case) for case in result["autoencoders"]]
result["mixture"] = round_losses(result["mixture"])
(HERE / "generative.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
print((HERE / "generative.json").stat().st_size)
