"""Ask a running perception node, as a planner would.

nesf-ros up &  nesf-ros replay synthetic --loop &  python examples/02_ask_the_node.py
"""

import numpy as np

from nesf_ros.ros.environment import prepare_process

prepare_process()  # before anything imports rclpy

from nesf_ros.ros.map_client import MapClient  # noqa: E402
from nesf_ros.types import FREE, Box  # noqa: E402


def main() -> None:
    """Follow the map for a while, then ask for a corridor and for points."""
    with MapClient("planner", "/nesf") as client:
        client.wait_until_ready(30.0)
        client.spin(5.0)
        print(f"{len(client.map.blocks)} blocks came on /nesf/map")
        corridor = client.dense(Box((-1.0, -0.5, 0.1), (1.0, 0.5, 1.5)))
        print("corridor:", corridor.counts)
        points = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [9.0, 9.0, 9.0]])
        answers = client.query_points(points)
        for point, state, distance in zip(points, answers.state, answers.distance_m, strict=True):
            safe = state == FREE and distance > 0.3  # what nobody has seen is no room to stand in
            print(f"{point} state {state}, {distance:.2f} m to a surface, room to stand: {safe}")


if __name__ == "__main__":
    main()
