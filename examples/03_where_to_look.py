"""Ask a running perception node where a hidden thing may be, and from where to look for it.

nesf-ros up &  nesf-ros replay synthetic --loop &
python examples/03_where_to_look.py "the keys in the fridge"
"""

import sys

from nesf_ros.ros.environment import prepare_process

prepare_process()  # before anything imports rclpy

import rclpy  # noqa: E402

from nesf_ros.srv import LocateHidden  # noqa: E402


def main() -> int:
    """Call the service once; 0 where there is a place to look at."""
    rclpy.init()
    node = rclpy.create_node("searcher")
    client = node.create_client(LocateHidden, "/nesf/locate_hidden")
    if not client.wait_for_service(30.0):
        print("no perception node answers", file=sys.stderr)
        return 1
    what = " ".join(sys.argv[1:]) or "the keys in the fridge"
    future = client.call_async(LocateHidden.Request(description=what))
    rclpy.spin_until_future_complete(node, future, timeout_sec=90.0)
    answer = future.result()
    if answer is None or not answer.success:
        print(answer.message if answer else "no answer came", file=sys.stderr)
        return 1
    if answer.message:  # such as: the map shows no such reference, or no place is probable enough
        print(answer.message)
    for region in answer.regions:
        at, eye = region.centroid, region.viewpoint.position
        print(f"({at.x:.2f}, {at.y:.2f}, {at.z:.2f}) m, score {region.score:.2f}", end=", ")
        if region.has_viewpoint:  # a pose of the camera's optical frame, for your planner
            print(f"look from ({eye.x:.2f}, {eye.y:.2f}, {eye.z:.2f}) m")
        else:
            print("no free place is known that shows more of it")
    return 0 if answer.regions and answer.reference_found else 1


if __name__ == "__main__":
    sys.exit(main())
