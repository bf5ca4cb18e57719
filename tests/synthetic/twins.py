"""Plain forms of the textures in nesf_ros/synthetic/patterns.py, at points rather than spots."""

import numpy as np

CELLS = 32
OFF = 0.137


def noise(p):
    """Smooth value noise in [0, 1] with unit cells, from the definition."""
    table = np.random.default_rng(20240229).random((CELLS,) * 3, np.float32)
    below = np.floor(p).astype(int)
    fraction = p - below
    fraction = fraction * fraction * (3 - 2 * fraction)
    total = np.zeros(len(p))
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(corner, fraction, 1 - fraction), axis=1)
        total += share * table[tuple(((below + corner) % CELLS).T)]
    return total


def in_plane(p, n):
    """The two coordinates other than that along which the normal is longest (z, then y, x)."""
    longest = 2 - np.argmax(np.abs(n)[:, ::-1], axis=1)
    return np.array([np.delete(point, axis) for point, axis in zip(p, longest, strict=True)])


def wave(t):
    """1 in [0, 1), −1 in [1, 2), and so on."""
    return np.where(np.floor(t) % 2 == 0, 1.0, -1.0)


def pulse(t, duty):
    return (t - np.floor(t) < duty).astype(float)


def fabric(p, n):
    return 0.6 * noise(p) + 0.2 + 0.13 * ((1 - n**2) * np.sin(40 * p)).sum(1)


def wood(p, n):
    ring = 0.8 * np.hypot(p[:, 1] + 2.3, p[:, 2] - 5.1 + 0.06 * p[:, 0])
    rise = (ring + 2.2 * noise(p * [0.11, 0.35, 0.35])) % 1
    late = np.where(rise < 0.85, rise**2 / 0.85**2, (1 - rise) / 0.15)
    return 0.75 * late + 0.3 * noise(p * [0.6, 9, 9])


def planks(p, n):
    board = np.floor(p[:, 0])
    along = p[:, 1] / 8 + 0.37 * board
    tone = np.abs(np.sin(12.9898 * board + 78.233 * np.floor(along))) * 43.758 % 1
    seam = np.maximum(pulse(p[:, 0], 0.03), pulse(along, 0.004))
    return np.where(seam > 0, 1.6, 0.65 * tone + 0.35 * noise(p * [5, 0.6, 1]))


def checker(p, n):
    return 0.5 - 0.5 * wave(p + OFF).prod(1)


def stripes(p, n):
    return 0.5 - 0.5 * wave(p[:, 0] + p[:, 1] + OFF)


def bands(p, n):
    return 0.5 - 0.5 * wave(p[:, 2] + OFF)


def speckle(p, n):
    return np.maximum(noise(1.7 * p) > 0.7, 0.6 * (noise(5.3 * p) > 0.72))


def brushed(p, n):
    return 0.6 * noise(p * [0.3, 17, 17]) + 0.4 * noise(p * [0.7, 53, 53])


def dots(p, n):
    at = in_plane(p, n)
    v = at[:, 1] / 0.866 + OFF
    u = at[:, 0] + 0.5 * np.floor(v) + OFF
    return (np.hypot(u % 1 - 0.5, 0.866 * (v % 1 - 0.5)) < 0.3).astype(float)


def zigzag(p, n):
    at = in_plane(p, n)
    return 0.5 - 0.5 * wave(at[:, 1] + np.abs(at[:, 0] % 2 - 1) + OFF)


def marble(p, n):
    cloud = noise(0.6 * p)
    vein = np.sin(np.pi * (0.35 * p.sum(1) + 3 * cloud + 0.9 * noise(1.9 * p)))
    dark = np.clip(1 - np.abs(vein) / 0.18, 0, 1)
    return 0.25 * cloud + np.clip(2.4 * noise(0.45 * p + 7.3) - 0.5, 0, 1) * dark


def tartan(p, n):
    t = 0.25 * (in_plane(p, n) + OFF)
    return np.minimum((0.42 * pulse(t, 0.4) + 0.3 * pulse(t - 0.65, 0.08)).sum(1), 1)


PATTERNS = {
    "blotches": lambda p, n: noise(p),
    **{f.__name__: f for f in (fabric, wood, planks, checker, stripes, bands, speckle, brushed,
                               dots, zigzag, marble, tartan)},
}  # fmt: skip
