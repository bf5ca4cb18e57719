"""From images and transforms to posed frames, and the keyframes kept of them.

- sync: colour and depth images to pairs
- tf_buffer: transforms by stamp; the pose of a camera when its image was taken
- waiting: pairs that wait for their pose
- masks: pairs that wait for their ignore mask, too
- keyframes: the few frames worth keeping; overlap: how much two views see in common
- counters: what was dropped, and why
"""
