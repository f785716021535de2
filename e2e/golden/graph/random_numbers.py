"""The twin of the compiler's counter-based random numbers: functions of seed, step and stream (operators/random.ts)."""
import numpy as np
import torch

GOLDEN = np.uint32(0x9E3779B9)


def mix(x):
    """The compiler's hash: lowbias32 without its last fold."""
    with np.errstate(over="ignore"):
        x = np.asarray(x, dtype=np.uint32)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        return (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)


def bits(count, seed, step, stream):
    """The twin of RandomKey and the hashes of the counters below `count`, as int32."""
    with np.errstate(over="ignore"):
        base = mix(mix(np.uint32(seed)) + np.uint32(step) * GOLDEN)
        key = mix(base ^ (np.uint32(stream + 1) * GOLDEN))
        return mix(np.arange(count, dtype=np.uint32) * GOLDEN + key).view(np.int32)


def unit_interval(values):
    scaled = values.astype(np.float32) * np.float32(2.0**-32) + np.float32(0.5)
    return np.clip(scaled, np.float32(2.0**-27), np.float32(1 - 2.0**-24))


def uniform(count, seed, step, stream):
    """RandomUniform."""
    return torch.from_numpy(unit_interval(bits(count, seed, step, stream)))


def normal(count, seed, step, stream):
    """RandomNormal."""
    half = (count + 1) // 2
    numbers = unit_interval(bits(2 * half, seed, step, stream))
    radius = np.sqrt(np.log(numbers[:half]) * np.float32(-2))
    angle = numbers[half:] * np.float32(2 * np.pi)
    return torch.from_numpy(np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count])


def kept(count, seed, step, stream, probability):
    """DropoutMask and SampleMask without their scale: one where something is kept."""
    threshold = min(2**31 - 1, round(probability * 2.0**32 - 2.0**31))
    return torch.from_numpy((bits(count, seed, step, stream) >= threshold).astype(np.float32))
