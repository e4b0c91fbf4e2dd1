"""The chain in cimba, the Python package of the compiled C engine: a process per customer, a resource per stage.

Visits are recorded as cimba users record samples: captured data sets of each stage, returned as arrays with the run.
No customer is named in them, which is less than the other peers record. Run as a program, it reads numbers of customers
from stdin and answers each with the number of visits.
"""

from __future__ import annotations

import sys
from functools import cache

import cimba
from benchmarks.chain_model import ERROR, MEMBERS, RATE, SERVICE, STAGES
from cimba import inputs

_KEPT = ("arrived", "began", "ended", "erred")


class Stage(cimba.Model):
    service: cimba.Input[float] = inputs.dist.exponential(mean=SERVICE)
    members: cimba.Resource
    arrived: cimba.Dataset
    began: cimba.Dataset
    ended: cimba.Dataset
    erred: cimba.Dataset

    def __init__(self) -> None:
        self.members = cimba.Resource(capacity=MEMBERS)
        for name in _KEPT:
            samples = cimba.Dataset()
            samples.capture()
            setattr(self, name, samples)


class Customer(cimba.Model):
    line: cimba.Ref[Line]

    @cimba.process
    def journey(self):
        stages = self.line.stages
        for index in range(len(stages)):
            stage = stages[index]
            arrived = cimba.now()
            stage.members.acquire(1)
            began = cimba.now()
            cimba.hold(stage.service.next())
            stage.members.release(1)
            stage.arrived.record(arrived)
            stage.began.record(began)
            stage.ended.record(cimba.now())
            stage.erred.record(float(cimba.random.bernoulli(ERROR)))


class Line(cimba.Model):
    customers: cimba.Param[int] = 0
    gap: cimba.Input[float] = inputs.dist.exponential(mean=1.0 / RATE)
    stages: list[Stage]

    @cimba.process
    def source(self):
        for _ in range(self.customers):
            cimba.hold(self.gap.next())
            cimba.spawn(Customer, line=self)


@cache
def _experiment(customers: int) -> tuple[Line, cimba.Experiment]:
    line = Line()
    line.customers = customers
    line.stages = [Stage() for _ in range(STAGES)]
    return line, cimba.Experiment(line, window=cimba.Window.until_idle(), seed=1)


def cimba_line(customers: int) -> int:
    """Run it on one thread; returns the number of visits recorded."""
    line, experiment = _experiment(customers)
    results = experiment.run(workers=1)
    if results.failed.any():
        raise RuntimeError(f"cimba's trial failed: {results.failure_reasons}")
    return sum(len(results[stage].ended.trial(0, 0)[1]) for stage in line.stages)


if __name__ == "__main__":
    for asked in sys.stdin:
        print(cimba_line(int(asked)), flush=True)
