"""What the scripts that make golden values share: numbers that both sides compute, and how arrays are written down.

Weights and data are not stored: both sides compute them from the same integer hash (`fill`; its twin is in
main/models/golden.test-support.ts), so the JSON files only hold what PyTorch answers. Arrays are base64 of little-endian
float32.
"""
import base64

import numpy as np
import torch

torch.set_num_threads(1)


def fill(count, stream):
    """Uniform in [-1, 1): lowbias32 of the index, in float64, then rounded to float32."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(stream * 7919 + 1)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return (x.astype(np.float64) / 2.0**31 - 1.0).astype(np.float32)


def numbers(shape, stream):
    return torch.from_numpy(fill(int(np.prod(shape)), stream)).view(*shape)


def pack(array):
    return base64.b64encode(np.ascontiguousarray(array.detach().numpy(), dtype="<f4").tobytes()).decode()


def set_weights(model):
    """By the place of their name in alphabetical order: matrices scaled by 1/sqrt(fan in), vectors around their start
    where that is one."""
    with torch.no_grad():
        for stream, (_, parameter) in enumerate(sorted(model.named_parameters())):
            values = numbers(parameter.shape, stream + 100)
            if parameter.dim() > 1:
                values = values * float(np.float32(np.sqrt(3.0 / parameter[0].numel())))
            else:
                values = values * 0.25 + (1.0 if bool((parameter == 1).all()) else 0.0)
            parameter.copy_(values)


def weights(shapes):
    """Parameters by name in order; matrices scaled by 1/sqrt(fan in) with the first axis as outputs."""
    values = {}
    for stream, (name, shape) in enumerate(shapes.items()):
        count = int(np.prod(shape))
        value = torch.from_numpy(fill(count, stream + 100)).view(shape)
        value = value * float(np.float32(np.sqrt(3.0 / (count / shape[0])))) if len(shape) > 1 else value * 0.25
        values[name] = value.clone().requires_grad_()
    return values


def steps(p, loss_of, rate):
    """The losses of two hundred steps of AdamW."""
    optimizer = torch.optim.AdamW(p.values(), lr=rate, weight_decay=0.01)
    losses = []
    for step in range(1, 201):
        optimizer.zero_grad()
        loss = loss_of(p, step)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def round_losses(case):
    return {**case, "losses": [float(f"{loss:.7g}") for loss in case["losses"]]}
