"""Starts the perception node beside a camera and a TF tree.

ros2 launch nesf_ros perception.launch.py camera:=/camera map_frame:=map
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from nesf_ros.ros.environment import share_file, transport_variables

ARGUMENTS = {
    "camera": ("", "base name of the camera's topics, several with commas; empty: params_file"),
    "map_frame": ("", "TF frame of the map, z up; empty: as in params_file"),
    "params_file": ("", "YAML of parameters; empty: the package's config/perception.yaml"),
    "namespace": ("", "namespace of the node"),
    "use_sim_time": ("false", "take the time from /clock"),
    "name": ("nesf", "name of the node, and so the first part of its topics and services"),
}


def generate_launch_description() -> LaunchDescription:
    """The arguments, the Fast DDS profile unless the user has chosen one, and the node."""
    arguments = [
        DeclareLaunchArgument(
            name,
            default_value=default,
            description=description,
            choices=["true", "false"] if name == "use_sim_time" else None,
        )
        for name, (default, description) in ARGUMENTS.items()
    ]
    profile = [SetEnvironmentVariable(*item) for item in transport_variables().items()]
    return LaunchDescription([*arguments, *profile, OpaqueFunction(function=perception)])


def perception(context) -> list[Node]:
    """The node, with what was given on the command line on top of the parameter file."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    overrides = {"use_sim_time": given["use_sim_time"] == "true"}
    if given["camera"]:
        overrides["cameras"] = [name.strip() for name in given["camera"].split(",")]
    if given["map_frame"]:
        overrides["map_frame"] = given["map_frame"]
    params_file = given["params_file"] or str(share_file("config/perception.yaml"))
    return [
        Node(
            package="nesf_ros",
            executable="perception_node",
            name=given["name"],
            namespace=given["namespace"],
            parameters=[params_file, overrides],
            output="screen",
        )
    ]
