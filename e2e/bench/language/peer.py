"""PyTorch's side of the comparison of a language model: python peer.py FOLDER reads what ours wrote there.

task.json: the spec of the decoder, its signatures, AdamW's settings, the limit of the gradient norm, the learning rate of
every step; tensors.safetensors: the initial weights, the blocks of the text by split, and the order in which the steps
learn from them. Prints the loss of every step, and after each epoch those of the splits that are held out.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "golden" / "graph"))
from sequences import Decoder

EVALUATED_AT_ONCE = 256


def read_tensors(path):
    """https://github.com/huggingface/safetensors: the length of a header, the header, the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    types = {"F32": np.float32, "I32": np.int32}
    return {
        name: torch.from_numpy(np.frombuffer(data[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]], types[entry["dtype"]]).reshape(entry["shape"]).copy())
        for name, entry in json.loads(data[8:start]).items()
        if name != "__metadata__"
    }


def loss_of(model, blocks):
    """A block is its tokens and the one that follows them."""
    blocks = blocks.long()
    return F.cross_entropy(model(blocks[:, :-1]).flatten(0, 1), blocks[:, 1:].flatten())


def held_out(model, blocks):
    # Nothing here differs between training and evaluation, but PyTorch's fused layer of evaluation knows no rotary places.
    with torch.no_grad():
        parts = [(loss_of(model, part).item(), len(part)) for part in blocks.split(EVALUATED_AT_ONCE)]
    return sum(loss * count for loss, count in parts) / len(blocks)


def main():
    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    tensors = read_tensors(folder / "tensors.safetensors")
    torch.set_num_threads(task["threads"])
    model = Decoder(task["spec"], task["input"], task["output"])
    model.load_state_dict({name.removeprefix("weights."): value for name, value in tensors.items() if name.startswith("weights.")})
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=task["betas"], eps=task["epsilon"], weight_decay=task["weightDecay"])
    losses, validation, test = [], [], []
    for step, rate in enumerate(task["learningRates"]):
        rows = tensors["order"][task["starts"][step] : task["starts"][step + 1]].long()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model, tensors["train"][rows])
        loss.backward()
        if task["clipNorm"] is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), task["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % task["stepsPerEpoch"] == 0:
            validation.append(held_out(model, tensors["validation"]))
            test.append(held_out(model, tensors["test"]))
        if (step + 1) % 500 == 0:
            print(f"PyTorch {torch.__version__}: step {step + 1} of {len(task['learningRates'])}, loss {np.mean(losses[-100:]):.4f}", file=sys.stderr, flush=True)
    print(json.dumps({"version": torch.__version__, "losses": losses, "validation": validation, "test": test}))


main()
