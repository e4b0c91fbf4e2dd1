"""What is changed and tried: interventions, scenarios, studies."""

from scenarios.config import load_blueprint

__all__ = ["load_blueprint"]
