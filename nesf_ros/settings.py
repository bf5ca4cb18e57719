"""What a setting is: a field of a frozen dataclass, with a meaning and a range that is checked.

ROS parameters, their descriptors and the YAML are derived from such fields (`ros.parameters`).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields, is_dataclass, replace
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from nesf_ros.errors import ConfigError

ConfigT = TypeVar("ConfigT")
_LISTS = {str: "strings", float: "numbers"}
"""What lists may be of, and what to call it."""


def setting(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    live: bool = False,
    choices: tuple[str, ...] = (),
) -> Any:
    """A configuration field: its default, what it means, its closed range (in a list: of each).

    `live` settings may be changed while the node runs; the others need a restart.
    """
    return field(
        default=default,
        metadata={"doc": doc, "low": low, "high": high, "live": live, "choices": choices},
    )


class Checked:
    """Checks types and ranges of every field on construction."""

    def __post_init__(self):
        hints = get_type_hints(type(self))
        for item in fields(self):  # type: ignore[arg-type]
            check_value(item, hints[item.name], getattr(self, item.name))


def check_value(item: Field, kind: Any, value: Any) -> None:
    """Raise ConfigError unless `value` has the field's type and lies in its range."""
    if is_dataclass(kind):
        return
    if get_origin(kind) is tuple:
        part = get_args(kind)[0]
        if not isinstance(value, tuple) or not all(_is_a(part, one) for one in value):
            raise ConfigError(f"{item.name} is {value!r}; it must be a list of {_LISTS[part]}")
        for one in value:
            check_value(item, part, one)
        return
    if not _is_a(kind, value):
        raise ConfigError(f"{item.name} is {value!r}; it must be of type {kind.__name__}")
    low, high, choices = (item.metadata.get(key) for key in ("low", "high", "choices"))
    if kind in (int, float):
        if kind is float and not math.isfinite(value):
            raise ConfigError(f"{item.name} is {value}; it must be finite")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ConfigError(f"{item.name} is {value}; it must lie in [{low}, {high}]")
    if choices and value not in choices:
        raise ConfigError(f"{item.name} is {value!r}; it must be one of {', '.join(choices)}")


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is of a kind: a whole number is a real one too, and True is no number."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def walk(config: Any, prefix: str = "") -> Iterator[tuple[str, Field, Any]]:
    """Yield (dotted name, field, value) of every leaf setting, in order of declaration."""
    for item in fields(config):
        value = getattr(config, item.name)
        if is_dataclass(value):
            yield from walk(value, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", item, value


def with_values(config: ConfigT, values: Mapping[str, Any]) -> ConfigT:
    """A copy of `config` with the (dotted) names in `values` replaced.

    Raises ConfigError for an unknown name (naming the nearest valid one), a wrong type or range.
    """
    known = {name: value for name, _, value in walk(config)}
    grouped: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise ConfigError(f"unknown setting {name!r}; did you mean {near[0]!r}?")
        section, _, leaf = name.rpartition(".")
        grouped.setdefault(section, {})[leaf] = _like(known[name], value)
    changes = grouped.pop("", {})
    for section, part in grouped.items():
        changes[section] = replace(getattr(config, section), **part)
    return replace(config, **changes)  # type: ignore[type-var]


def _like(known: Any, value: Any) -> Any:
    """A whole number as a real one where `known` is real (True is no length), also in lists."""
    if isinstance(known, float) and type(value) is int:
        return float(value)
    if isinstance(known, tuple) and isinstance(value, tuple) and known:
        return tuple(_like(known[0], one) for one in value)
    return value
