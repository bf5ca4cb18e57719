"""What a data set of scenes shall be: the settings of `nesf-ros synthesize`."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.settings import Checked, setting
from nesf_ros.synthetic.splits import SPLITS
from nesf_ros.types import Intrinsics

KINDS = ("room", "tabletop", "klevr", "toybox5", "toybox13")
"""The keys of `scenes.SCENES`, here so that the command's help need not load what makes them."""
STYLES = ("glances", "rounds", "handheld", "robot", "hemisphere", "orbit", "sweep")
"""The keys of `trajectory.STYLES`."""
FORMATS = ("folder", "nesf", "semabs", "rosbag")
"""The keys of `generate.WRITERS`."""


@dataclass(frozen=True)
class Order(Checked):
    """The same order gives the same bytes, scene by scene."""

    kind: str = setting("room", "kind of scene", choices=KINDS)
    split: str = setting("train", "seeds, held-out classes and looks", choices=tuple(SPLITS))
    views: int = setting(20, "views of each scene", low=1, high=10_000)
    width: int = setting(320, "width of the images, px", low=16, high=4096)
    height: int = setting(240, "height of the images, px", low=16, high=4096)
    style: str = setting("", "camera path; empty for the kind's own", choices=("", *STYLES))
    format: str = setting("folder", "format on the disk", choices=FORMATS)
    noise: bool = setting(False, "errors of a real camera, in colour and depth")
    path_traced: float = setting(0.0, "share of views by the path tracer", low=0.0, high=1.0)
    count: int = setting(0, "objects in each scene; 0 leaves it to the kind", low=0, high=1000)

    @classmethod
    def glances(cls, split: str, views: int, style: str = "glances") -> Order:
        """Rooms as a robot's camera gives them: 640×480 px, with all its errors."""
        return cls(split=split, views=views, style=style, noise=True, width=640, height=480)

    @property
    def camera(self) -> Intrinsics:
        """The pinhole camera of every view: 63° across, as a first Kinect."""
        focal = 0.82 * self.width
        return Intrinsics(
            self.width, self.height, focal, focal, (self.width - 1) / 2, (self.height - 1) / 2
        )
