"""Golden values of PyTorch for networks over tables with categories: python tabular.py rewrites tabular.json.

Guo & Berkhahn 2016 and Cheng et al. 2016 in plain PyTorch: torch.nn.functional.embedding and linear layers. Weights and
data come from the same integer hash on both sides (`fill` of golden.py).
"""
import json
import pathlib

import torch
import torch.nn.functional as F

from golden import fill, pack, round_losses, steps, weights

HERE = pathlib.Path(__file__).parent
BATCH, CLASSES, WIDTH, HIDDEN = 16, 3, 3, 8
COLUMNS = [0, 5, 0, 0, 7]  # rows of a category's embedding; 0 = a number
CATEGORIES = [(place, rows) for place, rows in enumerate(COLUMNS) if rows > 0]
NUMBERS = [place for place, rows in enumerate(COLUMNS) if rows == 0]
CROSS = (0, 1)  # of the categories
LABELS = torch.arange(BATCH) * 7 % CLASSES


def table(step):
    """Numbers by the hash, categories by a rule; both change with the step, four tables in turn."""
    turn = (step - 1) % 4
    x = torch.from_numpy(fill(BATCH * len(COLUMNS), 1000 + turn)).view(BATCH, len(COLUMNS)).clone()
    for place, rows in CATEGORIES:
        x[:, place] = (torch.arange(BATCH) * (place + 2) + turn) % rows
    return x


def deep(p, x, prefix):
    numbers = [x[:, NUMBERS[0] : NUMBERS[0] + 1], x[:, NUMBERS[1] : NUMBERS[2] + 1]]
    vectors = [F.embedding(x[:, place].long(), p[f"{prefix}layers.0.embeddings.{i}.weight"]) for i, (place, _) in enumerate(CATEGORIES)]
    h = torch.cat(numbers + vectors, 1)
    h = F.relu(F.linear(h, p[prefix + "layers.1.weight"], p[prefix + "layers.1.bias"]))
    return F.linear(h, p[prefix + "layers.3.weight"], p[prefix + "layers.3.bias"])


def wide(p, x):
    ids = [x[:, place].long() for place, _ in CATEGORIES]
    sizes = [rows for _, rows in CATEGORIES]
    crossed = ids[CROSS[0]] * sizes[CROSS[1]] + ids[CROSS[1]]
    rows = torch.stack([ids[0], ids[1] + sizes[0], crossed + sum(sizes)], 1)
    return F.embedding(rows, p["wide.table.weight"]).sum(1) + F.linear(x[:, NUMBERS], p["wide.numbers.weight"])


def deep_shapes(prefix):
    shapes = {f"{prefix}layers.0.embeddings.{i}.weight": (rows, WIDTH) for i, (_, rows) in enumerate(CATEGORIES)}
    features = len(NUMBERS) + WIDTH * len(CATEGORIES)
    return shapes | {prefix + "layers.1.weight": (HIDDEN, features), prefix + "layers.1.bias": (HIDDEN,), prefix + "layers.3.weight": (CLASSES, HIDDEN), prefix + "layers.3.bias": (CLASSES,)}


WIDE_ROWS = sum(rows for _, rows in CATEGORIES) + CATEGORIES[CROSS[0]][1] * CATEGORIES[CROSS[1]][1]
WIDE_SHAPES = {"wide.table.weight": (WIDE_ROWS, CLASSES), "wide.numbers.weight": (CLASSES, len(NUMBERS))}
MODELS = {
    "embedding_mlp": (deep_shapes(""), lambda p, x: deep(p, x, "")),
    "wide_and_deep": (WIDE_SHAPES | deep_shapes("deep."), lambda p, x: wide(p, x) + deep(p, x, "deep.")),
}


def case(kind):
    shapes, forward = MODELS[kind]
    p = weights(shapes)
    output = forward(p, table(1))
    F.cross_entropy(output, LABELS).backward()
    gradients = {key: pack(value.grad) for key, value in p.items()}
    losses = steps(weights(shapes), lambda q, step: F.cross_entropy(forward(q, table(step)), LABELS), 0.01)
    return round_losses({"kind": kind, "output": pack(output), "gradients": gradients, "losses": losses})


result = {"batch": BATCH, "classes": CLASSES, "columns": COLUMNS, "width": WIDTH, "hidden": HIDDEN, "models": [case(kind) for kind in MODELS]}
(HERE / "tabular.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
print((HERE / "tabular.json").stat().st_size)
