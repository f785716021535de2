"""The import of 60,000 IDX images in Python with numpy, for the benchmark: the same work with the same results.

Reads an IDX pair, hashes every image (SHA-256 and a 64-bit difference hash over 9 x 8 exact cells), groups exact and near
duplicates, draws stratified splits, looks for leakage, imbalance and outliers, and writes packs, index and report under
their SHA-256, fsynced and renamed. Single process, vectorised; numpy may use its threads where it does (BLAS).

Near duplicates: the pairs of which the hashes differ in at most 4 bits and the cells correlate. Three ways were tried; the
fastest is kept: the same grid over principal axes that Lightbench uses. The others, on the same busy machine of two cores:
all pairs of hashes by bitwise_count in windows of similar bit counts, 4 s; matrix products of all cells with all, 24 s.

usage: peer.py IMAGES LABELS OUTPUT_FOLDER   (prints one JSON object)
"""
import hashlib
import itertools
import json
import os
import sys
import time

import numpy as np

COLUMNS, ROWS = 9, 8
CORRELATION = 0.998
DISTANCE = 4
AXES = 4
PACK_BYTES = 16 * 1024 * 1024


def read_idx(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is no IDX file of bytes")
    shape = np.frombuffer(data, ">u4", data[3], 4).astype(int)
    offset = 4 + 4 * data[3]
    if len(data) != offset + shape.prod():
        raise ValueError(f"{path} has the wrong length")
    return np.frombuffer(data, np.uint8, offset=offset).reshape(shape)


def overlaps(size, bins):
    position, index = np.arange(size)[:, None], np.arange(bins)[None, :]
    upper = np.minimum((position + 1) * bins, (index + 1) * size)
    return np.maximum(0, upper - np.maximum(position * bins, index * size)).astype(np.float32)


def perceptual(images):
    count, height, width = images.shape
    kernel = np.einsum("yk,xq->yxkq", overlaps(height, ROWS), overlaps(width, COLUMNS)).reshape(height * width, ROWS * COLUMNS)
    flat = images.reshape(count, -1)
    sums = np.empty((count, ROWS * COLUMNS), np.float32)
    for start in range(0, count, 4096):  # stays in the cache; sums are below 2^24, so float32 is exact
        np.matmul(flat[start : start + 4096].astype(np.float32), kernel, out=sums[start : start + 4096])
    grid = sums.reshape(count, ROWS, COLUMNS)
    words = np.packbits((grid[:, :, :-1] < grid[:, :, 1:]).reshape(count, 64), axis=1).view(np.uint64)[:, 0]
    return words, np.floor(sums * np.float32(256 / (height * width))).astype(np.uint16), sums.mean(1) / (height * width)


class Sets:
    def __init__(self, count):
        self.parent = np.arange(count)

    def root(self, item):
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, a, b):
        a, b = self.root(a), self.root(b)
        self.parent[max(a, b)] = min(a, b)

    def groups(self):
        groups = {}
        for item in np.nonzero(self.parent != np.arange(len(self.parent)))[0]:
            groups.setdefault(int(self.root(item)), []).append(int(item))
        return [[first, *rest] for first, rest in sorted(groups.items())]


def exact_groups(digests):
    seen = {}
    for item, digest in enumerate(digests):
        seen.setdefault(digest, []).append(item)
    return [group for group in seen.values() if len(group) > 1]


