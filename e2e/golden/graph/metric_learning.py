"""Golden values of metric learning: python metric_learning.py (torch 2.13 on CPU, numpy, scikit-learn, and of PyPI
pytorch-metric-learning 2.9.0 with tqdm) rewrites metric_learning.json beside it.

Losses, mining, and the figures of retrieval are those of pytorch-metric-learning; the votes of neighbours are scikit-learn's.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.losses import SupConLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from pytorch_metric_learning.reducers import MeanReducer
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.neighbors import KNeighborsClassifier

from golden import numbers, pack, set_weights
from vision import resnet

HERE = pathlib.Path(__file__).parent
NEIGHBOURS = 5


def loss_of(spec, z, y):
    if spec["kind"] == "info_nce":
        return SupConLoss(temperature=spec["temperature"])(z, y)
    distance = LpDistance(normalize_embeddings=False)
    miners = {"all": None, "semi_hard": TripletMarginMiner(spec["margin"], "semihard", distance=distance), "hard": BatchHardMiner(distance=distance)}
    miner = miners[spec["mining"]]
    # Without its own choice of triplets whose loss is not zero.
    loss = TripletMarginLoss(spec["margin"], distance=distance, reducer=MeanReducer())
    return loss(z, y) if miner is None else loss(z, y, miner(z, y))


LOSSES = [
    {"kind": "info_nce", "temperature": 0.1},
    {"kind": "triplet", "margin": 0.5, "mining": "all"},
    {"kind": "triplet", "margin": 0.5, "mining": "semi_hard"},
    {"kind": "triplet", "margin": 0.5, "mining": "hard"},
]


def losses():
    # One group has a single row.
    y = torch.tensor([0, 1, 2, 0, 1, 2, 0, 3, 1, 1, 0, 2])
    cases = []
    for spec in LOSSES:
        z = (numbers([len(y), 6], 1) * 0.6).requires_grad_()
        value = loss_of(spec, z, y)
        value.backward()
        cases.append({"spec": spec, "loss": value.item(), "gradient": pack(z.grad)})
    return {"labels": y.tolist(), "dimensions": 6, "cases": cases}


class Embedding(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        return F.normalize(self.encoder(x))


def trajectories():
    architecture = {"kind": "resnet", "channels": [8, 16]}
    y = torch.arange(12) % 4
    cases = []
    for loss, rate in [({"kind": "info_nce", "temperature": 0.1}, 1e-3), ({"kind": "triplet", "margin": 0.2, "mining": "semi_hard"}, 3e-5), ({"kind": "triplet", "margin": 0.2, "mining": "hard"}, 1e-4)]:
        model = Embedding(resnet(architecture, 1, 8))
        set_weights(model)
        model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
        seen = []
        for step in range(1, 201):
            x = numbers([12, 1, 8, 8], 1000 + step % 4)
            optimizer.zero_grad()
            value = loss_of(loss, model(x), y)
            value.backward()
            optimizer.step()
            seen.append(float(f"{value.item():.7g}"))
        cases.append({"encoder": architecture, "dimensions": 8, "loss": loss, "rate": rate, "losses": seen})
    return cases


def retrieval():
    """Eleven points of each of five classes around centres that come close, fewer of a sixth, and one of its own."""
    labels = torch.tensor([*(row % 5 for row in range(55)), 5, 5, 5, 6])
    points = F.normalize(numbers([len(labels), 8], 2) + 0.9 * numbers([7, 8], 3)[labels])
    figures = AccuracyCalculator(
        include=("precision_at_1", "mean_average_precision_at_r", "r_precision"), k="max_bin_count", knn_func=CustomKNN(CosineSimilarity()), device=torch.device("cpu")
    ).get_accuracy(points, labels)
    with_partners = [row for row in range(len(labels)) if int((labels == labels[row]).sum()) > 1]
    order = torch.argsort(-(points @ points.T).fill_diagonal_(-2), dim=1)
    recall = {k: float(np.mean([bool((labels[order[row, :k]] == labels[row]).any()) for row in with_partners])) for k in (1, 5)}
    others = lambda row: [place for place in range(len(labels)) if place != row]
    vote = lambda row: KNeighborsClassifier(NEIGHBOURS, metric="cosine").fit(points[others(row)], labels[others(row)]).predict(points[row : row + 1])[0]
    return {
        "labels": labels.tolist(),
        "points": pack(points),
        "neighbours": NEIGHBOURS,
        "recallAt1": figures["precision_at_1"],
        "recallAt5": recall[5],
        "meanAveragePrecisionAtR": figures["mean_average_precision_at_r"],
        "rPrecision": figures["r_precision"],
        "knnAccuracy": float(np.mean([vote(row) == int(labels[row]) for row in with_partners])),
        "first": order[0, :5].tolist(),
    }


if __name__ == "__main__":
    found = {"losses": losses(), "trajectories": trajectories(), "retrieval": retrieval()}
    assert found["retrieval"]["recallAt1"] < 1
    path = HERE / "metric_learning.json"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(path.stat().st_size, {k: v for k, v in found["retrieval"].items() if isinstance(v, float)}, [(c["losses"][0], c["losses"][-1]) for c in found["trajectories"]], [c["loss"] for c in found["losses"]["cases"]])
