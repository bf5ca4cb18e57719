"""`nesf-ros doctor`: is everything installed and working, and if not, how to mend it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict

from nesf_ros.cli import checks, machine_checks
from nesf_ros.cli.checks import FAIL, OK, Finding

CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    checks.check_python,
    checks.check_system_libraries,
    checks.check_dependencies,
    checks.check_interfaces,
    checks.check_ros_extras,
    machine_checks.check_fastdds_profile,
    machine_checks.check_shared_memory,
    machine_checks.check_dds,
    machine_checks.check_gpu,
    machine_checks.check_kernel_cache,
    machine_checks.check_map_folder,
)
"""In the order of dependence: what fails first explains what fails later."""
MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="check the installation and say how to mend it",
        description="Check the installation, DDS, GPU and system libraries, and say how to mend "
        "what is wrong. Exit code 1 if anything fails; warnings do not count.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run all checks, print what they found; 1 if any failed."""
    findings = []
    for check in CHECKS:
        for finding in _examined(check):
            findings.append(finding)
            if not args.json:
                print(as_text(finding), flush=True)
    healthy = all(finding.status != FAIL for finding in findings)
    if args.json:
        print(json.dumps({"ok": healthy, "checks": [asdict(finding) for finding in findings]}))
    else:
        counts = Counter(finding.status for finding in findings)
        print(f"\n{counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failures")
    return 0 if healthy else 1


def _examined(check) -> list[Finding]:
    """What a check finds; one that breaks down is itself a finding, and the others still run."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what the user asks about
        name = check.__name__.removeprefix("check_").replace("_", " ")
        detail = f"the check broke down: {type(error).__name__}: {error}"
        return [Finding(name, FAIL, detail, "run `make setup` again; if it stays, report it")]


def as_text(finding: Finding) -> str:
    """One line, and a second one with the remedy where there is something to mend."""
    line = f"{MARKS[finding.status]} {finding.name}: {finding.detail}"
    return line if finding.status == OK else f"{line}\n    → {finding.remedy}"
