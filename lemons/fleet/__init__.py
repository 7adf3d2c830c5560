"""Work in units, on one machine or many: see `lemons.fleet.units` for what a unit is, `lemons.fleet.results` for where
results are, and `lemons.fleet.on_ray` for clusters.
"""

from lemons.extras import require

require("work in units", "pyarrow", "threadpoolctl", extra="scale")

from lemons.fleet.on_ray import run_on_ray
from lemons.fleet.results import Results
from lemons.fleet.units import Failure, Unit, run_here

__all__ = ["Failure", "Results", "Unit", "run_here", "run_on_ray"]
