"""Search for hidden things: ask where, drive to the proposed view, look, ask again.

python examples/object_search.py [ROOMS]

A simulated robot has begun to look about a room. It is told how things that it did not see lie to
others that it did, and counts its looks until it sees them, against one that drives by chance.
"""

import sys

import numpy as np
import torch

from nesf_ros.config import VisionConfig
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.synthetic.generate import built_scene, labelled_scene, visible_things
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.types import FREE, PosedFrame, RgbdFrame
from nesf_ros.vision.models import load_model

BEGUN, LOOKS, THINGS = 3, 8, 4  # views at first; looks until it gives up; things of each room


class Robot:
    """Drives anywhere at once, and maps what it sees."""

    def __init__(self, scene, camera, model):
        self.caster, self.camera, self.mapper = RayCaster(scene), camera, SemanticMapper()
        self.mapper.use_language(model)

    def look(self, pose):
        """Numbers of the things in view."""
        seen = self.caster.render(self.camera, pose)
        rgbd = RgbdFrame(1, "robot", seen.color, seen.depth_m, self.camera, self.camera)
        self.mapper.add_frame(PosedFrame(rgbd, pose))
        return visible_things(seen.instances)

    def proposed(self, what, viewer, dice):
        """The best view that the map proposes; one by chance where it proposes none."""
        regions = self.mapper.locate(what, viewer=viewer).regions
        poses = [region.viewpoint.map_T_camera for region in regions if region.viewpoint]
        return poses[0] if poses else self.by_chance(what, viewer, dice)

    def by_chance(self, what, viewer, dice):
        """A pose in free space, as high as the viewer, turned anywhere."""
        pose, turn = viewer.copy(), np.exp(1j * dice.uniform(-np.pi, np.pi))
        pose[:2, :3] = [[turn.real, -turn.imag], [turn.imag, turn.real]] @ viewer[:2, :3]
        while True:
            pose[:2, 3] = viewer[:2, 3] + dice.uniform(-4, 4, 2)
            if self.mapper.query_points(pose[None, :3, 3]).state[0] == FREE:
                return pose


def search(number, model, way):
    """Looks until each unseen thing of a room is seen; yields their counts."""
    order = Order(split="test-rooms", views=16, style="robot", width=640, height=480)
    scene, dice = built_scene(order, number), np.random.default_rng(number)
    room = labelled_scene(order, number, scene)
    shown = [visible_things(view.instances) for view in room.views]
    unseen = frozenset().union(*shown[BEGUN:]).difference(*shown[:BEGUN])
    told = {r.target: r for r in room.relations if r.view < BEGUN and r.target in unseen}
    for target, relation in sorted(told.items())[:THINGS]:
        robot, viewer = Robot(scene, order.camera, model), room.views[relation.view].world_T_camera
        for view in room.views[:BEGUN]:
            robot.look(view.world_T_camera)
        names = [room.things[thing].class_name for thing in (target, relation.reference)]
        what, looks = Description(names[0], relation.relation, names[1]), 1
        while target not in robot.look(getattr(robot, way)(what, viewer, dice)) and looks < LOOKS:
            looks += 1
        print(f"room {number}: {what}: {way}, {looks} looks", flush=True)
        yield looks


if __name__ == "__main__":
    rooms, net = int((sys.argv[1:] or [6])[0]), load_model(VisionConfig(), torch.device("cpu"))
    for chosen in ("proposed", "by_chance"):
        counts = [looks for number in range(rooms) for looks in search(number, net, chosen)]
        print(f"{chosen}: {np.mean(counts or [np.nan]):.1f} looks for {len(counts)} things")
