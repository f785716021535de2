"""PyTorch's side of the training benchmark: reads one JSON request per line, answers one JSON line.

{"load": name, "threads": n, "clock": "wall" | "cpu"} builds the workload of peers/<name>.py, whose `build()` gives the
model, its inputs and the loss of its output, and optionally an optimiser (AdamW otherwise);
{"mode": "train" | "forward", "count": n} times it;
{"memory": true} says by how many bytes the peak of resident memory exceeds what was resident before the first load.
"""
import importlib
import json
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))


def main():
    workload = clock = None
    baseline = status("VmRSS")
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            torch.set_num_threads(request["threads"])
            clock = time.process_time if request["clock"] == "cpu" else time.perf_counter
            model, inputs, loss, *own = importlib.import_module(request["load"].replace("-", "_")).build()
            optimizer = own[0] if own else torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
            workload = model, optimizer, inputs, loss
            answer = {"version": torch.__version__}
        elif "memory" in request:
            answer = {"bytes": status("VmHWM") - baseline}
        else:
            answer = {"times": (train if request["mode"] == "train" else forward)(*workload, request["count"], clock)}
        print(json.dumps(answer), flush=True)


def status(field):
    try:
        with open("/proc/self/status") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")), 0)
    except OSError:
        return 0


def train(model, optimizer, inputs, loss_of, count, clock):
    model.train()
    times = []
    for _ in range(count):
        start = clock()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(*inputs))
        loss.backward()
        optimizer.step()
        loss.item()
        times.append((clock() - start) * 1e3)
    return times


def forward(model, _optimizer, inputs, _loss, count, clock):
    model.eval()
    times = []
    with torch.inference_mode():
        for _ in range(count):
            start = clock()
            model(*inputs).sum().item()
            times.append((clock() - start) * 1e3)
    return times


main()
