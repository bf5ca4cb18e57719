"""nesf_ros: posed RGB-D frames become a live voxel map that answers questions."""

__version__ = "0.1.0"
