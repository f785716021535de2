"""Expected figures of the device self-test, by PyTorch in float64.

    python make_self_test.py > ../../../main/runtime/self-test-values.ts

The network, its input and its weights are those of main/runtime/self-test.ts: every number is
sin(12.9898 * (index + 1) + 78.233 * (stream + 1)) times a scale, so that no file of weights is needed.
"""

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CLASSES, BATCH, SIZE, CHANNELS = 5, 4, 8, 16


def wave(shape, stream, scale):
    count = 1
    for size in shape:
        count *= size
    index = torch.arange(1, count + 1, dtype=torch.float64)
    values = torch.sin(12.9898 * index + 78.233 * (stream + 1)) * scale
    return values.to(torch.float32).to(torch.float64).reshape(shape)


shapes = {
    "layers.0.weight": (CHANNELS, 3, 3, 3),
    "layers.0.bias": (CHANNELS,),
    "layers.3.weight": (CHANNELS, CHANNELS, 3, 3),
    "layers.3.bias": (CHANNELS,),
    "layers.6.weight": (CLASSES, CHANNELS * 4),
    "layers.6.bias": (CLASSES,),
}
parameters = {
    name: wave(shape, stream, 0.2).requires_grad_() for stream, (name, shape) in enumerate(shapes.items())
}
x = wave((BATCH, 3, SIZE, SIZE), 100, 1.0)
y = torch.tensor([0, 3, 1, 4])

p = list(parameters.values())
h = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=1)), 2)
h = F.gelu(F.conv2d(h, p[2], p[3], stride=2, padding=1))
logits = F.linear(h.flatten(1), p[4], p[5])
loss = F.cross_entropy(logits, y)
loss.backward()

print("/** Made by e2e/golden/runtime/make_self_test.py with PyTorch %s in float64. */" % torch.__version__.split("+")[0])
print("export const selfTestValues = {")
print(f"  loss: {loss.item():.9g},")
print("  logits: [" + ", ".join(f"{v:.9g}" for v in logits.flatten().tolist()) + "],")
print("  /** Of each gradient: its L2 norm and some of its elements, evenly spread from the first on. */")
print("  gradients: {")
for name, value in parameters.items():
    flat = value.grad.flatten()
    stride = max(1, flat.numel() // 12)
    samples = flat[::stride].tolist()
    print(f"    '{name}': {{")
    print(f"      norm: {flat.norm().item():.9g},")
    print("      samples: [" + ", ".join(f"{v:.9g}" for v in samples) + "],")
    print("    },")
print("  },")
print("} as const;")
