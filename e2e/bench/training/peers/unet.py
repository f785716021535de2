import torch
import torch.nn as nn
import torch.nn.functional as F


def pair(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleList([pair(1, 16), pair(16, 32), pair(32, 64)])
        self.bottom = pair(64, 128)
        self.decoders = nn.ModuleList([pair(192, 64), pair(96, 32), pair(48, 16)])
        self.head = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        skips = []
        for encoder in self.encoders:
            skips.append(encoder(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for decoder in self.decoders:
            x = decoder(torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1))
        return self.head(x)


def build():
    x, y = torch.randn(16, 1, 64, 64), torch.randint(0, 2, (16, 1, 64, 64)).float()
    return UNet(), (x,), lambda output: F.binary_cross_entropy_with_logits(output, y)