def near_groups(words, cells, brightness):
    count = len(words)
    unit = cells.astype(np.float32)
    unit -= unit.mean(1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", unit, unit))
    varied = np.nonzero(length >= 256 * np.sqrt(72))[0]
    flat = np.nonzero(length < 256 * np.sqrt(72))[0]
    unit[varied] /= length[varied, None]
    sets = Sets(count)
    own = unit[varied]
    if len(own):
        limit = 2 - 2 * CORRELATION
        step = np.sqrt(limit) * 1.0001
        sample = own[:: max(1, len(own) // 2000)]
        axes = np.linalg.eigh(np.cov(sample.T))[1][:, -AXES:].astype(np.float32)
        points = own @ axes
        bins = int(np.ceil(2 / step)) + 2
        keys = ((points + 1) / step).astype(np.int64) + 1
        keys = ((keys[:, 0] * bins + keys[:, 1]) * bins + keys[:, 2]) * bins + keys[:, 3]
        order = np.argsort(keys, kind="stable")
        keys, points = keys[order], points[order]
        cell_keys, starts, sizes = np.unique(keys, return_index=True, return_counts=True)
        moves = [a * bins**3 + b * bins**2 + c * bins + d for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)]
        for move in (m for m in moves if m >= 0):
            if move == 0:
                mine = other = np.arange(len(cell_keys))
            else:
                found = np.searchsorted(cell_keys, cell_keys + move)
                mine = np.nonzero(cell_keys[np.minimum(found, len(cell_keys) - 1)] == cell_keys + move)[0]
                other = found[mine]
            # All pairs of the two cells: pair p of a cell couple is (p // size, p % size).
            pairs = sizes[mine] * sizes[other]
            couple = np.repeat(np.arange(len(mine)), pairs)
            rank = np.arange(len(couple)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
            width = sizes[other][couple]
            a, b = starts[mine][couple] + rank // width, starts[other][couple] + rank % width
            if move == 0:
                keep = a < b
                a, b = a[keep], b[keep]
            apart = points[a] - points[b]
            keep = np.einsum("ij,ij->i", apart, apart) <= limit
            a, b = varied[order[a[keep]]], varied[order[b[keep]]]
            keep = np.bitwise_count(words[a] ^ words[b]) <= DISTANCE
            a, b = a[keep], b[keep]
            apart = unit[a] - unit[b]
            keep = np.einsum("ij,ij->i", apart, apart) <= limit
            for i, j in zip(a[keep], b[keep]):
                sets.join(i, j)
    flat = flat[np.argsort(brightness[flat])]
    for i, item in enumerate(flat):
        for other in flat[i + 1 :]:
            if brightness[other] - brightness[item] > 4:
                break
            if bin(int(words[item] ^ words[other])).count("1") <= DISTANCE:
                sets.join(item, other)
    return sets.groups()


def outliers(values):
    center = np.median(values)
    deviations = np.abs(values - center)
    spread = np.median(deviations)
    scale = spread / 0.674489750196082 if spread > 0 else deviations.mean() * 1.253314
    return np.nonzero(deviations / scale > 3.5)[0] if scale > 0 else np.array([], int)


def stratified(labels, fractions, seed):
    rng = np.random.default_rng(seed)
    splits = np.zeros(len(labels), np.uint8)
    for label in np.unique(labels):
        items = rng.permutation(np.nonzero(labels == label)[0])
        for split, part in enumerate(np.split(items, np.round(np.cumsum(fractions)[:-1] * len(items)).astype(int))):
            splits[part] = split
    return splits


def leakage(groups, splits):
    found = {}
    for group in groups:
        own = splits[group]
        for a, b in itertools.combinations(np.unique(own), 2):
            found[f"{a},{b}"] = found.get(f"{a},{b}", 0) + int((own == b).sum())
    return found


def store(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    target = os.path.join(folder, digest[:2], digest[2:])
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = os.path.join(folder, f"incoming-{digest}")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, target)
    directory = os.open(os.path.dirname(target), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    return digest


def main(images_path, labels_path, folder):
    begin = time.perf_counter()
    images, labels = read_idx(images_path), read_idx(labels_path)
    count = len(images)
    memory = memoryview(images.reshape(-1))
    size = images[0].size
    digests = [hashlib.sha256(memory[i * size : (i + 1) * size]).digest() for i in range(count)]
    words, cells, brightness = perceptual(images)
    exact = exact_groups(digests)
    near = near_groups(words, cells, brightness)
    splits = stratified(labels, (0.8, 0.1, 0.1), 0)
    counts = np.bincount(labels)
    shares = counts[counts > 0] / count
    bright = outliers(brightness)
    flags = np.zeros(count, np.uint8)
    for bit, items in enumerate(([i for g in exact for i in g], [i for g in near for i in g], bright)):
        flags[items] |= 1 << bit
    report = {
        "exact": exact[:100],
        "near": near[:100],
        "leakage": leakage(near, splits),
        "ratio": float(counts.max() / counts.min()),
        "entropy": float(-(shares * np.log(shares)).sum() / np.log(len(counts))),
        "brightness": bright.tolist(),
    }
    per_pack = PACK_BYTES // size
    packs = [store(folder, memory[i * size : (i + per_pack) * size]) for i in range(0, count, per_pack)]
    index = b"".join([*digests, labels.tobytes(), splits.tobytes(), flags.tobytes(), words.tobytes(), cells.tobytes(), brightness.tobytes()])
    manifest = {"packs": packs, "index": store(folder, index), "report": store(folder, json.dumps(report).encode()), "rows": count}
    store(folder, json.dumps(manifest).encode())
    print(
        json.dumps(
            {
                "images": count,
                "exactGroups": len(exact),
                "nearGroups": len(near),
                "nearItems": sum(map(len, near)),
                "brightnessOutliers": len(bright),
                "seconds": time.perf_counter() - begin,
                "numpy": np.__version__,
            }
        )
    )


main(*sys.argv[1:])
