"""The object library: one builder per class, each instance different, all from solid parts.

To add a class: write a builder with `object_class` in the module of its family (or a new one, to
be named below). It gets a `Draw` and returns a `Model`: parts with names, the main material, and
receptacles if it can hold something. Then look at it:
`nesf-ros synthesize --preview classes --classes NAME`. The tests check every class of the
catalogue: size range, resting, closed meshes, receptacles that are empty.
"""

from nesf_ros.synthetic.objects import (
    basins,
    beds,
    benches,
    bicycles,
    coffee_machine,
    computing,
    countertop,
    displays,
    dolls,
    drawers,
    fridge,
    hall,
    hand_tools,
    home_appliances,
    kitchen_appliances,
    laundry,
    road_vehicles,
    seating,
    shapes,
    storage,
    tables,
    tools,
    toys,
    upholstery,
    vacuum_cleaner,
    vehicles,
    yard_tools,
)
from nesf_ros.synthetic.objects.catalog import CLASSES, ObjectClass, build, class_named

__all__ = [
    "CLASSES",
    "ObjectClass",
    "build",
    "class_named",
    "basins",
    "beds",
    "benches",
    "bicycles",
    "coffee_machine",
    "computing",
    "countertop",
    "displays",
    "dolls",
    "drawers",
    "fridge",
    "hall",
    "hand_tools",
    "home_appliances",
    "kitchen_appliances",
    "laundry",
    "road_vehicles",
    "seating",
    "shapes",
    "storage",
    "tables",
    "tools",
    "toys",
    "upholstery",
    "vacuum_cleaner",
    "vehicles",
    "yard_tools",
]
