"""ROS parameters made from the configuration dataclasses, and back."""

from __future__ import annotations

import array
import difflib
from dataclasses import Field
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from nesf_ros.errors import ConfigError
from nesf_ros.settings import ConfigT, walk, with_values

FOREIGN = ("use_sim_time", "start_type_description_service", "qos_overrides")
"""Parameters that rclpy itself declares."""


def load(node: Node, *defaults: Any) -> list[Any]:
    """Declare every setting of some configurations on `node`; returns them as the node has them.

    The node must have been made with `automatically_declare_parameters_from_overrides=True`, so
    that what was given and is unknown can be told. Raises ConfigError naming the nearest valid
    name, or the allowed range.
    """
    given = {
        name: from_ros(node.get_parameter(name).value)
        for name in node.list_parameters([], 0).names
        if name.split(".")[0] not in FOREIGN
    }
    names = [{name for name, _, _ in walk(config)} for config in defaults]
    known = set().union(*names)
    for name in given.keys() - known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise ConfigError(f"unknown parameter {name!r}; did you mean {near[0]!r}?")
    loaded = []
    for config, own in zip(defaults, names, strict=True):
        loaded.append(with_values(config, {k: v for k, v in given.items() if k in own}))
        for name, item, value in walk(loaded[-1]):
            if node.has_parameter(name):
                node.set_descriptor(name, descriptor(item))
            else:
                node.declare_parameter(name, to_ros(value), descriptor(item))
    return loaded


def descriptor(item: Field) -> ParameterDescriptor:
    """What `ros2 param describe` says of a setting."""
    about = item.metadata
    text = about["doc"] + (f" ({', '.join(about['choices'])})" if about["choices"] else "")
    out = ParameterDescriptor(
        description=text,
        read_only=not about["live"],
        dynamic_typing=True,  # `5` in a YAML file must do where 5.0 is meant
    )
    if about["low"] is not None and isinstance(item.default, float):
        limits = {"from_value": float(about["low"]), "to_value": float(about["high"])}
        out.floating_point_range = [FloatingPointRange(**limits)]
    elif about["low"] is not None and isinstance(item.default, int):
        out.integer_range = [IntegerRange(from_value=about["low"], to_value=about["high"])]
    return out


def update(config: ConfigT, changed: list[Parameter]) -> ConfigT:
    """The configuration after parameters were set on the running node; ConfigError if invalid."""
    known = {name: item for name, item, _ in walk(config)}
    values = {p.name: from_ros(p.value) for p in changed if p.name in known}
    for name in values:
        if not known[name].metadata["live"]:
            raise ConfigError(f"{name} cannot change while the node runs; restart it")
    return with_values(config, values)


def from_ros(value: Any) -> Any:
    """A parameter's value as the dataclasses hold it."""
    return tuple(value) if isinstance(value, (list, tuple, array.array)) else value


def to_ros(value: Any) -> Any:
    """A setting as rclpy takes it."""
    return list(value) if isinstance(value, tuple) else value
