import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 128, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(64, 128) * 0.02)
        layer = nn.TransformerEncoderLayer(128, 4, 512, 0.0, F.gelu, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4, nn.LayerNorm(128), enable_nested_tensor=False)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        padding = x == 0
        y = self.encoder(self.embedding(x) + self.positions, src_key_padding_mask=padding)
        counted = (~padding).float()[..., None]
        return self.head((y * counted).sum(1) / counted.sum(1))


def build():
    x, y = torch.randint(0, 1000, (64, 64)), torch.randint(0, 10, (64,))
    return Encoder(), (x,), lambda output: F.cross_entropy(output, y)
