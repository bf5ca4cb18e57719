"""LERF's experiments as a table: each method on every scene, thresholds from validation scenes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from nesf_ros.config import NesfConfig
from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import Figure
from nesf_ros.evaluation.lerf_methods import Studied, without_patches, without_sizes
from nesf_ros.evaluation.lerf_metrics import (
    PROTOCOLS,
    Answers,
    SceneVerdict,
    Verdicts,
    existence_threshold,
    figures,
    joined,
    judge,
    lead,
)
from nesf_ros.evaluation.lerf_scenes import LerfScene, existence
from nesf_ros.semantics.lerf.presets import PRESETS
from nesf_ros.vision.models import load_model

VOXELS, SINGLE = "voxel mean", "single view"
METHODS: dict[str, Callable[[Studied], Answers]] = {
    VOXELS: Studied.voxel_mean,
    SINGLE: Studied.single_view,
    "LERF live": lambda studied: studied.lerf(PRESETS["live"]),
    "LERF live, as the services answer": lambda studied: studied.live_map(PRESETS["live"]),
    "LERF cpu": lambda studied: studied.lerf(PRESETS["cpu"]),
    "LERF cpu without multi-scale": lambda studied: studied.lerf(without_sizes(PRESETS["cpu"])),
    "LERF cpu without regulariser": lambda studied: studied.lerf(without_patches(PRESETS["cpu"])),
}
"""By name; what is compared with the others comes first."""

SceneVerdicts = dict[str, dict[str, SceneVerdict]]
"""Of one scene: by method, by protocol."""


@dataclass(frozen=True)
class Row:
    """One method in one protocol."""

    method: str
    protocol: str
    figures: dict[str, Figure]
    """Titles as `lerf_metrics.figures` has them, without the protocol."""
    leads: dict[str, Figure]
    """Of localisation, over the voxel mean and over the single view, where these can answer."""


def known(methods: Sequence[str]) -> list[str]:
    """Methods by name, as they are; all for none. Raises EvaluationError for an unknown one."""
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise EvaluationError(f"no method {unknown[0]!r}; there are {', '.join(METHODS)}")
    return list(methods) or list(METHODS)


def study(
    scenes: Sequence[LerfScene], config: NesfConfig, methods: Sequence[str], folder: Path | None
) -> Iterator[SceneVerdicts]:
    """Judge methods on scenes, one by one.

    With a folder, scenes that were judged before, by the same model and of the same phrases, are
    read from there, so that a run that was cut off goes on. Raises EvaluationError for an unknown
    method.
    """
    methods = known(methods)
    model = load_model(config.vision, torch.device("cpu"))
    for scene in scenes:
        file = folder / f"{scene.name}.json" if folder else None
        there = existence(scene, scenes)
        found = {name: each for name, each in _kept(file).items() if _asked(each, there)}
        missing = [name for name in methods if name not in found]
        if missing:
            studied = Studied(scene, model, config)
            for name in missing:
                answers = METHODS[name](studied)
                found[name] = judge(answers, scene, there, config.map.voxel_size_m)
                if file:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    part = file.with_suffix(".part")  # cut off here, the file is the last one
                    part.write_text(json.dumps(found, default=asdict))
                    part.replace(file)
        yield {name: found[name] for name in methods}


def _kept(file: Path | None) -> SceneVerdicts:
    """What was judged of a scene before."""
    if file is None or not file.exists():
        return {}
    return {
        method: {
            protocol: SceneVerdict(
                [(hit, kind, chance) for hit, kind, chance in found["hits"]],
                [(score, there) for score, there in found["scores"]],
            )
            for protocol, found in protocols.items()
        }
        for method, protocols in json.loads(file.read_text()).items()
    }


def _asked(found: dict[str, SceneVerdict], there: dict[str, bool]) -> bool:
    """Whether these phrases were asked for; other scenes beside it bring others."""
    truths = list(there.values())
    return all([truth for _, truth in verdict.scores] == truths for verdict in found.values())


def rows(test: Sequence[SceneVerdicts], validation: Sequence[SceneVerdicts]) -> list[Row]:
    """The table: figures of test scenes, at thresholds that suit the validation scenes best."""
    verdicts = {name: joined([scene[name] for scene in test]) for name in test[0]}
    table = []
    for name, found in verdicts.items():
        tried = joined([scene[name] for scene in validation]) if validation else {}
        thresholds = {protocol: existence_threshold(them) for protocol, them in tried.items()}
        everything = figures(found, thresholds)
        for protocol, mine in found.items():
            suffix = f", {protocol}"
            own = {
                title.removesuffix(suffix): figure
                for title, figure in everything.items()
                if title.endswith(suffix)
            }
            table.append(Row(name, protocol, own, _leads(name, mine, verdicts, protocol)))
    return table


def _leads(
    name: str, mine: Verdicts, verdicts: dict[str, dict[str, Verdicts]], protocol: str
) -> dict[str, Figure]:
    rivals = [rival for rival in (VOXELS, SINGLE) if rival != name and rival in verdicts]
    return {
        rival: lead(mine, verdicts[rival][protocol])
        for rival in rivals
        if protocol in verdicts[rival]
    }


def text(table: Sequence[Row]) -> str:
    """The table for people, a block for each protocol."""
    lines = []
    for protocol in PROTOCOLS:
        lines.append(f"{protocol}")
        for row in (row for row in table if row.protocol == protocol):
            lines.append(f"  {row.method}")
            lines += [f"    {title:<36}{figure}" for title, figure in row.figures.items()]
            lines += [f"    leads {rival:<30}{figure}" for rival, figure in row.leads.items()]
    return "\n".join(lines)
