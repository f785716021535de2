"""Golden values of PyTorch for image models: python vision.py (torch 2.13 on CPU, numpy) rewrites vision.json beside it.

Weights and data are not stored: both sides compute them from the integer hash of golden.py, weights by the place of their
name in alphabetical order; scaled names of ours are written down here. Arrays are base64 of little-endian float32.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from golden import fill, numbers, pack, set_weights

HERE = pathlib.Path(__file__).parent


class Layers(nn.Module):
    """Our Sequential: children under `layers`."""

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
        self.body, self.shortcut, self.relu = body, shortcut, relu

    def forward(self, x):
        y = self.body(x) + (x if self.shortcut is None else self.shortcut(x))
        return F.relu(y) if self.relu else y


class Pool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Excitation(nn.Module):
    def __init__(self, channels, squeezed, gate):
        super().__init__()
        self.fc1, self.fc2, self.gate = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1), gate

    def forward(self, x):
        y = self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * (torch.sigmoid(y) if self.gate == "sigmoid" else F.hardsigmoid(y))


def groups_of(channels):
    return next(groups for groups in range(min(8, channels), 0, -1) if channels % groups == 0)


ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "hard_swish": nn.Hardswish, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "gelu": nn.GELU, "silu": nn.SiLU}


def build(layers, shape):
    """The layer specs of main/models, read by PyTorch."""
    modules = []
    for spec in layers:
        kind, get = spec["kind"], spec.get
        if kind == "linear":
            module = nn.Linear(shape[-1], spec["units"])
        elif kind == "conv2d":
            module = nn.Conv2d(shape[0], spec["channels"], spec["kernel"], get("stride", 1), get("padding", 0), groups=get("groups", 1), bias=get("bias", True))
        elif kind == "conv_transpose2d":
            module = nn.ConvTranspose2d(shape[0], spec["channels"], spec["kernel"], get("stride", 1), get("padding", 0), get("outputPadding", 0), bias=get("bias", True))
        elif kind == "upsample":
            mode = get("mode", "nearest")
            module = nn.Upsample(scale_factor=spec["factor"], mode=mode, **({} if mode == "nearest" else {"align_corners": False}))
        elif kind == "max_pool":
            module = nn.MaxPool2d(spec["kernel"], get("stride"), get("padding", 0))
        elif kind == "avg_pool":
            module = nn.AvgPool2d(spec["kernel"], get("stride"), get("padding", 0))
        elif kind == "adaptive_avg_pool":
            module = nn.AdaptiveAvgPool2d(spec["size"])
        elif kind == "global_avg_pool":
            module = Pool()
        elif kind == "batch_norm":
            module = nn.BatchNorm2d(shape[0])
        elif kind == "group_norm":
            module = nn.GroupNorm(get("groups") or groups_of(shape[0]), shape[0])
        elif kind == "squeeze_excitation":
            module = Excitation(shape[0], max(1, shape[0] // spec["reduction"]), get("gate", "sigmoid"))
        elif kind == "flatten":
            module = nn.Flatten()
        elif kind == "residual":
            side = build(spec["shortcut"], shape) if "shortcut" in spec else None
            module = Residual(build(spec["layers"], shape), side, get("relu", False))
        else:
            module = ACTIVATIONS[kind]()
        module.eval()
        shape = list(module(torch.zeros(1, *shape)).shape[1:])
        modules.append(module)
    return Layers(modules)


conv = lambda channels, kernel, **more: {"kind": "conv2d", "channels": channels, "kernel": kernel, **more}
lin = lambda units: {"kind": "linear", "units": units}
act = lambda kind, **more: {"kind": kind, **more}
HEAD = [act("flatten"), lin(3)]

LAYER_CASES = {
    "transposed convolution 2": ([16, 5, 6], [act("conv_transpose2d", channels=32, kernel=2, stride=2), act("relu"), conv(16, 3, padding=1), *HEAD]),
    "transposed convolution 3": ([3, 5, 5], [conv(16, 1), act("conv_transpose2d", channels=16, kernel=3, stride=2, padding=1, outputPadding=1), *HEAD]),
    "transposed convolution 4": ([16, 4, 5], [act("conv_transpose2d", channels=16, kernel=4, stride=2, padding=1, bias=False), *HEAD]),
    "transposed convolution odd": ([3, 5, 4], [act("conv_transpose2d", channels=5, kernel=3, stride=2), act("elu"), act("conv_transpose2d", channels=4, kernel=3, padding=1), *HEAD]),
    "transposed convolution unit": ([16, 5, 6], [act("conv_transpose2d", channels=16, kernel=3, padding=1), *HEAD]),
    "convolution stride 2 kernels": ([16, 8, 8], [conv(16, 3, padding=1), conv(16, 2, stride=2), act("relu"), conv(32, 4, stride=2, padding=1), *HEAD]),
    "upsample nearest": ([3, 4, 5], [conv(16, 3, padding=1), act("upsample", factor=2), conv(16, 3, padding=1), *HEAD]),
    "upsample bilinear": ([3, 4, 5], [conv(16, 3, padding=1), act("upsample", factor=2, mode="bilinear"), conv(16, 3, padding=1), *HEAD]),
    "depthwise": ([3, 9, 9], [conv(16, 1), conv(16, 3, groups=16, padding=1), act("relu6"), conv(16, 5, groups=16, padding=2, bias=False), *HEAD]),
    "depthwise stride 2": ([3, 8, 8], [conv(32, 1), conv(32, 3, groups=32, padding=1, stride=2), act("hard_swish"), conv(16, 1), *HEAD]),
    "group norm": ([3, 6, 6], [conv(16, 3, padding=1), act("group_norm"), act("relu"), conv(6, 3), act("group_norm", groups=3), *HEAD]),
    "instance norm": ([3, 6, 6], [conv(16, 3, padding=1, bias=False), act("group_norm", groups=16), act("leaky_relu"), *HEAD]),
    "squeeze and excitation": ([3, 6, 6], [conv(16, 3, padding=1), act("squeeze_excitation", reduction=4), act("elu"), conv(5, 1), act("squeeze_excitation", reduction=2, gate="hard_sigmoid"), *HEAD]),
    "adaptive pool": ([3, 8, 8], [conv(16, 3, padding=1), act("adaptive_avg_pool", size=4), conv(16, 3, padding=1), act("adaptive_avg_pool", size=3), *HEAD]),
    "average pool in blocks": ([3, 8, 8], [conv(16, 3, padding=1), act("avg_pool", kernel=2), conv(32, 3, padding=1), act("avg_pool", kernel=3, stride=2, padding=1), *HEAD]),
    "few channels": ([3, 6, 6], [conv(16, 3, padding=1), act("relu"), conv(2, 1), *HEAD]),
    "bottleneck": ([3, 8, 8], [conv(16, 3, padding=1, bias=False), act("batch_norm"), act("relu"), {"kind": "residual", "relu": True, "layers": [conv(16, 1, bias=False), act("batch_norm"), act("relu"), conv(16, 3, stride=2, padding=1, bias=False), act("batch_norm"), act("relu"), conv(64, 1, bias=False), act("batch_norm")], "shortcut": [conv(64, 1, stride=2, bias=False), act("batch_norm")]}, act("global_avg_pool"), lin(3)]),
    "plain halving block": ([16, 8, 8], [conv(16, 3, padding=1), act("relu"), {"kind": "residual", "relu": True, "layers": [conv(32, 3, stride=2, padding=1), act("relu"), conv(32, 3, padding=1)], "shortcut": [conv(32, 1, stride=2)]}, act("global_avg_pool"), lin(3)]),
}


def block(inputs, outputs, norm, stride=1, kernel=3):
    norms = {"none": [], "batch": [nn.BatchNorm2d(outputs)], "group": [nn.GroupNorm(groups_of(outputs), outputs)], "instance": [nn.GroupNorm(outputs, outputs)]}
    return Layers([nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=norm == "none"), *norms[norm], nn.ReLU()])


class UNet(nn.Module):
    def __init__(self, spec, inputs, classes):
        super().__init__()
        channels, norm, up = spec["channels"], spec.get("normalization", "none"), spec.get("upsampling", "nearest")
        pair = lambda a, b: Layers([block(a, b, norm), block(b, b, norm)])
        skips = channels[:-1]
        self.encoders = nn.ModuleList([pair(a, b) for a, b in zip([inputs, *skips], skips)])
        self.bottom = pair(skips[-1], channels[-1])
        upwards = list(reversed(list(zip(skips, channels[1:]))))
        grow = {"transpose": lambda a, b: nn.ConvTranspose2d(b, a, 2, 2), "nearest": lambda a, b: nn.Upsample(scale_factor=2), "bilinear": lambda a, b: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)}[up]
        self.growers = nn.ModuleList([grow(a, b) for a, b in upwards])
        self.decoders = nn.ModuleList([pair((a if up == "transpose" else b) + a, a) for a, b in upwards])
        self.head = nn.Conv2d(skips[0], classes, 1)

    def forward(self, x):
        skips = []
        for encoder in self.encoders:
            x = encoder(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for grower, decoder in zip(self.growers, self.decoders):
            x = decoder(torch.cat([grower(x), skips.pop()], 1))
        return self.head(x)


class Detector(nn.Module):
    def __init__(self, spec, inputs, classes):
        super().__init__()
        channels, norm = spec["channels"], spec.get("normalization", "batch")
        level = int(np.log2(spec.get("stride", 4)))
        self.levels = nn.ModuleList([Layers([block(a, b, norm, 1 if i == 0 else 2), block(b, b, norm)]) for i, (a, b) in enumerate(zip([inputs, *channels], channels))])
        width = spec.get("headChannels", channels[level])
        self.laterals = nn.ModuleList([nn.Conv2d(c, width, 1) for c in channels[level:]])
        self.heat = Layers([block(width, width, norm), nn.Conv2d(width, classes, 1)])
        self.sides = Layers([block(width, width, norm), nn.Conv2d(width, 4, 1)])

    def forward(self, x):
        outputs = []
        for level in self.levels:
            x = level(x)
            outputs.append(x)
        merged = None
        for lateral, features in reversed(list(zip(self.laterals, outputs[-len(self.laterals) :]))):
            merged = lateral(features) if merged is None else F.interpolate(merged, scale_factor=2) + lateral(features)
        return torch.cat([self.heat(merged), self.sides(merged)], 1)


def conv_bn(inputs, outputs, kernel, stride=1, groups=1, last=None):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs), *([last()] if last else [])]


def resnet(spec, inputs, classes):
    """From the paper, not from our list of layers."""
    bottleneck = spec.get("block") == "bottleneck"
    first = spec["channels"][0]
    layers = conv_bn(inputs, first, 3, last=nn.ReLU) if spec.get("stem", "small") == "small" else [*conv_bn(inputs, first, 7, 2, last=nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    width = first
    for stage, channels in enumerate(spec["channels"]):
        blocks = spec.get("blocksPerStage", 1)
        for index in range(blocks if isinstance(blocks, int) else blocks[stage]):
            stride = 2 if stage and not index else 1
            outputs = channels * (4 if bottleneck else 1)
            body = [*conv_bn(width, channels, 1, last=nn.ReLU), *conv_bn(channels, channels, 3, stride, last=nn.ReLU), *conv_bn(channels, outputs, 1)] if bottleneck else [*conv_bn(width, channels, 3, stride, last=nn.ReLU), *conv_bn(channels, channels, 3)]
            side = Layers(conv_bn(width, outputs, 1, stride)) if stride > 1 or outputs != width else None
            layers.append(Residual(Layers(body), side, True))
            width = outputs
    return Layers([*layers, Pool(), nn.Linear(width, classes)])


def mobilenet(spec, inputs, classes):
    stem, head = spec["stemChannels"], spec["headChannels"]
    layers, width = conv_bn(inputs, stem, 3, spec.get("stemStride", 2), last=nn.ReLU6), stem
    for stage in spec["stages"]:
        for index in range(stage["blocks"]):
            stride, hidden = (stage["stride"] if index == 0 else 1), width * stage["expansion"]
            body = [*(conv_bn(width, hidden, 1, last=nn.ReLU6) if stage["expansion"] > 1 else []), *conv_bn(hidden, hidden, 3, stride, hidden, nn.ReLU6), *conv_bn(hidden, stage["channels"], 1)]
            layers += [Residual(Layers(body), None, False)] if stride == 1 and width == stage["channels"] else body
            width = stage["channels"]
    return Layers([*layers, *conv_bn(width, head, 1, last=nn.ReLU6), Pool(), nn.Linear(head, classes)])


class ConvolutionalTransformer(nn.Module):
    """Xiao et al. 2021: convolutions of stride 2, then encoder layers over what they leave of a square of `side` pixels."""

    def __init__(self, spec, channels, classes, side):
        super().__init__()
        width, stem = spec["width"], []
        for count in spec["channels"]:
            stem += [nn.Conv2d(channels, count, 3, 2, 1, bias=False), nn.BatchNorm2d(count), nn.ReLU()]
            channels, side = count, (side + 1) // 2
        self.stem = Layers([*stem, nn.Conv2d(channels, width, 1)])
        self.positions = nn.Parameter(torch.zeros(side * side, width))
        layer = lambda: nn.TransformerEncoderLayer(width, spec["heads"], spec["feedForward"], 0.0, F.gelu, batch_first=True, norm_first=True)
        self.layers = nn.ModuleList([layer() for _ in range(spec["layers"])])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        y = self.stem(x).flatten(2).transpose(1, 2) + self.positions
        for layer in self.layers:
            y = layer(y)
        return self.head(self.norm(y).mean(1))


FAMILIES = {"convolutional_transformer": lambda *given: ConvolutionalTransformer(*given, side=8), "unet": UNet, "detector": Detector, "resnet": resnet, "mobilenet_v2": mobilenet}


def targets(case, batch, stream):
    """`y` of a case, and what the loss reads."""
    size = case["shape"][-1]
    if case["output"] == "classification":
        return torch.arange(batch) * 7 % case["classes"]
    if case["output"] == "segmentation":
        ids = ((numbers([batch, *case["shape"][1:]], stream).double() + 1) / 2 * (case["classes"] + (0 if case["classes"] > 1 else 1))).floor().long()
        if case.get("ignored"):
            ids[:, 0, :3] = 255
        return ids
    raw = (numbers([batch, 3, 5], stream).double() + 1) / 2
    left, top = raw[..., 1] * size * 0.6, raw[..., 2] * size * 0.6
    boxes = torch.stack([(raw[..., 0] * case["classes"]).floor(), left, top, left + size * (0.1 + raw[..., 3] * 0.3), top + size * (0.1 + raw[..., 4] * 0.3)], -1)
    boxes[0, 2] = torch.tensor([-1.0, 0, 0, 0, 0])
    return boxes.float()


def loss_of(loss, output, y):
    kind = loss["kind"]
    if kind == "cross_entropy":
        return F.cross_entropy(output, y)
    if kind == "detection":
        return detection_loss(output, y, loss.get("stride", 4), loss.get("boxWeight", 5.0))
    classes = output.shape[1]
    valid = (y < max(2, classes)).float()
    if classes == 1:
        ce = F.binary_cross_entropy_with_logits(output[:, 0], y.clamp(max=1).float(), reduction="none")
        p, one_hot = torch.sigmoid(output), y.clamp(max=1).float()[:, None] * valid[:, None]
    else:
        known = torch.where(valid > 0, y, torch.zeros_like(y))
        ce = F.cross_entropy(output, known, reduction="none")
        p, one_hot = torch.softmax(output, 1), F.one_hot(known, classes).movedim(-1, 1).float() * (valid[:, None] if output.dim() > 2 else valid[:, None])
    mean_ce = (ce * valid).sum() / valid.sum()
    if kind == "pixel_cross_entropy":
        return mean_ce
    if kind == "focal":
        values = (1 - torch.exp(-ce)) ** loss.get("gamma", 2.0) * ce
        if "alpha" in loss:
            values = values * torch.where(y == 1, loss["alpha"], 1 - loss["alpha"])
        return (values * valid).sum() / valid.sum()
    smooth = loss.get("smooth", 1.0)
    counted = p * valid[:, None]
    overlap = (counted * one_hot).sum((0, 2, 3))
    dice = 1 - ((2 * overlap + smooth) / (counted.sum((0, 2, 3)) + one_hot.sum((0, 2, 3)) + smooth)).mean()
    share = loss.get("diceShare", 0.5)
    return dice if kind == "dice" else (1 - share) * mean_ce + share * dice


def detection_loss(output, boxes, stride, box_weight):
    """CenterNet's heat map and TTFNet's boxes, box by box."""
    batch, channels, height, width = output.shape
    classes = channels - 4
    heat, weight, corners = torch.zeros(batch, classes, height, width), torch.zeros(batch, height, width), torch.zeros(batch, height, width, 4)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    count = 0
    for image in range(batch):
        for box in boxes[image]:
            if box[0] < 0:
                continue
            count += 1
            x, y = torch.floor((box[1] + box[3]) / 2 / stride), torch.floor((box[2] + box[4]) / 2 / stride)
            sx, sy = [torch.clamp(side * 0.54 / 6 / stride, min=0.4) for side in (box[3] - box[1], box[4] - box[2])]
            bell = torch.exp(-((columns - x) ** 2) / (2 * sx**2) - (rows - y) ** 2 / (2 * sy**2))
            label = int(box[0])
            heat[image, label] = torch.maximum(heat[image, label], bell)
            better = bell > weight[image]
            corners[image][better] = box[1:]
            weight[image] = torch.maximum(weight[image], bell)
    weight = torch.where(weight >= 0.1, weight, torch.zeros_like(weight))
    z = output[:, :classes]
    p = torch.sigmoid(z)
    centre = (heat > 1 - 1e-6).float()
    heat_loss = (centre * (1 - p) ** 2 * F.softplus(-z) + (1 - heat) ** 4 * p**2 * F.softplus(z)).sum() / max(count, 1)
    sides = F.softplus(output[:, classes:]).movedim(1, -1)
    cx, cy = columns + 0.5, rows + 0.5
    x1, y1, x2, y2 = [value * stride for value in (cx - sides[..., 0], cy - sides[..., 1], cx + sides[..., 2], cy + sides[..., 3])]
    a1, b1, a2, b2 = corners.unbind(-1)
    shared = (torch.minimum(x2, a2) - torch.maximum(x1, a1)).clamp(min=0) * (torch.minimum(y2, b2) - torch.maximum(y1, b1)).clamp(min=0)
    union = (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - shared + 1e-6
    hull = (torch.maximum(x2, a2) - torch.minimum(x1, a1)) * (torch.maximum(y2, b2) - torch.minimum(y1, b1)) + 1e-6
    return heat_loss + box_weight * ((2 - shared / union - union / hull) * weight).sum() / weight.sum().clamp(min=1e-6)


def run(case, model):
    set_weights(model)
    model.train()
    x = numbers([case["batch"], *case["shape"]], 1).requires_grad_()
    output = model(x)
    loss = loss_of(case["loss"], output, targets(case, case["batch"], 2))
    loss.backward()
    norms = {name: pack(parameter.grad) if parameter.numel() <= case.get("keep", 400) else None for name, parameter in model.named_parameters()}
    # Of large weights three projections are kept instead of every number.
    projections = {name: [float((parameter.grad.double().flatten() * torch.from_numpy(fill(parameter.numel(), 900 + k)).double()).sum()) for k in range(3)] + [float(parameter.grad.double().norm())] for name, parameter in model.named_parameters() if norms[name] is None}
    result = {**case, "outputValue": pack(output) if output.numel() <= 800 else pack(output.flatten()[:800]), "lossValue": loss.item(), "inputGradient": pack(x.grad.flatten()[:800]), "gradients": {k: v for k, v in norms.items() if v}, "projections": projections}
    return result


def trajectory(case, model, steps=200):
    set_weights(model)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=case["rate"], weight_decay=0.01)
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        x = numbers([case["batch"], *case["shape"]], 1000 + step % 4)
        loss = loss_of(case["loss"], model(x), targets(case, case["batch"], 2000 + step % 4))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


CE = {"kind": "cross_entropy"}
MOBILE = {"kind": "mobilenet_v2", "stemChannels": 16, "headChannels": 32, "stemStride": 1, "dropout": 0, "stages": [{"expansion": 1, "channels": 16, "blocks": 1, "stride": 1}, {"expansion": 2, "channels": 24, "blocks": 2, "stride": 2}, {"expansion": 2, "channels": 32, "blocks": 2, "stride": 2}]}
# U-Net and detector learn noise by heart, which is chaotic at larger rates: at 1e-3 PyTorch itself, from weights moved by
# 3e-7 of themselves, ends 16 % and 28 % elsewhere; at 1e-4 it stays within 2e-6.
MODELS = [
    {"name": "resnet basic", "spec": {"kind": "resnet", "channels": [16, 32], "blocksPerStage": [2, 1]}, "shape": [3, 8, 8], "output": "classification", "classes": 4, "loss": CE, "rate": 1e-3},
    {"name": "resnet bottleneck", "spec": {"kind": "resnet", "channels": [16, 16], "block": "bottleneck", "stem": "imagenet"}, "shape": [3, 16, 16], "output": "classification", "classes": 4, "loss": CE},
    {"name": "mobilenet", "spec": MOBILE, "shape": [3, 8, 8], "output": "classification", "classes": 4, "loss": CE, "rate": 1e-3},
    {"name": "convolutional transformer", "spec": {"kind": "convolutional_transformer", "channels": [16], "width": 8, "heads": 2, "layers": 2, "feedForward": 12}, "shape": [3, 8, 8], "output": "classification", "classes": 4, "loss": CE, "rate": 1e-3},
    {"name": "unet", "spec": {"kind": "unet", "channels": [16, 16, 32]}, "shape": [1, 8, 8], "output": "segmentation", "classes": 3, "ignored": True, "loss": {"kind": "dice_cross_entropy"}, "rate": 2e-4},
    {"name": "unet transpose group", "spec": {"kind": "unet", "channels": [16, 32], "upsampling": "transpose", "normalization": "group"}, "shape": [1, 8, 8], "output": "segmentation", "classes": 1, "loss": {"kind": "pixel_cross_entropy"}},
    {"name": "unet bilinear batch", "spec": {"kind": "unet", "channels": [16, 16], "upsampling": "bilinear", "normalization": "batch"}, "shape": [1, 8, 8], "output": "segmentation", "classes": 2, "ignored": True, "loss": {"kind": "focal", "gamma": 1.5}},
    {"name": "unet dice binary", "spec": {"kind": "unet", "channels": [5, 6], "normalization": "instance"}, "shape": [2, 6, 6], "output": "segmentation", "classes": 1, "loss": {"kind": "dice"}},
    {"name": "unet focal binary", "spec": {"kind": "unet", "channels": [5, 6]}, "shape": [2, 6, 6], "output": "segmentation", "classes": 1, "loss": {"kind": "focal", "alpha": 0.25}},
    {"name": "detector", "spec": {"kind": "detector", "channels": [16, 16, 32], "normalization": "group", "stride": 2}, "shape": [1, 16, 16], "output": "detection", "classes": 2, "loss": {"kind": "detection", "stride": 2}, "rate": 1e-4},
]

if __name__ == "__main__":
    layers = []
    for name, (shape, specs) in LAYER_CASES.items():
        case = {"name": name, "shape": shape, "batch": 2, "layers": specs, "output": "classification", "classes": 3, "loss": CE}
        layers.append(run(case, build(specs, shape)))
    models = []
    for case in MODELS:
        case = {"batch": 4, **case}
        make = lambda: FAMILIES[case["spec"]["kind"]](case["spec"], case["shape"][0], case["classes"])
        result = run(case, make())
        if "rate" in case:
            result["losses"] = trajectory(case, make())
        models.append(result)
    path = HERE / "vision.json"
    path.write_text(json.dumps({"layers": layers, "models": models}, separators=(",", ":")) + "\n")
    print(path.stat().st_size, {m["name"]: (m["losses"][0], m["losses"][-1]) for m in models if "losses" in m})
