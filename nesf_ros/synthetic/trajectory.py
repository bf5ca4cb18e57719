"""Camera paths: where the views of a scene are taken from.

To add a style: write a function that yields poses for a `Path`, and add it to `STYLES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.relations import UNRELATED
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.walk import HANDHELD, ROBOT, Gait, Walk, looking, standing_places

Pose = Float64[ndarray, "4 4"]

ROUNDS = 5
"""How often a path of that style looks at a thing."""
CLEARANCE_M = 0.1
"""Distance that a camera around a scene keeps from every surface, metres."""
_AWAY = (1.75, 2.1)  # distance of such a camera from the middle, in half diagonals of the ground
_LOWEST_RAD = 0.2  # above the horizon
_AIM = 0.2  # height of what it looks at, as a share of the scene's
_JITTER = 0.04  # how far it looks past that, as a share of its distance
_ROUND_RAD_S = 0.3
_HIGHEST_SINE = 0.98
_NEAR = (0.75, 1.3)  # distance of a camera that sweeps from what it looks at, in half diagonals
_BACK = 1.15  # by how much it steps back from what is in its way
_GLANCE_M = (0.7, 3.5)  # distance of what is glanced at
_GLANCE_JITTER = 0.12  # how far a glance goes past it, as a share of the distance
_GLANCES = 60  # tries for each pose


@dataclass(frozen=True)
class Request:
    """What a camera path shall be."""

    scene: Scene
    count: int
    """How many poses."""
    rate_hz: float
    """How many of them a second, where the camera moves as time goes by."""
    rng: np.random.Generator


def _walking(gait: Gait) -> Callable[[Request], list[Pose]]:
    """A camera carried through a room: it wanders and looks around."""

    def poses(asked: Request) -> list[Pose]:
        walk = Walk(asked.scene, asked.count / asked.rate_hz, gait, asked.rng)
        return [walk.pose(index / asked.rate_hz) for index in range(asked.count)]

    return poses


class _Glances:
    """Looks at single things of a scene, each from anywhere with space to stand."""

    def __init__(self, asked: Request):
        self._scene, self._rng = asked.scene, asked.rng
        self._places = standing_places(asked.scene, HANDHELD.heights_m)
        self.targets = [
            i for i, thing in enumerate(asked.scene.things) if thing.class_name not in UNRELATED
        ]
        if not self.targets:
            raise ConfigError("there is nothing to glance at; the path must be handheld or robot")

    def at(self, target: int) -> tuple[Pose, bool]:
        """A pose, and whether it is near, with nothing in between."""
        scene, rng = self._scene, self._rng
        eye = np.array([*rng.choice(self._places), rng.uniform(*HANDHELD.heights_m)])
        to = np.mean(scene.things[target].bounds, axis=0) - eye
        pose = _looking_along(eye, to + rng.normal(0.0, _GLANCE_JITTER * np.linalg.norm(to), 3))
        ray = np.concatenate([eye, to]).astype(np.float32)[None]
        hit = scene.instance_of_solid[scene.solid_of[scene.first_hits(ray).triangles[0]]]
        return pose, bool(hit == target and _GLANCE_M[0] < np.linalg.norm(to) < _GLANCE_M[1])


def _glances(asked: Request) -> list[Pose]:
    """One pose independent of the other, looking at some thing."""
    glances = _Glances(asked)
    poses: list[Pose] = []
    tries = 0
    while len(poses) < asked.count:
        tries += 1
        pose, good = glances.at(int(asked.rng.choice(glances.targets)))
        # A thing behind others is no target, unless there is no other.
        if good or tries > _GLANCES * asked.count:
            poses.append(pose)
    return poses


def _rounds(asked: Request) -> list[Pose]:
    """Some things in turn, then the same ones again from elsewhere, until each had `ROUNDS`."""
    glances = _Glances(asked)
    groups: list[list[Pose]] = []
    tries = 0
    while len(groups) * ROUNDS < asked.count:
        tries += 1
        target = int(asked.rng.choice(glances.targets))
        looks = [glances.at(target) for _ in range(_GLANCES * ROUNDS)]
        good = [pose for pose, near in looks if near]
        # Not a thing that can hardly be seen, unless there is no other.
        if len(good) < ROUNDS and tries > _GLANCES:
            good += [pose for pose, near in looks if not near]
        if len(good) >= ROUNDS:
            groups.append(good[:ROUNDS])
    return [pose for turn in zip(*groups, strict=True) for pose in turn][: asked.count]


def _hemisphere(asked: Request) -> list[Pose]:
    """Anywhere on the upper hemisphere, one pose independent of the other, as in NeSF."""
    rng = asked.rng
    poses: list[Pose] = []
    while len(poses) < asked.count:
        up = np.arcsin(rng.uniform(np.sin(_LOWEST_RAD), _HIGHEST_SINE))
        jitter = rng.normal(0.0, _JITTER, 3)
        pose = _around(asked.scene, rng.uniform(0, 2 * np.pi), up, rng.uniform(*_AWAY), jitter)
        if _is_clear(asked.scene, pose):
            poses.append(pose)
    return poses


def _orbit(asked: Request) -> list[Pose]:
    """Round and round, slowly up and down."""
    start, nod = asked.rng.uniform(0, 2 * np.pi, 2)
    times = np.arange(asked.count) / asked.rate_hz
    around = start + asked.rng.choice([-1, 1]) * _ROUND_RAD_S * times
    up = 0.6 + 0.3 * np.sin(nod + 0.17 * times)
    return [
        _around(asked.scene, float(a), float(u), float(np.mean(_AWAY)), np.zeros(3))
        for a, u in zip(around, up, strict=True)
    ]


def _sweep(asked: Request) -> list[Pose]:
    """Held near, round and round, up and down, back and forth, its aim wandering over the scene."""
    scene, rng = asked.scene, asked.rng
    lower, upper = np.array(scene.interior.lower), np.array(scene.interior.upper)
    half = (upper - lower) / 2
    reach = float(np.linalg.norm(half[:2]))
    turn = rng.choice([-1, 1]) * _ROUND_RAD_S
    start, nod, step, *wander = rng.uniform(0, 2 * np.pi, 5)
    poses = []
    for time_s in (np.arange(asked.count) / asked.rate_hz).tolist():
        up = 0.75 + 0.35 * np.sin(nod + 0.23 * time_s)
        around = start + turn * time_s
        level = np.cos(up)
        direction = np.array([np.cos(around) * level, np.sin(around) * level, np.sin(up)])
        aim = lower + half
        aim[:2] += 0.6 * half[:2] * np.sin(np.array(wander) + time_s * np.array([0.41, 0.29]))
        aim[2] = lower[2] + _AIM * 2 * half[2]
        share = 0.5 + 0.5 * np.sin(step + 0.17 * time_s)
        away = reach * (_NEAR[0] + share * (_NEAR[1] - _NEAR[0]))
        pose = _looking_along(aim + away * direction, -direction)
        while not _is_clear(scene, pose):
            away *= _BACK
            pose = _looking_along(aim + away * direction, -direction)
        poses.append(pose)
    return poses


def _around(
    scene: Scene,
    angle_rad: float,
    up_rad: float,
    away: float,
    jitter: Float64[ndarray, " 3"],
) -> Pose:
    """A pose that looks at the scene's middle from a direction, `away` half diagonals off."""
    lower, upper = np.array(scene.interior.lower), np.array(scene.interior.upper)
    reach = away * float(np.linalg.norm((upper - lower)[:2])) / 2
    middle = (lower + upper) / 2
    middle[2] = lower[2] + _AIM * (upper - lower)[2]
    level = np.cos(up_rad)
    direction = np.array([np.cos(angle_rad) * level, np.sin(angle_rad) * level, np.sin(up_rad)])
    eye = middle + reach * direction
    return _looking_along(eye, middle + reach * jitter - eye)


