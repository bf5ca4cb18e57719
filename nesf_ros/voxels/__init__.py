"""The block-sparse voxel map: what robots trust.

`VoxelMap` (map.py) is a set of bounded submaps; each is a `BlockGrid` (grid.py) that `Integrator`
(integrate.py) fills with depth and colour. `read.py`, `views.py` and `surface.py` take answers out,
`updates.py` says what has changed, `storage.py` keeps it all on disk.

How to add a quantity per voxel (say, a label): 1. a tensor in `BlockGrid._reserve`; 2. write it in
`integrate.py` or a module of its own; 3. carry it through `VoxelMap.blocks`; 4. raise
`format.VERSION` and save it; 5. give it a field in `updates.BlockUpdate` and in VoxelMap.msg.
"""

from nesf_ros.voxels.map import VoxelMap

__all__ = ["VoxelMap"]
