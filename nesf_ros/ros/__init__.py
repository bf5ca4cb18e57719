"""ROS 2 nodes and what they stand on: the only part of the package that imports rclpy.

How to add a node: write `<name>_node.py` with a `main(args=None)`, under 200 lines, which declares
parameters, subscribes, converts (`convert.py`), hands over to its worker and publishes; add
`scripts/<name>_node` and name it in CMakeLists.txt; start it in a launch file and in
`nesf-ros up`.
"""
