import torch
import torch.nn as nn
import torch.nn.functional as F


def convolution(inputs, outputs, kernel, stride, norm):
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs)) if norm else layer


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.first, self.second = convolution(inputs, outputs, 3, stride, norm), convolution(outputs, outputs, 3, 1, norm)
        self.shortcut = convolution(inputs, outputs, 1, stride, norm) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


def build(norm=False):
    model = nn.Sequential(
        convolution(3, 16, 3, 1, norm), nn.ReLU(), Block(16, 16, 1, norm), Block(16, 32, 2, norm), Block(32, 64, 2, norm),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )
    x, y = torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))
    return model, (x,), lambda output: F.cross_entropy(output, y)
