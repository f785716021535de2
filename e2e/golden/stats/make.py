"""Golden values of the classification metrics from scikit-learn, of outliers and hashes from numpy (metrics.json).

Run: python make.py   (needs numpy and scikit-learn)
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)


def case(items, classes, sharpness, missing=()):
    labels = rng.choice([c for c in range(classes) if c not in missing], items)
    logits = rng.normal(size=(items, classes))
    logits[np.arange(items), labels] += sharpness
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    # Rounding makes ties, also at bin borders.
    probabilities = np.round(probabilities, 2)
    probabilities[:, 0] += 1 - probabilities.sum(1)
    probabilities = np.clip(probabilities, 0, 1)
    predicted = probabilities.argmax(1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
    average = {
        name: list(metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes), average=name, zero_division=0)[:3])
        for name in ("macro", "weighted")
    }
    roc = []
    for c in range(classes):
        if c in missing:
            roc.append(None)
            continue
        fpr, tpr, thresholds = metrics.roc_curve(labels == c, probabilities[:, c])
        roc.append({"fpr": fpr.tolist(), "tpr": tpr.tolist(), "auc": metrics.roc_auc_score(labels == c, probabilities[:, c])})
    confidence = probabilities.max(1)
    correct = predicted == labels
    bins = 15
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    ece = sum(abs(correct[index == b].mean() - confidence[index == b].mean()) * (index == b).mean() for b in range(bins) if (index == b).any())
    onehot = np.eye(classes)[labels]
    return {
        "classes": classes,
        "labels": labels.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "predicted": predicted.tolist(),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=range(classes)).ravel().tolist(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balancedAccuracy": float(np.mean([recall[c] for c in range(classes) if support[c] > 0])),
        "kappa": metrics.cohen_kappa_score(labels, predicted),
        "perClass": [[float(p), float(r), float(f), int(s)] for p, r, f, s in zip(precision, recall, f1, support)],
        "average": {name: [float(v) for v in values] for name, values in average.items()},
        "roc": roc,
        "ece": float(ece),
        "brier": float(((probabilities - onehot) ** 2).sum(1).mean()),
        "logLoss": float(-np.log(np.clip(probabilities[np.arange(len(labels)), labels], np.finfo(float).eps, 1)).mean()),
        "logLossOfSklearn": metrics.log_loss(labels, probabilities, labels=range(classes)),
    }


# scikit-learn divides each row by its sum before the logarithm; the rows add up to 1 here, so both must agree.
cases = [case(500, 4, 1.5), case(200, 2, 0.5), case(300, 5, 2.0, missing=(3,)), case(120, 3, 9.0)]
for c in cases:
    assert abs(c["logLoss"] - c.pop("logLossOfSklearn")) < 1e-9

(here / "metrics.json").write_text(json.dumps({"sklearn": sklearn.__version__, "cases": cases}))
