"""Build a map from a recording, without ROS, and ask it something.

python examples/01_map_a_recording.py path/to/recording    (nothing: the built-in room)
"""

import sys

import numpy as np

from nesf_ros.datasets import open_source
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.synthetic.source import SyntheticSource

STATES = ("unobserved", "free", "occupied")


def main() -> None:
    """Map, then look along the last camera's view."""
    recorded = len(sys.argv) > 1
    source = open_source(sys.argv[1]) if recorded else SyntheticSource(frames=60, size=(320, 240))
    mapper = SemanticMapper()
    for frame in source:
        report = mapper.add_frame(frame)
    print(f"{len(source)} frames, {mapper.map.nbytes / 2**20:.0f} MiB; the last one changed "
          f"{report.changed_blocks} blocks")  # fmt: skip
    eye, ahead = frame.world_T_camera[:3, 3], frame.world_T_camera[:3, 2]
    for distance in (0.5, 1.0, 2.0, 4.0):
        answer = mapper.query_points((eye + distance * ahead)[None])
        print(f"{distance:.1f} m ahead: {STATES[answer.state[0]]}, "
              f"nearest surface {answer.distance_m[0]:.2f} m away")  # fmt: skip
    view = mapper.render_view(frame.rgbd.depth_intrinsics, frame.world_T_camera)
    both = (view.depth_m > 0) & (frame.rgbd.depth_m > 0)
    error = np.median(np.abs(view.depth_m - frame.rgbd.depth_m)[both])
    print(f"the map seen from there differs from the last depth image by {error * 100:.1f} cm")


if __name__ == "__main__":
    main()
