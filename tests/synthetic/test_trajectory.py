"""Camera paths: limits of speed, turn rate and clearance; the same seed, the same path."""

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.synthetic.room import Room
from nesf_ros.synthetic.trajectory import (
    CLEARANCE_M,
    MAX_SPEED_M_S,
    MAX_TURN_RAD_S,
    STYLES,
    Trajectory,
)
from nesf_ros.types import START_NS


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_limits_hold(seed, style):
    room = Room(seed)
    rate_hz = 20
    samples = Trajectory(room, 60.0, seed, style).sample(rate_hz)
    assert len(samples) == 1200
    assert [stamp for stamp, _ in samples[:3]] == [
        START_NS,
        START_NS + 50_000_000,
        START_NS + 100_000_000,
    ]
    poses = np.array([pose for _, pose in samples])
    places = poses[:, :3, 3].copy()
    assert room.distance(places).min() >= CLEARANCE_M
    assert not room.occupancy(places).any()
    lower, upper = np.array(room.interior.lower), np.array(room.interior.upper)
    assert ((places > lower) & (places < upper)).all()
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) * rate_hz
    assert speed.max() <= MAX_SPEED_M_S
    turn = [se3.angle_between(a, b) * rate_hz for a, b in zip(poses, poses[1:], strict=False)]
    assert max(turn) <= MAX_TURN_RAD_S
    # It goes somewhere, and looks everywhere.
    assert np.ptp(places[:, :2], axis=0).min() > 1.0
    headings = np.arctan2(poses[:, 1, 2], poses[:, 0, 2])
    assert np.ptp(headings) > 5.5
    low, high = STYLES[style].heights_m
    assert low - 1e-9 <= places[:, 2].min() and places[:, 2].max() <= high + 1e-9


def test_poses_are_rigid_and_upright():
    trajectory = Trajectory(Room(0), 30.0, seed=5)
    for time_s in np.linspace(0, 30, 50):
        pose = se3.check_pose(trajectory.pose(float(time_s)))
        assert pose[2, 1] < 0  # the optical y axis points down


def test_same_seed_same_path():
    room = Room(0)
    first, second, other = (Trajectory(room, 10.0, seed).pose(7.3) for seed in (1, 1, 2))
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_acceleration_is_bounded_by_the_control_points():
    """A cubic B-spline has no kinks: second differences shrink with the square of the step."""
    trajectory = Trajectory(Room(0), 20.0)
    for step in (0.02, 0.01):
        times = np.arange(0, 20, step)
        places = np.array([trajectory.pose(float(t))[:3, 3] for t in times])
        acceleration = np.diff(places, 2, axis=0) / step**2
        # The second derivative is a mean of second differences of control points 0.5 s apart.
        assert np.linalg.norm(acceleration, axis=1).max() <= 2 * 0.21 / 0.5**2


def test_bad_requests():
    with pytest.raises(ConfigError, match="must be one of handheld, robot"):
        Trajectory(Room(0), 1.0, style="drone")
    with pytest.raises(ConfigError, match="longer than 0 s"):
        Trajectory(Room(0), 0.0)
