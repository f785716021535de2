"""PyTorch's side of the training benchmark: reads one JSON request per line, answers one JSON line.

{"load": name, "threads": n, "batch": n, "clock": "wall" | "cpu"} builds a workload;
{"mode": "train" | "forward", "count": n} times it.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

WORKLOADS = {
    "mlp": ((784,), lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))),
    "cnn": ((1, 28, 28), lambda: nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))),
}


def main():
    model = optimizer = x = y = clock = None
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            torch.set_num_threads(request["threads"])
            clock = time.process_time if request["clock"] == "cpu" else time.perf_counter
            shape, build = WORKLOADS[request["load"]]
            model = build()
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
            x = torch.randn(request["batch"], *shape)
            y = torch.randint(0, 10, (request["batch"],))
            answer = {"version": torch.__version__}
        else:
            answer = {"times": (train if request["mode"] == "train" else forward)(model, optimizer, x, y, request["count"], clock)}
        print(json.dumps(answer), flush=True)


def train(model, optimizer, x, y, count, clock):
    model.train()
    times = []
    for _ in range(count):
        start = clock()
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append((clock() - start) * 1e3)
    return times


def forward(model, _optimizer, x, _y, count, clock):
    model.eval()
    times = []
    with torch.inference_mode():
        for _ in range(count):
            start = clock()
            model(x).sum().item()
            times.append((clock() - start) * 1e3)
    return times


main()
