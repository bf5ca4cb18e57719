"""`nesf-ros map`: look into a saved map, and turn it into formats that other programs read."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nesf_ros.voxels.map import VoxelMap

EXPORT_DESCRIPTION = """\
Write a saved map in another format, chosen by the suffix of OUT:

  .ply  coloured triangles (--what mesh), surface points (points) or occupied voxels (voxels)
  .obj  coloured triangles
  .npz  arrays for numpy:
          points, colors, probability    centres (m, map frame), RGB and 0-1 of occupied voxels
          block_index, block_uniform, occupancy, color    all blocks, as in VoxelMap.msg
          voxel_size, block_size, stamp_ns, map_id        the frame they live in
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `map info` and `map export` to the command line."""
    parser = subparsers.add_parser(
        "map", help="look into a saved map, export it", description="Work with saved maps."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    info = actions.add_parser(
        "info", help="what is in a map", description="Say what is in a saved map."
    )
    info.add_argument("file", type=Path, metavar="FILE", help="a .nesfmap file")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.set_defaults(run=run_info)
    export = actions.add_parser(
        "export",
        help="write a map as ply, obj or npz",
        description=EXPORT_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("file", type=Path, metavar="FILE", help="a .nesfmap file")
    export.add_argument("out", type=Path, metavar="OUT", help="file to write: .ply, .obj or .npz")
    export.add_argument(
        "--what", choices=("mesh", "points", "voxels"), default="mesh", help="for .ply (mesh)"
    )
    export.add_argument("--force", action="store_true", help="overwrite OUT")
    export.set_defaults(run=run_export)


def run_info(args: argparse.Namespace) -> int:
    """Print what is in the map."""
    facts = describe(args.file)
    print(json.dumps(facts) if args.json else as_text(facts))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write the map in another format."""
    from nesf_ros.cli.map_export import check_target, export_map

    check_target(args.out, args.what, args.force)
    count, unit = export_map(open_map(args.file), args.out, args.what)
    print(f"{args.out}: {count} {unit}, {args.out.stat().st_size / 2**20:.1f} MiB")
    return 0


def open_map(path: Path) -> VoxelMap:
    """A saved map with the voxel size it was saved with. StorageError if it cannot be read."""
    from nesf_ros.config import MapConfig
    from nesf_ros.voxels.map import VoxelMap
    from nesf_ros.voxels.storage import load_map, read_map_file

    memory_mib = physical_memory_mib()
    about, _ = read_map_file(path, max_bytes=int(memory_mib * 2**20))
    config = MapConfig(
        device="cpu",
        voxel_size_m=about["voxel_size_m"],
        truncation_voxels=about["truncation_voxels"],
        memory_mib=memory_mib,
    )
    voxel_map = VoxelMap(config)
    load_map(voxel_map, path)
    return voxel_map


def physical_memory_mib() -> float:
    """Memory of this machine: no map larger than it is worth reading."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def describe(path: Path) -> dict[str, Any]:
    """What is in a saved map, with units in the names."""
    from nesf_ros.voxels.storage import read_map_file
    from nesf_ros.voxels.views import occupied_voxels

    voxel_map = open_map(path)
    about, tensors = read_map_file(path, max_bytes=int(physical_memory_mib() * 2**20))
    size = voxel_map.config.voxel_size_m
    centres = occupied_voxels(voxel_map)[0].astype(float)
    extent = None
    if len(centres):
        lower, upper = centres.min(0) - size / 2, centres.max(0) + size / 2
        extent = {"lower": lower.round(3).tolist(), "upper": upper.round(3).tolist()}
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "format_version": about["version"],
        "map_id": voxel_map.map_id,
        "stamp_ns": voxel_map.stamp_ns,
        "voxel_size_m": size,
        "submaps": len(voxel_map.submaps),
        "blocks": len(voxel_map.block_index()),
        "voxels": count_states(voxel_map),
        "occupied_extent_m": extent,
        "memory_mib": round(voxel_map.nbytes / 2**20, 1),
        "language": {"model": about["layer"]["model"], "voxels": len(tensors["layer/voxel"])}
        if "layer" in about
        else None,
    }


def count_states(voxel_map: VoxelMap) -> dict[str, int]:
    """Voxels by state, in all blocks that hold anything known."""
    from nesf_ros.voxels.grid import VOXELS
    from nesf_ros.voxels.updates import encode

    occupied = free = total = 0
    for index in voxel_map.block_index().split(4096):
        blocks = encode(voxel_map, index)
        code = blocks.occupancy[blocks.row[blocks.row >= 0]]
        occupied += int((code >= 128).sum())
        free += int(((code > 0) & (code < 128)).sum()) + VOXELS * int((blocks.uniform > 0).sum())
        total += VOXELS * len(index)
    return {"occupied": occupied, "free": free, "unobserved": total - occupied - free}


def as_text(facts: dict[str, Any]) -> str:
    """The facts as lines for people."""
    voxels, extent, language = (facts[key] for key in ("voxels", "occupied_extent_m", "language"))
    rows = {
        "file": f"{facts['file']} ({facts['bytes'] / 2**20:.1f} MiB, version "
        f"{facts['format_version']})",
        "map": f"{facts['map_id']}, newest image at {facts['stamp_ns'] * 1e-9:.3f} s",
        "blocks": f"{facts['blocks']} of 8x8x8 voxels of {facts['voxel_size_m']:g} m, in "
        f"{facts['submaps']} submaps",
        "voxels": f"{voxels['occupied']} occupied, {voxels['free']} free, "
        f"{voxels['unobserved']} unobserved among them",
        "extent": "nothing is occupied"
        if extent is None
        else f"{extent['lower']} to {extent['upper']} m (occupied)",
        "memory": f"{facts['memory_mib']} MiB when loaded",
        "words": "nothing is known of words"
        if language is None
        else f"{language['voxels']} voxels have embeddings of {language['model']}",
    }
    return "\n".join(f"{name:8}{text}" for name, text in rows.items())