def _looking_along(eye: Float64[ndarray, " 3"], forward: Float64[ndarray, " 3"]) -> Pose:
    pose = np.eye(4)
    pose[:3, 3] = eye
    yaw, pitch = np.arctan2(forward[1], forward[0]), np.arcsin(forward[2] / np.linalg.norm(forward))
    pose[:3, :3] = looking(float(yaw), float(pitch))
    return pose


def _is_clear(scene: Scene, pose: Pose) -> bool:
    eye = pose[None, :3, 3]
    return bool(scene.distance(eye)[0] > CLEARANCE_M and not scene.occupancy(eye)[0])


STYLES: dict[str, Callable[[Request], list[Pose]]] = {
    "glances": _glances,
    "rounds": _rounds,
    "handheld": _walking(HANDHELD),
    "robot": _walking(ROBOT),
    "hemisphere": _hemisphere,
    "orbit": _orbit,
    "sweep": _sweep,
}
"""What makes the poses of each style."""


def camera_path(
    scene: Scene, style: str, count: int, seed: int = 0, rate_hz: float = 1.0
) -> list[Pose]:
    """Poses world_T_camera of the optical frame; the same seed gives the same path.

    Args:
        scene: what is looked at.
        style: a key of STYLES.
        count: how many poses.
        seed: of all that is left to chance.
        rate_hz: how many a second, which says how far a moving camera gets between two.

    Raises:
        ConfigError: for an unknown style, a count or rate that is not greater than 0, and where
            the scene leaves no space for the camera.
    """
    if style not in STYLES:
        raise ConfigError(f"camera path {style!r}; it must be one of {', '.join(STYLES)}")
    if count < 1 or not rate_hz > 0:
        raise ConfigError(f"{count} frames at {rate_hz} Hz; both must be greater than 0")
    return STYLES[style](Request(scene, count, rate_hz, np.random.default_rng(seed)))
