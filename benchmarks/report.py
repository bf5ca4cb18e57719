"""The one form in which figures are printed."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """Figures of one benchmark and the bars they are held against."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)
    bars: list[dict[str, Any]] = field(default_factory=list)

    def at_most(self, name: str, value: float, bound: float) -> None:
        """Hold a value against an upper bound."""
        self._bar(name, value, f"<= {bound}", bool(value <= bound))

    def at_least(self, name: str, value: float, bound: float) -> None:
        """Hold a value against a lower bound."""
        self._bar(name, value, f">= {bound}", bool(value >= bound))

    def _bar(self, name: str, value: float, bound: str, ok: bool) -> None:
        self.bars.append({"name": name, "value": round(float(value), 6), "bound": bound, "ok": ok})

    def as_json(self) -> str:
        """One JSON object."""
        about = {"name": self.name, "figures": self.figures, "bars": self.bars,
                 "machine": machine()}  # fmt: skip
        return json.dumps(about, indent=2)

    def as_text(self) -> str:
        """For people."""
        lines = [f"{self.name} on {machine()}"]
        lines += [f"  {key}: {_short(value)}" for key, value in self.figures.items()]
        for bar in self.bars:
            verdict = "ok" if bar["ok"] else "MISSED"
            lines.append(f"  [{verdict}] {bar['name']}: {bar['value']} (bar {bar['bound']})")
        return "\n".join(lines)


def machine() -> str:
    """Processor, cores and operating system."""
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items())
    return str(value)
