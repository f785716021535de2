"""Golden values of PyTorch for main/graph: python make.py (torch 2.13 on CPU, numpy) rewrites the JSON files beside it.

Weights and data are not stored: both sides compute them from the same integer hash (`fill`), so the files only hold what
PyTorch answers. Arrays are base64 of little-endian float32.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from golden import fill, pack

HERE = pathlib.Path(__file__).parent


class Seq(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Residual(nn.Module):
    def __init__(self, body, shortcut, relu):
        super().__init__()
        self.body = body
        self.shortcut = shortcut
        self.relu = relu

    def forward(self, x):
        y = self.body(x) + (x if self.shortcut is None else self.shortcut(x))
        return F.relu(y) if self.relu else y


class Pool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def build(layers, shape):
    """The same layer specs as main/models, read by PyTorch."""
    modules = []
    for spec in layers:
        kind = spec["kind"]
        get = spec.get
        if kind == "linear":
            module = nn.Linear(shape[-1], spec["units"], bias=get("bias", True))
        elif kind == "conv2d":
            padding = spec["kernel"] // 2 if get("padding") == "same" else get("padding", 0)
            module = nn.Conv2d(shape[0], spec["channels"], spec["kernel"], get("stride", 1), padding, groups=get("groups", 1), bias=get("bias", True))
        elif kind == "max_pool":
            module = nn.MaxPool2d(spec["kernel"], get("stride"), get("padding", 0))
        elif kind == "avg_pool":
            module = nn.AvgPool2d(spec["kernel"], get("stride"), get("padding", 0))
        elif kind == "global_avg_pool":
            module = Pool()
        elif kind == "batch_norm":
            module = nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
        elif kind == "layer_norm":
            module = nn.LayerNorm(shape)
        elif kind == "flatten":
            module = nn.Flatten()
        elif kind == "residual":
            side = build(spec["shortcut"], shape) if "shortcut" in spec else None
            module = Residual(build(spec["layers"], shape), side, get("relu", False))
        else:
            module = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[kind]()
        module.eval()
        shape = list(module(torch.zeros(1, *shape)).shape[1:])
        modules.append(module)
    return Seq(modules)


def set_weights(model):
    """Each parameter, in order, from its own stream; matrices scaled by 1/sqrt(fan in), vectors around their default."""
    with torch.no_grad():
        for stream, (name, parameter) in enumerate(model.named_parameters()):
            values = torch.from_numpy(fill(parameter.numel(), stream + 100)).view(parameter.shape)
            if parameter.dim() > 1:
                values = values * float(np.float32(np.sqrt(3.0 / parameter[0].numel())))
            else:
                values = values * 0.25 + (1.0 if is_norm_weight(model, name) else 0.0)
            parameter.copy_(values)


def is_norm_weight(model, name):
    path, _, leaf = name.rpartition(".")
    module = model.get_submodule(path)
    return leaf == "weight" and isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d, nn.LayerNorm))


def rename(name):
    return name.replace("running_mean", "runningMean").replace("running_var", "runningVariance")


def loss_of(case, output, stream):
    batch = output.shape[0]
    if case["loss"]["kind"] == "mse":
        target = torch.from_numpy(fill(output.numel(), stream)).view(output.shape)
        return F.mse_loss(output, target)
    classes = torch.arange(batch) * 7 % output.shape[1]
    return F.cross_entropy(output, classes, label_smoothing=case["loss"].get("labelSmoothing", 0.0))


def data(case, stream):
    count = case["batch"] * int(np.prod(case["shape"]))
    return torch.from_numpy(fill(count, stream)).view(case["batch"], *case["shape"])


conv = lambda channels, kernel, **more: {"kind": "conv2d", "channels": channels, "kernel": kernel, **more}
lin = lambda units, **more: {"kind": "linear", "units": units, **more}
act = lambda kind: {"kind": kind}
CE = {"kind": "cross_entropy"}
basic = lambda count, stride: {"kind": "residual", "relu": True, "layers": [conv(count, 3, stride=stride, padding=1, bias=False), act("batch_norm"), act("relu"), conv(count, 3, padding=1, bias=False), act("batch_norm")], **({"shortcut": [conv(count, 1, stride=stride, bias=False), act("batch_norm")]} if stride > 1 else {})}

CASES = [
    {"name": "linear", "shape": [12], "batch": 5, "loss": CE, "layers": [lin(4)]},
    {"name": "mlp relu", "shape": [20], "batch": 6, "loss": CE, "layers": [lin(16), act("relu"), lin(12, bias=False), act("relu"), lin(5)]},
    {"name": "mlp gelu smoothing", "shape": [20], "batch": 6, "loss": {"kind": "cross_entropy", "labelSmoothing": 0.1}, "layers": [lin(16), act("gelu"), lin(5)]},
    {"name": "mlp silu mse", "shape": [10], "batch": 7, "loss": {"kind": "mse"}, "layers": [lin(16), act("silu"), lin(3)]},
    {"name": "mlp tanh sigmoid", "shape": [10], "batch": 7, "loss": {"kind": "mse"}, "layers": [lin(16), act("tanh"), lin(8), act("sigmoid"), lin(2)]},
    {"name": "layer norm", "shape": [10], "batch": 6, "loss": CE, "layers": [lin(16), act("layer_norm"), act("relu"), lin(4)]},
    {"name": "batch norm 1d", "shape": [10], "batch": 9, "loss": CE, "layers": [lin(16), act("batch_norm"), act("relu"), lin(4)]},
    {"name": "conv valid", "shape": [1, 9, 8], "batch": 3, "loss": CE, "layers": [conv(16, 3), act("relu"), conv(32, 3), act("relu"), act("flatten"), lin(4)]},
    {"name": "conv same 16", "shape": [3, 8, 8], "batch": 3, "loss": CE, "layers": [conv(16, 3, padding=1), act("relu"), conv(16, 3, padding=1), act("relu"), conv(32, 5, padding=2), act("relu"), act("global_avg_pool"), lin(4)]},
    {"name": "conv stride 2", "shape": [3, 9, 10], "batch": 3, "loss": CE, "layers": [conv(16, 3, stride=2, padding=1), act("relu"), conv(32, 3, stride=2, padding=1), act("flatten"), lin(4)]},
    {"name": "conv stride 2 even", "shape": [16, 8, 8], "batch": 2, "loss": CE, "layers": [conv(16, 1), conv(32, 3, stride=2, padding=1), conv(16, 1, stride=2), act("flatten"), lin(4)]},
    {"name": "conv odd channels", "shape": [2, 7, 7], "batch": 3, "loss": CE, "layers": [conv(5, 3, padding=1), act("gelu"), conv(6, 2, stride=2), act("flatten"), lin(3)]},
    {"name": "conv depthwise", "shape": [3, 8, 8], "batch": 2, "loss": CE, "layers": [conv(16, 1), act("silu"), conv(16, 3, groups=16, padding=1), conv(16, 3, groups=4, stride=2, padding=1), act("flatten"), lin(3)]},
    {"name": "max pool disjoint", "shape": [1, 10, 10], "batch": 3, "loss": CE, "layers": [conv(16, 3), act("relu"), {"kind": "max_pool", "kernel": 2}, act("flatten"), lin(4)]},
    {"name": "max pool odd", "shape": [1, 9, 11], "batch": 3, "loss": CE, "layers": [conv(16, 3), {"kind": "max_pool", "kernel": 2}, act("flatten"), lin(4)]},
    {"name": "max pool overlapping", "shape": [2, 11, 11], "batch": 3, "loss": CE, "layers": [conv(16, 3), act("relu"), {"kind": "max_pool", "kernel": 3, "stride": 2, "padding": 1}, act("flatten"), lin(4)]},
    {"name": "max pool ties", "shape": [1, 8, 8], "batch": 4, "loss": CE, "flat": True, "layers": [conv(16, 3, padding=1), {"kind": "max_pool", "kernel": 2}, conv(16, 1), act("relu"), {"kind": "max_pool", "kernel": 2}, act("flatten"), lin(4)]},
    {"name": "average pool", "shape": [2, 9, 9], "batch": 3, "loss": CE, "layers": [conv(16, 3, padding=1), {"kind": "avg_pool", "kernel": 2}, conv(8, 1), {"kind": "avg_pool", "kernel": 3, "stride": 1, "padding": 1}, act("flatten"), lin(4)]},
    {"name": "batch norm 2d", "shape": [3, 8, 8], "batch": 4, "loss": CE, "layers": [conv(16, 3, padding=1, bias=False), act("batch_norm"), act("relu"), conv(5, 3), act("batch_norm"), act("flatten"), lin(4)]},
    {"name": "layer norm image", "shape": [2, 6, 6], "batch": 4, "loss": CE, "layers": [conv(16, 3), act("layer_norm"), act("gelu"), act("flatten"), lin(4)]},
    {"name": "resnet", "shape": [3, 8, 8], "batch": 3, "loss": CE, "layers": [conv(16, 3, padding=1, bias=False), act("batch_norm"), act("relu"), basic(16, 1), basic(32, 2), act("global_avg_pool"), lin(4)]},
    {"name": "resnet plain", "shape": [3, 8, 8], "batch": 3, "loss": CE, "layers": [conv(16, 3, padding=1), act("relu"), {"kind": "residual", "relu": True, "layers": [conv(16, 3, padding=1), act("relu"), conv(16, 3, padding=1)]}, act("global_avg_pool"), lin(4)]},
]


def layer_case(case):
    model = build(case["layers"], case["shape"])
    set_weights(model)
    model.train()
    x = data(case, 1)
    if case.get("flat"):  # constant regions make exact ties
        x = torch.where(x > 0, torch.ones_like(x), torch.zeros_like(x)).clone()
        x[:, :, :4] = 1.0
    x.requires_grad_()
    output = model(x)
    loss = loss_of(case, output, 2)
    loss.backward()
    gradients = {name: pack(parameter.grad) for name, parameter in model.named_parameters()}
    buffers = {rename(name): pack(buffer) for name, buffer in model.named_buffers() if buffer.is_floating_point()}
    model.eval()
    return {
        **{key: case[key] for key in ("name", "shape", "batch", "loss", "layers")},
        "flat": case.get("flat", False),
        "output": pack(output),
        "lossValue": loss.item(),
        "inputGradient": pack(x.grad),
        "gradients": gradients,
        "buffers": buffers,
        "evaluation": pack(model(x)),
    }


TRAJECTORIES = [
    {"name": "mlp", "shape": [32], "batch": 16, "loss": CE, "layers": [lin(48), act("relu"), lin(24), act("relu"), lin(6)]},
    {"name": "cnn", "shape": [1, 12, 12], "batch": 16, "loss": CE, "layers": [conv(16, 3), act("relu"), conv(16, 3), act("relu"), {"kind": "max_pool", "kernel": 2}, act("flatten"), lin(24), act("relu"), lin(6)]},
    {"name": "cnn batch norm", "shape": [1, 12, 12], "batch": 16, "loss": CE, "layers": [conv(16, 3, bias=False), act("batch_norm"), act("relu"), {"kind": "max_pool", "kernel": 2}, act("flatten"), lin(6)]},
]
OPTIMIZERS = [
    {"name": "adamw", "rate": 3e-3, "spec": {"kind": "adamw", "weightDecay": 0.05}, "clipNorm": None},
    {"name": "adamw clipped", "rate": 3e-3, "spec": {"kind": "adamw", "weightDecay": 0.01}, "clipNorm": 0.5},
    {"name": "sgd", "rate": 0.05, "spec": {"kind": "sgd"}, "clipNorm": None},
    {"name": "sgd nesterov", "rate": 0.02, "spec": {"kind": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 1e-3}, "clipNorm": None},
    {"name": "sgd momentum", "rate": 0.02, "spec": {"kind": "sgd", "momentum": 0.9}, "clipNorm": 1.0},
]
STEPS = 200


def trajectory(case, how):
    model = build(case["layers"], case["shape"])
    set_weights(model)
    # Noise learned by heart is chaotic at larger rates, where a unit near zero answers on one side and not on the other: at
    # ten times this one, PyTorch itself ends up to 50 % elsewhere from weights moved by 3e-7 of themselves.
    rate = how["rate"] / 10
    model.train()
    spec = how["spec"]
    if spec["kind"] == "adamw":
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=spec["weightDecay"])
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=spec.get("momentum", 0.0), nesterov=spec.get("nesterov", False), weight_decay=spec.get("weightDecay", 0.0))
    losses, norms = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(case, model(data(case, 1000 + step % 8)), 0)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), how["clipNorm"] or 1e30).item())
        optimizer.step()
        losses.append(loss.item())
    short = lambda values: [float(f"{value:.7g}") for value in values]
    return {**case, "optimizer": how["name"], "rate": rate, "spec": spec, "clipNorm": how["clipNorm"], "losses": short(losses), "norms": short(norms)}


def explanation_case():
    case = {"name": "explained", "shape": [2, 10, 10], "batch": 3, "loss": CE, "layers": [conv(16, 3, padding=1), act("relu"), {"kind": "max_pool", "kernel": 2}, conv(16, 3, padding=1), act("relu"), act("flatten"), lin(4)]}
    model = build(case["layers"], case["shape"])
    set_weights(model)
    x = data(case, 1).requires_grad_()
    ids = torch.tensor([1, 0, 3])
    held = {}
    model.layers[4].register_forward_hook(lambda _m, _i, output: held.update(a=output))
    output = model(x)
    score = output.gather(1, ids[:, None]).sum()
    gx, ga = torch.autograd.grad(score, [x, held["a"]])
    cam = F.relu((ga.mean((2, 3), keepdim=True) * held["a"]).sum(1, keepdim=True))
    cam = F.interpolate(cam, size=(10, 10), mode="bilinear", align_corners=False)
    cam = cam / cam.amax((1, 2, 3), keepdim=True)
    path = torch.zeros_like(x)
    steps = 2000  # midpoint rule, fine enough to stand for the integral
    for index in range(steps):
        point = (x.detach() * ((index + 0.5) / steps)).requires_grad_()
        path += torch.autograd.grad(model(point).gather(1, ids[:, None]).sum(), point)[0] / steps
    return {**case, "classIds": ids.tolist(), "saliency": pack(gx.abs().amax(1)), "gradCam": pack(cam[:, 0]), "integratedGradients": pack((path * x).sum(1)), "output": pack(output)}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


write("layers.json", [layer_case(case) for case in CASES])
write("trajectories.json", [trajectory(case, how) for case in TRAJECTORIES for how in OPTIMIZERS])
write("explanation.json", explanation_case())
print({path.name: path.stat().st_size for path in HERE.glob("*.json")})
