"""What the map means: language brought into voxels, and taken out again as answers.

- dense, fusion: a keyframe's picture to embeddings per voxel
- calibration, labels: a name and a confidence for every voxel, from any list of names
- relevancy, instances: where something asked for is, and which of several

To add an answer of another kind: take cosines from `FeatureLayer.similarity`, and places from
`layer.table.voxels()`; nothing else of the layer is needed.
"""
