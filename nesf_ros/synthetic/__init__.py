"""A furnished room by seed, as test bench: exact RGB-D, poses, instances, solid and free space.

- solids, materials: convex pieces with colours and textures
- furniture, shell, layout: what stands in the room, its walls, and where everything goes
- room, lighting: ray-cast images and ground truth
- trajectory, sensor, source: a camera that wanders, its errors, and its frames
- truth, overlap: which voxels the frames have truly shown

To add a piece of furniture: write a builder in `furniture` that returns solids standing on z = 0,
place it in `layout` (`on` names what carries it), and look at a rendering. The room's tests check
that nothing intersects and nothing floats.
"""
