"""Pure maths of poses, cameras and images: numpy in, numpy out, no ROS, no torch.

- se3: rigid transforms as 4×4 matrices; pose7: the same in plain numbers, for hot paths
- cameras: projection, carrying masks between cameras
- rectify: lens distortion
- images, compressed: image buffers of any ROS encoding to RGB and metric depth
"""
