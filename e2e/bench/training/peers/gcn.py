import torch
import torch.nn as nn
import torch.nn.functional as F

NODES, WORDS, CITATIONS = 2708, 1433, 5278


class GCN(nn.Module):
    """Two layers of Kipf and Welling; the normalised adjacency is computed once, as CSR: faster than index_add here."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(WORDS, 16, bias=False), nn.Linear(16, 7, bias=False)
        self.bias1, self.bias2 = nn.Parameter(torch.zeros(16)), nn.Parameter(torch.zeros(7))

    def forward(self, x, adjacency):
        x = F.relu(adjacency @ self.first(x) + self.bias1)
        return adjacency @ self.second(x) + self.bias2


def adjacency():
    pairs = set()
    while len(pairs) < CITATIONS:
        a, b = int(NODES * torch.rand(1).item() ** 2), int(NODES * torch.rand(1).item())
        if a != b:
            pairs.add((min(a, b), max(a, b)))
    pairs = torch.tensor(sorted(pairs)).T
    loops = torch.arange(NODES).repeat(2, 1)
    edges = torch.cat([pairs, pairs.flip(0), loops], 1)
    degree = torch.bincount(edges[1], minlength=NODES).float()
    weights = (degree[edges[0]] * degree[edges[1]]).rsqrt()
    return torch.sparse_coo_tensor(edges, weights, (NODES, NODES)).coalesce().to_sparse_csr()


def build():
    y = torch.randint(0, 7, (NODES,))
    return GCN(), (torch.randn(NODES, WORDS), adjacency()), lambda output: F.cross_entropy(output, y)
