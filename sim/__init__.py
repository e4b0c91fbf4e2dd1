"""What happens: a service delivery system, simulated."""

from sim.journal import Journal
from sim.simulate import simulate

__all__ = ["Journal", "simulate"]
