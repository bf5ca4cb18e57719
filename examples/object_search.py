"""Search for hidden things by asking where they may be: object_search.py [ROOMS]."""

import sys

import numpy as np
import torch

from nesf_ros.config import NesfConfig, Reach, VisionConfig
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.synthetic.generate import built_scene, labelled_scene, visible_things
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.types import FREE, PosedFrame, RgbdFrame
from nesf_ros.vision.models import load_model

BEGUN, LOOKS, THINGS = 3, 8, 4  # views at first; looks until it gives up; things of each room
CONFIG = NesfConfig(reach=Reach(lift_m=0.5))
ORDER = Order(split="test-rooms", views=16, style="handheld", width=640, height=480)


class Robot:
    """Drives anywhere at once, and maps what it sees."""

    def __init__(self, scene, model):
        self.caster, self.mapper, self.taken = RayCaster(scene), SemanticMapper(CONFIG), []
        self.mapper.use_language(model)

    def look(self, pose):
        """Numbers of the things in view."""
        seen = self.caster.render(ORDER.camera, pose)
        rgbd = RgbdFrame(1, "robot", seen.color, seen.depth_m, ORDER.camera, ORDER.camera)
        self.mapper.add_frame(PosedFrame(rgbd, pose))
        self.taken.append(pose)
        return visible_things(seen.instances)

    def proposed(self, what, viewer, dice):
        """The new view that probably reveals most of it; one by chance where there is none."""
        regions = [r for r in self.mapper.locate(what, viewer=viewer).regions if r.viewpoint]
        regions.sort(key=lambda r: -r.score * r.volume_m3 * r.viewpoint.revealed)
        poses = (region.viewpoint.map_T_camera for region in regions)
        new = (pose for pose in poses if all(np.abs(pose - p).max() > 0.3 for p in self.taken))
        return next(new, self.by_chance(what, viewer, dice))

    def by_chance(self, what, viewer, dice):
        """A pose in free space, about as high as the viewer, turned anywhere."""
        pose, turn = viewer.copy(), np.exp(1j * dice.uniform(-np.pi, np.pi))
        pose[:2, :3] = [[turn.real, -turn.imag], [turn.imag, turn.real]] @ viewer[:2, :3]
        while True:
            pose[:3, 3] = viewer[:3, 3] + dice.uniform(-1, 1, 3) * (4, 4, 0.5)
            if self.mapper.query_points(pose[None, :3, 3]).state[0] == FREE:
                return pose


def search(number, model, way):
    """For each unseen thing of a room, told how it lies to a seen one: looks until it is seen."""
    scene, dice = built_scene(ORDER, number), np.random.default_rng(number)
    room = labelled_scene(ORDER, number, scene)
    shown = [visible_things(view.instances) for view in room.views]
    unseen = frozenset().union(*shown[BEGUN:]).difference(*shown[:BEGUN])
    told = {r.target: r for r in room.relations if r.view < BEGUN and r.target in unseen}
    for target, relation in sorted(told.items())[:THINGS]:
        robot, viewer = Robot(scene, model), room.views[relation.view].world_T_camera
        for view in room.views[:BEGUN]:
            robot.look(view.world_T_camera)
        name = [thing.class_name for thing in room.things]
        what, looks = Description(name[target], relation.relation, name[relation.reference]), 1
        while target not in robot.look(getattr(robot, way)(what, viewer, dice)) and looks < LOOKS:
            looks += 1
        print(f"room {number}: {what}: {way}, {looks} looks", flush=True)
        yield looks


if __name__ == "__main__":
    rooms, net = int((sys.argv[1:] or ["6"])[0]), load_model(VisionConfig(), torch.device("cpu"))
    for chosen in ("proposed", "by_chance"):
        counts = [looks for number in range(rooms) for looks in search(number, net, chosen)]
        print(f"{chosen}: {np.mean(counts or [np.nan]):.1f} looks for {len(counts)} things")
