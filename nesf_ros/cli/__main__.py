"""`python -m nesf_ros.cli`: the `nesf-ros` command where no console script is installed."""

import sys

from nesf_ros.cli import main

sys.exit(main())
