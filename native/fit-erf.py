"""Fits the polynomials of `errorFunction` in kernels.cc: least relative error, by iteratively reweighted least squares
(Lawson 1961). Prints coefficients, highest power first, and the largest relative error of erf in exact arithmetic."""
from math import erf, erfc, log

import numpy as np

JOIN = 0.9277
# Beyond, 1 - erf(x) is below what float32 can tell from 1.
END = 4.2


def fit(powers, values, weights, rounds):
    emphasis = np.ones(len(values))
    for _ in range(rounds):
        w = np.sqrt(emphasis) * weights
        coefficients = np.linalg.lstsq(powers * w[:, None], values * w, rcond=None)[0]
        error = np.abs((powers @ coefficients - values) * weights)
        emphasis *= error / error.max() + 1e-9
        emphasis *= len(emphasis) / emphasis.sum()
    return [float(np.float32(c)) for c in coefficients[::-1]], error.max()


x = JOIN * np.sqrt((1 - np.cos(np.pi * (np.arange(2000) + 0.5) / 2000)) / 2)
exact = np.array([erf(v) for v in x])
print("near", fit(np.vander(x * x, 6, increasing=True), exact / x - 1, x / exact, 400))

t = np.linspace(JOIN, END, 4000)
exponent = np.array([-log(erfc(v)) / v - 1 for v in t])
print("far", fit(np.vander(t, 7, increasing=True), exponent, np.array([erfc(v) * v / erf(v) for v in t]), 2000))
