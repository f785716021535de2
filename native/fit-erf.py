"""Fits `tailOf` in kernels.cc: erfc(t) = exp(-t*t) * (c1*r + c2*r^2 + ...) with r = 1 / (1 + 0.4*t), the form of Abramowitz and
Stegun 7.1.26, for the least absolute error of erfc, by iteratively reweighted least squares (Lawson 1961). Prints
coefficients, highest power first, and that error in exact arithmetic."""
import numpy as np
from scipy.special import erfcx

SLOPE = 0.4
TERMS = 7

t = np.concatenate([np.linspace(0, 1, 3000), np.linspace(1, 6, 3000)])
r = 1 / (1 + SLOPE * t)
powers = np.stack([r**k for k in range(1, TERMS + 1)], 1)
weights = np.exp(-t * t)
emphasis = np.ones(len(t))
for _ in range(600):
    w = np.sqrt(emphasis) * weights
    coefficients = np.linalg.lstsq(powers * w[:, None], erfcx(t) * w, rcond=None)[0]
    error = np.abs((powers @ coefficients - erfcx(t)) * weights)
    emphasis *= error / error.max() + 1e-9
    emphasis *= len(emphasis) / emphasis.sum()
print([float(np.float32(c)) for c in coefficients[::-1]], error.max())
