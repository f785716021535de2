"""COCO's own average precision for main/stats: python make_detection.py (pycocotools, numpy) rewrites detection.json."""
import contextlib
import io
import json
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

random = np.random.default_rng(5)
IMAGES, CLASSES = 6, 3


def scene():
    truth, found = [], []
    for image in range(IMAGES):
        for _ in range(5):
            x, y, w, h = [round(float(value), 2) for value in (*random.uniform(0, 60, 2), *random.uniform(10, 40, 2))]
            label = int(random.integers(CLASSES))
            truth.append([image, label, x, y, w, h])
            if random.random() < 0.8:
                moved = [round(float(v + random.normal(0, 2.5)), 2) for v in (x, y, w, h)]
                found.append([image, label if random.random() < 0.85 else (label + 1) % CLASSES, *moved])
        for _ in range(3):
            found.append([image, int(random.integers(CLASSES)), *[round(float(v), 2) for v in (*random.uniform(0, 60, 2), *random.uniform(10, 40, 2))]])
    scores = random.permutation(len(found)) / len(found)
    return truth, [[*box, round(float(score), 4)] for box, score in zip(found, scores)]


truth, found = scene()
coco = COCO()
coco.dataset = {
    "images": [{"id": image + 1} for image in range(IMAGES)],
    "categories": [{"id": label + 1} for label in range(CLASSES)],
    "annotations": [{"id": i + 1, "image_id": b[0] + 1, "category_id": b[1] + 1, "bbox": b[2:6], "area": b[4] * b[5], "iscrowd": 0} for i, b in enumerate(truth)],
}
with contextlib.redirect_stdout(io.StringIO()):
    coco.createIndex()
    results = coco.loadRes([{"image_id": b[0] + 1, "category_id": b[1] + 1, "bbox": b[2:6], "score": b[6]} for b in found])
    evaluation = COCOeval(coco, results, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
per_class = evaluation.eval["precision"][:, :, :, 0, 2].mean((0, 1)).tolist()
answer = {"truth": truth, "found": found, "averagePrecision": evaluation.stats[0], "averagePrecision50": evaluation.stats[1], "averagePrecision75": evaluation.stats[2], "perClass": per_class}
(pathlib.Path(__file__).parent / "detection.json").write_text(json.dumps(answer, separators=(",", ":")) + "\n")
print({key: value for key, value in answer.items() if key not in ("truth", "found")})
