"""Running many points on processes, threads or a Dask cluster, with results that depend on none of that.

`run_points` takes the points one after another (there may be millions), hands what is finished to one writer, and
outlives its workers: when one dies, only the runs in flight are repeated.
"""

from scenarios.execution.interrupts import interrupts_wait
from scenarios.execution.run import run_points
from scenarios.execution.settings import BACKENDS, Execution, Measured, Outcome, Point, Run, compile_first

__all__ = [
    "BACKENDS", "Execution", "Measured", "Outcome", "Point", "Run", "compile_first", "interrupts_wait", "run_points",
]  # fmt: skip
