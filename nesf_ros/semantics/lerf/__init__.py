"""A language field beside the scene field (LERF, Kerr et al. 2023).

- supervision: what a keyframe teaches it; presets: how large, how long, by which crops
- language_field, fit: an embedding for every place and physical size, learned from keyframes
- cache: what it knows, brought into the voxels; choice: at which size a question is answered

To have it regularised by other features: make a `Lesson` of them, whatever their width.
"""
