"""`python -m benchmarks NAME [--json] [--list]`."""

from __future__ import annotations

import argparse
import importlib
import sys

from nesf_ros.config import SemanticsConfig

NAMES = (
    "integration",
    "map_real",
    "map_accuracy",
    "live",
    "synthetic",
    "relevancy",
    "semantics",
    "questions",
    "unseen",
    "encoding",
    "field_synthetic",
    "field_real",
)


def main() -> int:
    """Run one benchmark; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Make one of the figures.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--data", default="data", help="folder with the recordings (default: %(default)s)"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="length of `live`")
    parser.add_argument(
        "--field",
        action="store_true",
        help="fit scene and language fields in `live`, answer by size in `questions`",
    )
    parser.add_argument(
        "--model", default="nesf-mini", help="of `semantics`, as vision.model; oracle: none"
    )
    parser.add_argument("--pretrained", default="embedded", help="its weights")
    parser.add_argument(
        "--windows",
        type=float,
        nargs="+",
        default=SemanticsConfig().windows,
        help="of `semantics`, as semantics.windows",
    )
    args = parser.parse_args()
    report = importlib.import_module(f"benchmarks.{args.name}").run(args)
    print(report.as_json() if args.json else report.as_text())
    return 0 if all(bar["ok"] for bar in report.bars) else 1


if __name__ == "__main__":
    sys.exit(main())
