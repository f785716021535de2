"""Golden values of PyTorch for recurrent networks and transformers: python sequences.py rewrites sequences.json beside it.

Weights and data are not stored: both sides compute them from the integer hash of golden.py, weights by the place of their
name in alphabetical order. A case is a spec of main/models with its signatures.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from golden import fill, numbers, pack, set_weights

HERE = pathlib.Path(__file__).parent


def ids(batch, length, vocabulary, stream, padded):
    """Ids from 1 up; with padding, row b ends b % 3 steps early in zeros."""
    values = np.floor((fill(batch * length, stream).astype(np.float64) + 1) / 2 * (vocabulary - 1)).astype(np.int64) + 1
    values = values.reshape(batch, length)
    if padded:
        for row in range(batch):
            values[row, length - row % 3 :] = 0
    return torch.from_numpy(values)


def sinusoids(length, width):
    place, column = torch.arange(length, dtype=torch.float64)[:, None], torch.arange(width)[None]
    angle = place / 10000.0 ** ((column - column % 2) / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos()).float()


def rotate(x):
    """Su et al. 2021, halves apart."""
    length, width = x.shape[-2:]
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000.0 ** (2 * torch.arange(width // 2) / width)[None]
    cosine, sine = angle.cos().float(), angle.sin().float()
    left, right = x.chunk(2, -1)
    return torch.cat([left * cosine - right * sine, right * cosine + left * sine], -1)


def rotary_block(attention):
    # The layer has turned boolean masks into what is added to scores.
    def block(x, attn_mask, key_padding_mask, is_causal=False):
        batch, length, width = x.shape
        q, k, v = F.linear(x, attention.in_proj_weight, attention.in_proj_bias).chunk(3, -1)
        q, k, v = (t.view(batch, length, attention.num_heads, -1).transpose(1, 2) for t in (q, k, v))
        scores = rotate(q) @ rotate(k).transpose(-1, -2) / math.sqrt(width // attention.num_heads)
        if attn_mask is not None:
            scores = scores + attn_mask
        if key_padding_mask is not None:
            scores = scores + key_padding_mask[:, None, None]
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        return attention.out_proj(y)

    return block


def norm(spec):
    width = spec["width"]
    return nn.RMSNorm(width, eps=1e-6) if spec.get("normalization") == "rms" else nn.LayerNorm(width)


def layer(spec, kind):
    activation = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}[spec.get("activation", "gelu")]
    width = spec["width"]
    module = kind(width, spec["heads"], spec.get("feedForward", 4 * width), 0.0, activation, batch_first=True, norm_first=spec.get("order", "pre") == "pre")
    if spec.get("normalization") == "rms":
        for name in ("norm1", "norm2", "norm3"):
            if hasattr(module, name):
                setattr(module, name, norm(spec))
    if spec.get("positions") == "rotary":
        module._sa_block = rotary_block(module.self_attn)
    return module


class Stack(nn.Module):
    def __init__(self, spec, kind=nn.TransformerEncoderLayer):
        super().__init__()
        self.layers = nn.ModuleList([layer(spec, kind) for _ in range(spec["layers"])])
        if spec.get("order", "pre") == "pre":
            self.norm = norm(spec)

    def forward(self, x, *args, **more):
        for module in self.layers:
            x = module(x, *args, **more)
        return self.norm(x) if hasattr(self, "norm") else x


class Positions(nn.Module):
    def __init__(self, spec, length):
        super().__init__()
        self.how = spec.get("positions", "learned")
        self.table = sinusoids(length, spec["width"])
        if self.how == "learned":
            self.weight = nn.Parameter(torch.zeros(length, spec["width"]))

    def forward(self, x):
        return x + self.weight if self.how == "learned" else x + self.table if self.how == "sinusoidal" else x


class Patches(nn.Module):
    def __init__(self, channels, patch, width):
        super().__init__()
        self.patch = patch
        self.projection = nn.Linear(channels * patch * patch, width)

    def forward(self, x):
        return F.conv2d(x, self.projection.weight.view(-1, x.shape[1], self.patch, self.patch), self.projection.bias, self.patch).flatten(2).transpose(1, 2)


class Encoder(nn.Module):
    def __init__(self, spec, source, output):
        super().__init__()
        width, self.spec, self.tokens = spec["width"], spec, source["kind"] == "tokens"
        if self.tokens:
            self.embedding, steps = nn.Embedding(source["vocabulary"], width, padding_idx=0), source["length"]
        elif source["kind"] == "series":
            self.embedding, steps = nn.Linear(source["features"], width), source["length"]
        else:
            self.embedding, steps = Patches(source["channels"], spec["patch"], width), (source["height"] // spec["patch"]) * (source["width"] // spec["patch"])
        if spec.get("pooling") == "cls":
            self.cls, steps = nn.Parameter(torch.zeros(1, width)), steps + 1
        self.positions, self.encoder = Positions(spec, steps), Stack(spec)
        self.head = nn.Linear(width, output.get("classes") or output["outputs"])

    def forward(self, x):
        hidden = x == 0 if self.tokens else None
        y = self.embedding(x)
        if hasattr(self, "cls"):
            y = torch.cat([self.cls.expand(len(x), 1, -1), y], 1)
            hidden = None if hidden is None else F.pad(hidden, (1, 0))
        y = self.encoder(self.positions(y), src_key_padding_mask=hidden)
        if hasattr(self, "cls"):
            return self.head(y[:, 0])
        if hidden is None:
            return self.head(y.mean(1))
        counted = (~hidden).float()[..., None]
        return self.head((y * counted).sum(1) / counted.sum(1))


def causal(length):
    return torch.triu(torch.ones(length, length, dtype=torch.bool), 1)


class Decoder(nn.Module):
    def __init__(self, spec, source, output):
        super().__init__()
        self.embedding = nn.Embedding(source["vocabulary"], spec["width"])
        self.positions, self.decoder = Positions(spec, source["length"]), Stack(spec)
        if not spec.get("tieWeights"):
            self.head = nn.Linear(spec["width"], output["vocabulary"], bias=False)

    def forward(self, x):
        y = self.decoder(self.positions(self.embedding(x)), src_mask=causal(x.shape[1]))
        return self.head(y) if hasattr(self, "head") else y @ self.embedding.weight.T


class EncoderDecoder(nn.Module):
    def __init__(self, spec, source, output):
        super().__init__()
        tied = spec.get("tieWeights")
        self.source = nn.Embedding(source["vocabulary"], spec["width"], padding_idx=0)
        self.sourcePositions, self.encoder = Positions(spec, source["length"]), Stack(spec)
        self.target = nn.Embedding(output["vocabulary"], spec["width"], padding_idx=None if tied else 0)
        self.targetPositions, self.decoder = Positions(spec, output["length"]), Stack(spec, nn.TransformerDecoderLayer)
        if not tied:
            self.head = nn.Linear(spec["width"], output["vocabulary"], bias=False)

    def forward(self, x, target):
        hidden = x == 0
        memory = self.encoder(self.sourcePositions(self.source(x)), src_key_padding_mask=hidden)
        y = self.decoder(self.targetPositions(self.target(target)), memory, tgt_mask=causal(target.shape[1]), memory_key_padding_mask=hidden)
        return self.head(y) if hasattr(self, "head") else y @ self.target.weight.T


class RecurrentEncoderDecoder(nn.Module):
    """Luong et al. 2015: global attention, general score, no input feeding."""

    def __init__(self, spec, source, output):
        super().__init__()
        hidden, layers, both = spec["hidden"], spec.get("layers", 1), spec.get("bidirectional", False)
        width, kind, self.states = spec.get("embedding", hidden), {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[spec["cell"]], 2 if spec["cell"] == "lstm" else 1
        self.layers, self.both, read = layers, both, 2 * hidden if both else hidden
        self.source, self.target = (nn.Embedding(side["vocabulary"], width, padding_idx=0) for side in (source, output))
        self.encoder = kind(width, hidden, layers, batch_first=True, bidirectional=both)
        self.decoder = kind(width, hidden, layers, batch_first=True)
        self.bridge = nn.Linear(read, hidden * layers * self.states)
        self.attention = nn.Linear(hidden, read, bias=False)
        self.combine = nn.Linear(read + hidden, hidden, bias=False)
        self.head = nn.Linear(hidden, output["vocabulary"])

    def forward(self, x, target):
        lengths = (x != 0).sum(1).clamp(min=1)
        packed = pack_padded_sequence(self.source(x), lengths, batch_first=True, enforce_sorted=False)
        steps, states = self.encoder(packed)
        memory, _ = pad_packed_sequence(steps, batch_first=True, total_length=x.shape[1])
        h = states[0] if isinstance(states, tuple) else states
        read = torch.cat([h[-2], h[-1]], 1) if self.both else h[-1]
        first = self.bridge(read).tanh().view(len(x), self.layers, self.states, -1).permute(2, 1, 0, 3).contiguous()
        y, _ = self.decoder(self.target(target), tuple(first) if self.states == 2 else first[0])
        scores = self.attention(y) @ memory.transpose(1, 2)
        weights = scores.masked_fill((x == 0)[:, None], float("-inf")).softmax(-1)
        return self.head(self.combine(torch.cat([weights @ memory, y], 2)).tanh())


class Recurrent(nn.Module):
    def __init__(self, spec, source, output):
        super().__init__()
        self.spec, self.output = spec, output
        hidden, width = spec["hidden"], spec.get("embedding", spec["hidden"])
        if source["kind"] == "tokens":
            self.embedding = nn.Embedding(source["vocabulary"], width, padding_idx=0)
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[spec["cell"]]
        layers, both = spec.get("layers", 1), spec.get("bidirectional", False)
        self.recurrent = kind(source.get("features", width), hidden, layers, batch_first=True, bidirectional=both)
        if spec.get("decoder") == "recurrent":
            self.decoder = kind(hidden, hidden, layers, batch_first=True)
            self.head = nn.Linear(hidden, output["series"])
        else:
            units = output.get("classes") or output.get("outputs") or output.get("vocabulary") or output["horizon"] * output["series"]
            self.head = nn.Linear(hidden * (2 if both else 1), units)

    def forward(self, x):
        if hasattr(self, "embedding"):
            lengths = (x != 0).sum(1).clamp(min=1)
            packed = pack_padded_sequence(self.embedding(x), lengths, batch_first=True, enforce_sorted=False)
            steps, states = self.recurrent(packed)
            steps, _ = pad_packed_sequence(steps, batch_first=True, total_length=x.shape[1])
            mean = steps.sum(1) / lengths[:, None]
        else:
            steps, states = self.recurrent(x)
            mean = steps.mean(1)
        if self.output["kind"] == "tokens":
            return self.head(steps)
        h = states[0] if isinstance(states, tuple) else states
        last = torch.cat([h[-2], h[-1]], 1) if self.spec.get("bidirectional") else h[-1]
        if hasattr(self, "decoder"):
            return self.head(self.decoder(last[:, None].repeat(1, self.output["horizon"], 1), states)[0])
        y = self.head(mean if self.spec.get("pooling") == "mean" else last)
        return y.view(len(y), self.output["horizon"], self.output["series"]) if self.output["kind"] == "forecast" else y


MODELS = {"recurrent": Recurrent, "recurrent_encoder_decoder": RecurrentEncoderDecoder, "transformer_encoder": Encoder, "transformer_decoder": Decoder, "transformer_encoder_decoder": EncoderDecoder}


def data(case, stream):
    source, output, batch = case["input"], case["output"], case["batch"]
    if source["kind"] == "tokens":
        x = ids(batch, source["length"], source["vocabulary"], stream, case["spec"]["kind"] != "transformer_decoder")
    elif source["kind"] == "series":
        x = numbers((batch, source["length"], source["features"]), stream)
    else:
        x = numbers((batch, source["channels"], source["height"], source["width"]), stream)
    more = [ids(batch, output["length"], output["vocabulary"], stream + 1, False)] if "length" in output else []
    if output["kind"] == "classification":
        y = torch.arange(batch) * 7 % output["classes"]
    elif output["kind"] == "tokens":
        y = ids(batch, output.get("length", source["length"]), output["vocabulary"], stream + 2, True)
        y = (y - 1).clamp(min=0) if case["loss"].get("ignoreIndex", -100) != 0 else y.clamp(max=output["vocabulary"] - 1)
    else:
        shape = (batch, output["horizon"], output["series"]) if output["kind"] == "forecast" else (batch, output["outputs"])
        y = numbers(shape, stream + 2)
    return x, more, y


def loss_of(case, output, y):
    loss = case["loss"]
    if loss["kind"] == "mse":
        return F.mse_loss(output, y)
    if loss["kind"] == "token_cross_entropy":
        return F.cross_entropy(output.flatten(0, 1), y.flatten(), ignore_index=loss.get("ignoreIndex", -100), label_smoothing=loss.get("labelSmoothing", 0.0))
    return F.cross_entropy(output, y)


TOKENS = {"kind": "tokens", "length": 6, "vocabulary": 11}
SERIES = {"kind": "series", "length": 5, "features": 3}
IMAGE = {"kind": "image", "channels": 2, "height": 6, "width": 4}
CLASSES = {"kind": "classification", "classes": 3}
NEXT = {"kind": "tokens", "vocabulary": 11}
TARGET = {"kind": "tokens", "vocabulary": 9, "length": 5}
FORECAST = {"kind": "forecast", "horizon": 4, "series": 2}
CE, MSE, TOKEN = {"kind": "cross_entropy"}, {"kind": "mse"}, {"kind": "token_cross_entropy"}
SMALL = {"width": 8, "heads": 2, "layers": 1, "feedForward": 12}


def case(name, spec, source, output, loss):
    return {"name": name, "spec": spec, "input": source, "output": output, "loss": loss, "batch": 4}


def recurrent(cell, **more):
    return {"kind": "recurrent", "cell": cell, "hidden": 5, **more}


CASES = [
    *[case(f"{cell} both ways, two layers, every step", recurrent(cell, layers=2, bidirectional=True), SERIES, NEXT, TOKEN) for cell in ("rnn", "lstm", "gru")],
    *[case(f"{cell} one layer, last state", recurrent(cell), SERIES, CLASSES, CE) for cell in ("rnn", "lstm", "gru")],
    *[case(f"{cell} over padded tokens, both ways", recurrent(cell, bidirectional=True, embedding=4), TOKENS, CLASSES, CE) for cell in ("rnn", "lstm", "gru")],
    case("lstm over padded tokens, mean", recurrent("lstm", pooling="mean"), TOKENS, CLASSES, CE),
    case("gru direct forecast", recurrent("gru"), SERIES, FORECAST, MSE),
    *[case(f"{cell} decoded forecast", recurrent(cell, decoder="recurrent", layers=2), SERIES, FORECAST, MSE) for cell in ("lstm", "gru")],
    case("encoder over padded tokens", {"kind": "transformer_encoder", **SMALL, "layers": 2}, TOKENS, CLASSES, CE),
    case("encoder post-norm relu sinusoidal cls", {"kind": "transformer_encoder", **SMALL, "order": "post", "activation": "relu", "positions": "sinusoidal", "pooling": "cls"}, TOKENS, CLASSES, CE),
    case("encoder rotary rms silu over a series", {"kind": "transformer_encoder", **SMALL, "normalization": "rms", "activation": "silu", "positions": "rotary"}, SERIES, {"kind": "regression", "outputs": 2}, MSE),
    case("vision transformer", {"kind": "transformer_encoder", **SMALL, "patch": 2, "pooling": "cls"}, IMAGE, CLASSES, CE),
    case("decoder, tied weights", {"kind": "transformer_decoder", **SMALL, "layers": 2, "tieWeights": True}, TOKENS, NEXT, {**TOKEN, "ignoreIndex": 0}),
    case("decoder rotary smoothed", {"kind": "transformer_decoder", **SMALL, "positions": "rotary"}, TOKENS, NEXT, {**TOKEN, "ignoreIndex": 0, "labelSmoothing": 0.1}),
    case("encoder-decoder", {"kind": "transformer_encoder_decoder", **SMALL}, TOKENS, TARGET, {**TOKEN, "ignoreIndex": 0}),
    case("encoder-decoder post-norm, tied", {"kind": "transformer_encoder_decoder", **SMALL, "order": "post", "tieWeights": True}, TOKENS, TARGET, {**TOKEN, "ignoreIndex": 0}),
    *[case(f"{cell} encoder-decoder{what}", {**recurrent(cell), "kind": "recurrent_encoder_decoder", **more}, TOKENS, TARGET, {**TOKEN, "ignoreIndex": 0}) for cell, what, more in (("rnn", "", {}), ("lstm", ", two layers, both ways", {"layers": 2, "bidirectional": True}), ("gru", ", both ways", {"bidirectional": True, "embedding": 4}))],
]
TRAINED = {"rnn one layer, last state", "lstm over padded tokens, both ways", "gru direct forecast", "lstm decoded forecast", "encoder over padded tokens", "vision transformer", "decoder, tied weights", "encoder-decoder", "lstm encoder-decoder, two layers, both ways", "gru encoder-decoder, both ways"}
STEPS = 200


def trajectory(case):
    model = MODELS[case["spec"]["kind"]](case["spec"], case["input"], case["output"])
    set_weights(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    losses = []
    for step in range(STEPS):
        x, more, y = data(case, 1000 + 10 * (step % 8))
        optimizer.zero_grad()
        loss = loss_of(case, model(x, *more), y)
        loss.backward()
        optimizer.step()
        losses.append(float(np.float32(loss.item())))
    return losses


START, END = 2, 3


def greedy(model, x, length):
    """The most probable id from END on at each place, up to END; padding behind it."""
    tokens = torch.zeros(len(x), length, dtype=torch.int64)
    for place in range(length):
        before = torch.cat([torch.full((len(x), 1), START), tokens[:, :-1]], 1)
        best = model(x, before)[:, place, END:].argmax(-1) + END
        tokens[:, place] = torch.where((tokens == END).any(1), 0, best)
    return tokens.tolist()


def golden(case):
    model = MODELS[case["spec"]["kind"]](case["spec"], case["input"], case["output"])
    set_weights(model)
    x, more, y = data(case, 1)
    if x.is_floating_point():
        x.requires_grad_()
    output = model(x, *more)
    loss = loss_of(case, output, y)
    loss.backward()
    return {
        **case,
        "outputValue": pack(output),
        "lossValue": loss.item(),
        "gradients": {name: pack(parameter.grad) for name, parameter in model.named_parameters()},
        **({"greedy": greedy(model, x, case["output"]["length"])} if "length" in case["output"] else {}),
        **({"inputGradient": pack(x.grad)} if x.grad is not None else {}),
        **({"losses": [float(f"{value:.7g}") for value in trajectory(case)]} if case["name"] in TRAINED else {}),
    }


if __name__ == "__main__":
    results = [golden(entry) for entry in CASES]
    path = HERE / "sequences.json"
    path.write_text(json.dumps(results, separators=(",", ":")) + "\n")
    print(path.stat().st_size)
