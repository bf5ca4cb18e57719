"""What the map means: language brought into voxels, and taken out again as answers.

- dense, fusion: a keyframe's picture to embeddings per voxel
- calibration, labels: a name and a confidence for every voxel, from any list of names
- questions, reading: what is asked, and its embeddings
- relevancy, instances: where something asked for is, and which of several
- lookup, views: what is known of points, and of what a camera would see
- language: all of it, for one map and one model

To add an answer of another kind: take cosines from `FeatureLayer.similarity`, and places from
`layer.table.voxels()`; nothing else of the layer is needed.
"""
