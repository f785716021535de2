"""Small nets as torch.onnx.export writes them, with their outputs: python imported.py rewrites imported.json."""
import base64
import io
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(0)


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.features, self.classifier = nn.Linear(4 * 3 * 3, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.norm(self.first(x)))
        x = F.max_pool2d(x + self.second(x), 2)
        x = x.view(x.size(0), -1)
        return self.classifier(F.dropout(F.silu(self.features(x)), 0.1, self.training))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.query, self.norm = nn.Linear(3, 8), nn.Linear(8, 24), nn.LayerNorm(8)
        self.inner, self.outer, self.classifier = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 2)

    def forward(self, x):
        h = self.embed(x)
        q, k, v = self.query(self.norm(h)).view(-1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        a = torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1) @ v
        h = h + a.permute(0, 2, 1, 3).reshape(-1, 5, 8)
        h = h + self.outer(F.gelu(self.inner(h)))
        return self.classifier(h.mean(1))


def case(name, model, x):
    model.eval()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2)
    buffer = io.BytesIO()
    torch.onnx.export(model, (x,), buffer, input_names=["input"], output_names=["scores"], dynamic_axes={"input": {0: "n"}}, opset_version=17, dynamo=False)
    encode = lambda data: base64.b64encode(data).decode()
    floats = lambda t: encode(t.detach().numpy().astype("<f4").tobytes())
    return {"name": name, "onnx": encode(buffer.getvalue()), "shape": list(x.shape), "input": floats(x), "output": floats(model(x))}


cases = [case("convolutional", Convolutional(), torch.randn(4, 1, 6, 6)), case("attention", Attention(), torch.randn(4, 5, 3))]
path = pathlib.Path(__file__).parent / "imported.json"
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
print(path.stat().st_size)
