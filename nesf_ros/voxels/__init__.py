"""The block-sparse voxel map: what robots trust.

`VoxelMap` (map.py) is a set of bounded submaps; each is a `BlockGrid` (grid.py) that `Integrator`
(integrate.py) fills with depth and colour. `read.py`, `sampling.py`, `sight.py`, `views.py` and
`surface.py` take answers out, `updates.py` says what has changed (in the form of `encoding.py`),
`storage.py` keeps it on disk.

What voxels mean is kept beside them, for occupied ones alone: `FeatureLayer` (features.py) has a
row for each voxel that a keyframe has shown (table.py), with its embedding (basis.py) and label,
until that goes (forgetting.py).

How to add a quantity per voxel (say, a label): 1. a tensor in `BlockGrid._reserve`; 2. write it in
`integrate.py` or a module of its own; 3. carry it through `VoxelMap.blocks`; 4. raise
`format.VERSION` and save it; 5. give it a field in `encoding.BlockUpdate` and in VoxelMap.msg.
"""

from nesf_ros.voxels.map import VoxelMap

__all__ = ["VoxelMap"]
