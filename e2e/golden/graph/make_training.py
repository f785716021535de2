"""Golden values of PyTorch for losses, optimisers, schedules and augmentation: python make_training.py rewrites
training.json beside it. Inputs come from `fill`, the twin of that in main/models/golden.test-support.ts.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from golden import fill, pack

HERE = pathlib.Path(__file__).parent


N, K = 8, 5
ids = torch.arange(N) * 7 % K
groups = torch.tensor([0, 1, 2, 0, 1, 2, 0, 3])
signs = lambda y: 2 * y - 1
target = torch.from_numpy(fill(N * K, 2)).view(N, K) * 2
unit = (torch.from_numpy(fill(N * K, 3)).view(N, K) + 1) / 2
hard = (unit > 0.5).float()
one_hot = F.one_hot(ids, K).float()
weights = torch.tensor([1.0, 0.0, 2.0, 0.5, 1.0, 3.0, 0.0, 1.0])
class_weights = [1.0, 5.0, 0.2, 3.0, 0.5]
teacher = torch.from_numpy(fill(N * K, 4)).view(N, K) * 3
soft = torch.softmax(target, 1)
weighted = lambda rows: (rows * weights).sum() / weights.sum()


def info_nce(z, temperature):
    z = F.normalize(z, dim=1)
    s = z @ z.T / temperature
    s = s.masked_fill(torch.eye(N, dtype=torch.bool), float("-inf"))
    log = torch.log_softmax(s, 1)
    same = (groups[:, None] == groups[None]) & ~torch.eye(N, dtype=torch.bool)
    rows = [-log[i][same[i]].mean() for i in range(N) if same[i].any()]
    return torch.stack(rows).mean()


def triplet(z, margin):
    terms = []
    for a in range(N):
        for p in range(N):
            for n in range(N):
                if a != p and groups[a] == groups[p] and groups[a] != groups[n]:
                    terms.append(F.relu((z[a] - z[p]).norm() - (z[a] - z[n]).norm() + margin))
    return torch.stack(terms).mean()


def distillation(z, temperature, share):
    kl = F.kl_div(torch.log_softmax(z / temperature, 1), torch.softmax(teacher / temperature, 1), reduction="batchmean")
    return share * F.cross_entropy(z, ids) + (1 - share) * temperature**2 * kl


def focal(z, gamma):
    """Lin et al. 2017, equation 4, row by row."""
    rows = F.cross_entropy(z, ids, reduction="none")
    return (1 - torch.exp(-rows)) ** gamma * rows


cw = torch.tensor(class_weights)
LOSSES = [
    ({"kind": "cross_entropy", "classWeights": class_weights}, "ids", lambda z: F.cross_entropy(z, ids, weight=cw)),
    ({"kind": "cross_entropy", "classWeights": class_weights, "labelSmoothing": 0.1}, "ids", lambda z: F.cross_entropy(z, ids, weight=cw, label_smoothing=0.1)),
    ({"kind": "cross_entropy", "softTargets": True}, "soft", lambda z: F.cross_entropy(z, soft)),
    ({"kind": "cross_entropy", "labelSmoothing": 0.2, "sampleWeights": True}, "ids", lambda z: weighted(F.cross_entropy(z, ids, label_smoothing=0.2, reduction="none"))),
    ({"kind": "binary_cross_entropy"}, "unit", lambda z: F.binary_cross_entropy_with_logits(z, unit)),
    ({"kind": "binary_cross_entropy", "positiveWeight": 3}, "hard", lambda z: F.binary_cross_entropy_with_logits(z, hard, pos_weight=torch.tensor(3.0))),
    ({"kind": "binary_cross_entropy", "positiveWeight": 3, "oneVersusRest": True}, "ids", lambda z: F.binary_cross_entropy_with_logits(z, one_hot, pos_weight=torch.tensor(3.0))),
    ({"kind": "binary_cross_entropy", "oneVersusRest": True, "sampleWeights": True}, "ids", lambda z: weighted(F.binary_cross_entropy_with_logits(z, one_hot, reduction="none").mean(1))),
    ({"kind": "focal", "gamma": 1.5}, "ids", lambda z: focal(z, 1.5).mean()),
    ({"kind": "focal", "sampleWeights": True}, "ids", lambda z: weighted(focal(z, 2))),
    ({"kind": "multi_margin"}, "ids", lambda z: F.multi_margin_loss(z, ids)),
    ({"kind": "multi_margin", "margin": 0.5, "exponent": 2}, "ids", lambda z: F.multi_margin_loss(z, ids, p=2, margin=0.5)),
    ({"kind": "hinge"}, "hard", lambda z: F.relu(1 - signs(hard) * z).mean()),
    ({"kind": "hinge", "margin": 0.5, "oneVersusRest": True}, "ids", lambda z: F.relu(0.5 - signs(one_hot) * z).mean()),
    ({"kind": "distillation", "temperature": 3, "hardShare": 0.3}, "ids", lambda z: distillation(z, 3, 0.3)),
    ({"kind": "mse"}, "target", lambda z: F.mse_loss(z, target)),
    ({"kind": "mse", "sampleWeights": True}, "target", lambda z: weighted(((z - target) ** 2).mean(1))),
    ({"kind": "l1"}, "target", lambda z: F.l1_loss(z, target)),
    ({"kind": "huber", "delta": 0.7}, "target", lambda z: F.huber_loss(z, target, delta=0.7)),
    ({"kind": "smooth_l1", "beta": 0.4}, "target", lambda z: F.smooth_l1_loss(z, target, beta=0.4)),
    ({"kind": "info_nce", "temperature": 0.3}, "groups", lambda z: info_nce(z, 0.3)),
    ({"kind": "triplet", "margin": 0.8}, "groups", lambda z: triplet(z, 0.8)),
]


def losses():
    cases = []
    for spec, y, loss in LOSSES:
        # Twice the filling, so that both sides of every bend are met.
        z = (torch.from_numpy(fill(N * K, 1)).view(N, K) * 2).requires_grad_()
        value = loss(z)
        value.backward()
        cases.append({"spec": spec, "target": y, "loss": value.item(), "gradient": pack(z.grad)})
    return cases


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = (beta1 * m + (1 - beta1) * p.grad).sign()
                p.sub_(group["lr"] * (update + group["weight_decay"] * p))
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


OPTIMIZERS = [
    ({"kind": "adam", "weightDecay": 0.02}, 1e-2, lambda p: torch.optim.Adam(p, lr=1e-2, weight_decay=0.02)),
    ({"kind": "adamw", "weightDecay": 0.1, "beta1": 0.8}, 1e-2, lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1, betas=(0.8, 0.999))),
    ({"kind": "rmsprop"}, 2e-3, lambda p: torch.optim.RMSprop(p, lr=2e-3)),
    ({"kind": "rmsprop", "momentum": 0.9, "centered": True, "weightDecay": 0.01, "smoothing": 0.95, "epsilon": 1e-4}, 1e-3, lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.95, momentum=0.9, centered=True, weight_decay=0.01, eps=1e-4)),
    ({"kind": "sgd"}, 2e-2, lambda p: torch.optim.SGD(p, lr=2e-2)),
    ({"kind": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 0.01}, 2e-2, lambda p: torch.optim.SGD(p, lr=2e-2, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ({"kind": "lion", "weightDecay": 0.1}, 1e-3, lambda p: Lion(p, lr=1e-3, weight_decay=0.1)),
]


def trajectories():
    cases = []
    for spec, rate, build in OPTIMIZERS:
        weight = (torch.from_numpy(fill(6 * 4, 10)).view(4, 6) * 0.5).requires_grad_()
        bias = (torch.from_numpy(fill(4, 11)) * 0.5).requires_grad_()
        optimizer = build([weight, bias])
        history = []
        average = [weight.detach().clone(), bias.detach().clone()]
        for step in range(200):
            x = torch.from_numpy(fill(8 * 6, 100 + step % 8)).view(8, 6)
            y = torch.from_numpy(fill(8 * 4, 200 + step % 8)).view(8, 4)
            optimizer.zero_grad()
            loss = F.mse_loss(F.linear(x, weight, bias), y)
            loss.backward()
            optimizer.step()
            history.append(loss.item())
            for mean, value in zip(average, [weight, bias]):
                mean.lerp_(value.detach(), 0.02)
        cases.append({"spec": spec, "rate": rate, "losses": history, "weight": pack(weight), "average": pack(average[0])})
    return cases


def distilled():
    """A linear student of a frozen dense teacher that sees the same batches."""
    share, temperature = 0.3, 3
    hidden, top = (torch.from_numpy(fill(8 * 6, 12)).view(8, 6), torch.from_numpy(fill(4 * 8, 13)).view(4, 8))
    weight = (torch.from_numpy(fill(6 * 4, 10)).view(4, 6) * 0.5).requires_grad_()
    bias = (torch.from_numpy(fill(4, 11)) * 0.5).requires_grad_()
    optimizer = torch.optim.Adam([weight, bias], lr=1e-2)
    history = []
    for step in range(200):
        x = torch.from_numpy(fill(8 * 6, 100 + step % 8)).view(8, 6)
        y = (torch.arange(8) * 7 + step) % 4
        z, told = F.linear(x, weight, bias), F.linear(F.relu(F.linear(x, hidden)), top)
        optimizer.zero_grad()
        kl = F.kl_div(torch.log_softmax(z / temperature, 1), torch.softmax(told / temperature, 1), reduction="batchmean")
        loss = share * F.cross_entropy(z, y) + (1 - share) * temperature**2 * kl
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


def schedules():
    def rates(build, steps, metrics=None):
        parameter = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([parameter], lr=0.1)
        scheduler = build(optimizer)
        seen = []
        for step in range(steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step(*([] if metrics is None else [metrics[step]]))
        return seen

    S = torch.optim.lr_scheduler

    def warmed_up(proper, steps=6):
        rising = lambda o: S.LinearLR(o, start_factor=1 / steps, end_factor=1, total_iters=steps - 1)
        return lambda o: S.SequentialLR(o, [rising(o), proper(o)], milestones=[steps])

    metrics = [1 + 0.3 * float(v) for v in fill(60, 5)]
    base = {"baseRate": 0.1}
    return {
        "metrics": metrics,
        "byStep": [
            {"spec": {**base, "kind": "one_cycle"}, "rates": rates(lambda o: S.OneCycleLR(o, max_lr=0.1, total_steps=41, cycle_momentum=False), 41)},
            {"spec": {**base, "kind": "one_cycle", "anneal": "linear", "rise": 0.4, "divisor": 10, "finalDivisor": 100}, "rates": rates(lambda o: S.OneCycleLR(o, max_lr=0.1, total_steps=41, anneal_strategy="linear", pct_start=0.4, div_factor=10, final_div_factor=100, cycle_momentum=False), 41)},
            {"spec": {**base, "kind": "polynomial", "power": 3}, "rates": rates(lambda o: S.PolynomialLR(o, total_iters=40, power=3), 41)},
            {"spec": {**base, "kind": "linear", "minimumRate": 0.01}, "rates": rates(lambda o: S.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=40), 41)},
            {"spec": {**base, "kind": "cosine", "minimumRate": 0.01}, "rates": rates(lambda o: S.CosineAnnealingLR(o, T_max=40, eta_min=0.01), 41)},
            {"spec": {**base, "kind": "step", "everySteps": 7, "gamma": 0.3}, "rates": rates(lambda o: S.StepLR(o, step_size=7, gamma=0.3), 41)},
            {"spec": {**base, "kind": "constant", "warmupSteps": 6}, "rates": rates(warmed_up(lambda o: S.ConstantLR(o, factor=1)), 41)},
            {"spec": {**base, "kind": "step", "everySteps": 7, "gamma": 0.3, "warmupSteps": 6}, "rates": rates(warmed_up(lambda o: S.StepLR(o, step_size=7, gamma=0.3)), 41)},
            {"spec": {**base, "kind": "linear", "minimumRate": 0.01, "warmupSteps": 6}, "rates": rates(warmed_up(lambda o: S.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=34)), 41)},
            {"spec": {**base, "kind": "cosine", "minimumRate": 0.01, "warmupSteps": 6}, "rates": rates(warmed_up(lambda o: S.CosineAnnealingLR(o, T_max=34, eta_min=0.01)), 41)},
        ],
        "plateau": [
            {"spec": {**base, "kind": "reduce_on_plateau", "patience": 3, "factor": 0.5}, "rates": rates(lambda o: S.ReduceLROnPlateau(o, patience=3, factor=0.5), 60, metrics)},
            {"spec": {**base, "kind": "reduce_on_plateau", "mode": "max", "patience": 2, "cooldown": 4, "threshold": 0.05, "thresholdMode": "absolute", "minimumRate": 0.002}, "rates": rates(lambda o: S.ReduceLROnPlateau(o, mode="max", patience=2, cooldown=4, threshold=0.05, threshold_mode="abs", min_lr=0.002), 60, metrics)},
            {"spec": {**base, "kind": "reduce_on_plateau", "mode": "max", "patience": 4, "threshold": 0.01}, "rates": rates(lambda o: S.ReduceLROnPlateau(o, mode="max", patience=4, threshold=0.01), 60, metrics)},
        ],
    }


def grid_sample():
    x = torch.from_numpy(fill(2 * 2 * 5 * 6, 20)).view(2, 2, 5, 6)
    grid = torch.from_numpy(fill(2 * 5 * 6 * 2, 21)).view(2, 5, 6, 2) * 1.2
    return {padding: pack(F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)) for padding in ("zeros", "border")}


result = {"losses": losses(), "trajectories": trajectories(), "distilled": distilled(), "schedules": schedules(), "gridSample": grid_sample()}
(HERE / "training.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
print((HERE / "training.json").stat().st_size)
