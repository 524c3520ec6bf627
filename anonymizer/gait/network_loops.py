"""The contour network as compiled loops, forward and backward, one frame at a time.

PyTorch writes 16 feature maps for each frame to memory and reads them back; these loops keep them in the
cache. The compiler may reorder sums and fuse multiplications, but NaN and infinity stay what they are, so
that a diverging training is seen. Inlining makes them four times as fast.
"""

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float32]
Sums = NDArray[np.float64]
Arrays: TypeAlias = tuple[Array, Array, Array, Array]  # W1, b1, W2, b2, as `network.Weights` has them
AllSums: TypeAlias = tuple[Sums, Sums, Sums, Sums]  # one for each of them

_BLOCK = 512  # outputs worked on at once: inputs, features and outputs stay in the nearest cache
_ZERO, _HALF = np.float32(0), np.float32(0.5)
_FAST = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def forward(weights: Arrays, x1: Array, x2: Array, unit: np.float32) -> Array:
    """Φ2(X1, X2) of (frames, length) vectors, in the inputs' unit; the network sees them divided by `unit`."""
    first, first_bias, second, second_bias = weights
    frames, length = x1.shape
    result = np.empty((frames, length), np.float32)
    a, b = np.zeros((2, length + 4), np.float32)  # with two zeros beyond both ends
    even, odd = np.empty((2, _BLOCK + 2), np.float32)  # features of two filters
    for frame in range(frames):
        for i in range(length):
            a[i + 2], b[i + 2] = x1[frame, i] / unit, x2[frame, i] / unit
        for start in range(0, length, _BLOCK):
            stop = min(start + _BLOCK, length)
            size, block = stop - start + 2, result[frame, start:stop]
            own, noise = a[start : stop + 4], b[start : stop + 4]
            block[:] = second_bias[0]
            for c in range(0, len(second), 2):
                _merge_two(first[:, c : c + 2], first_bias[:, c : c + 2], own, noise, even[:size], odd[:size])
                if start == 0:  # beyond the ends there are no features
                    even[0] = odd[0] = 0
                if stop == length:
                    even[size - 1] = odd[size - 1] = 0
                _convolve_two(second[c : c + 2], even[:size], odd[:size], block)
            for i in range(len(block)):
                block[i] = (_ZERO if block[i] < _ZERO else block[i]) * unit
    return result


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def add_gradients(
    weights: Arrays, x1: Array, x2: Array, alpha: np.float32, gradients: AllSums
) -> tuple[float, int]:
    """Add each frame's gradients to the sums; returns the summed loss and the number of living outputs."""
    first, first_bias, second, second_bias = weights
    d_first, d_first_bias, d_second, d_second_bias = gradients
    length, channels, total, active = x1.shape[1], len(second), 0.0, 0
    a, b, delta = np.zeros((3, length + 2), np.float32)
    features = np.zeros((channels, length + 2), np.float32)
    y = np.empty(length, np.float32)
    for frame in range(len(x1)):
        a[1:-1], b[1:-1] = x1[frame], x2[frame]
        y[:] = second_bias[0]
        for c in range(channels):
            _merge(first[0, c], first_bias[0, c], first[-1, c], first_bias[-1, c], a, b, features[c, 1:-1])
            _convolve(second[c], features[c], y)
        loss, living = _output_gradient(y, a, b, alpha, delta)
        total += loss
        active += living
        d_second_bias[0] += delta.sum()
        for c in range(channels):
            _add_correlation(delta, features[c], d_second[c])
            d_first_bias[0, c] += _add_branch(
                first[0, c], first_bias[0, c], second[c], a, delta, d_first[0, c]
            )
            d_first_bias[-1, c] += _add_branch(
                first[-1, c], first_bias[-1, c], second[c], b, delta, d_first[-1, c]
            )
    return total, active


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _merge_two(w: Array, bias: Array, a: Array, b: Array, even: Array, odd: Array) -> None:
    """`_merge` for two filters (branches, 2, 3): what they read of the inputs is read once."""
    w0, w1, w2, v0, v1, v2 = w[0, 0, 0], w[0, 0, 1], w[0, 0, 2], w[-1, 0, 0], w[-1, 0, 1], w[-1, 0, 2]
    p0, p1, p2, q0, q1, q2 = w[0, 1, 0], w[0, 1, 1], w[0, 1, 2], w[-1, 1, 0], w[-1, 1, 1], w[-1, 1, 2]
    w_bias, v_bias, p_bias, q_bias = bias[0, 0], bias[-1, 0], bias[0, 1], bias[-1, 1]
    for i in range(len(even)):
        a0, a1, a2, b0, b1, b2 = a[i], a[i + 1], a[i + 2], b[i], b[i + 1], b[i + 2]
        one, other = w0 * a0 + w1 * a1 + w2 * a2 + w_bias, v0 * b0 + v1 * b1 + v2 * b2 + v_bias
        even[i] = (_ZERO if one < _ZERO else one) + (_ZERO if other < _ZERO else other)
        one, other = p0 * a0 + p1 * a1 + p2 * a2 + p_bias, q0 * b0 + q1 * b1 + q2 * b2 + q_bias
        odd[i] = (_ZERO if one < _ZERO else one) + (_ZERO if other < _ZERO else other)


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _convolve_two(w: Array, even: Array, odd: Array, result: Array) -> None:
    w0, w1, w2, v0, v1, v2 = w[0, 0], w[0, 1], w[0, 2], w[1, 0], w[1, 1], w[1, 2]
    for i in range(len(result)):
        one = w0 * even[i] + w1 * even[i + 1] + w2 * even[i + 2]
        result[i] += one + v0 * odd[i] + v1 * odd[i + 1] + v2 * odd[i + 2]


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _merge(
    w: Array, w_bias: np.float32, v: Array, v_bias: np.float32, a: Array, b: Array, features: Array
) -> None:
    """One filter's Φ1(X1) + Φ1(X2), `features` two shorter than `a` and `b`."""
    w0, w1, w2, v0, v1, v2 = w[0], w[1], w[2], v[0], v[1], v[2]
    for i in range(len(features)):
        one = w0 * a[i] + w1 * a[i + 1] + w2 * a[i + 2] + w_bias
        other = v0 * b[i] + v1 * b[i + 1] + v2 * b[i + 2] + v_bias
        one = _ZERO if one < _ZERO else one  # so asked, NaN stays NaN and it is one instruction
        other = _ZERO if other < _ZERO else other
        features[i] = one + other


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _convolve(w: Array, features: Array, result: Array) -> None:
    w0, w1, w2 = w[0], w[1], w[2]
    for i in range(len(result)):
        result[i] += w0 * features[i] + w1 * features[i + 1] + w2 * features[i + 2]


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _output_gradient(y: Array, a: Array, b: Array, alpha: np.float32, delta: Array) -> tuple[float, int]:
    """∂loss/∂(W2 * features + b2) into `delta`; the frame's loss and its outputs above 0."""
    per_output = np.float32(2) / np.float32(len(y))
    loss, living = _ZERO, 0
    for i in range(len(y)):
        value = _HALF * (y[i] + abs(y[i]))
        to_own, to_noise = value - a[i + 1], value - b[i + 1]
        loss += to_own * to_own + alpha * to_noise * to_noise
        delta[i + 1] = per_output * (to_own + alpha * to_noise) * np.float32(y[i] > _ZERO)
    for i in range(len(y)):
        living += y[i] > _ZERO
    return float(loss) / len(y), living


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _add_correlation(delta: Array, signal: Array, sums: Sums) -> None:
    """∂/∂W of W * signal, for a filter of three taps."""
    s0 = s1 = s2 = _ZERO
    for i in range(len(delta) - 2):
        d = delta[i + 1]
        s0 += d * signal[i]
        s1 += d * signal[i + 1]
        s2 += d * signal[i + 2]
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2


@njit(cache=True, fastmath=_FAST, error_model="numpy", inline="always")
def _add_branch(w: Array, bias: np.float32, second: Array, x: Array, delta: Array, sums: Sums) -> float:
    """Carry the gradient back through W2 and the first ReLU to one branch's filter; returns its bias's share."""
    w0, w1, w2, v0, v1, v2 = w[0], w[1], w[2], second[0], second[1], second[2]
    s0 = s1 = s2 = s_bias = _ZERO
    for i in range(len(x) - 2):
        before, here, after = x[i], x[i + 1], x[i + 2]
        passes = w0 * before + w1 * here + w2 * after + bias > _ZERO
        back = (v0 * delta[i + 2] + v1 * delta[i + 1] + v2 * delta[i]) * np.float32(passes)
        s_bias += back
        s0 += back * before
        s1 += back * here
        s2 += back * after
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    return float(s_bias)
