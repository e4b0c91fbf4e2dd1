"""What a decision hangs on: screening, variance shares, one-at-a-time ranges, and where the decision would turn."""

from analysis.sensitivity.answers import answers
from analysis.sensitivity.contrast import Contrast, Response
from analysis.sensitivity.export import results_of, tables_of
from analysis.sensitivity.settings import SensitivitySettings, sensitivity_settings
from analysis.sensitivity.study import Sensitivity, analysed, check, study

__all__ = [
    "Contrast", "Response", "Sensitivity", "SensitivitySettings", "analysed", "answers", "check", "results_of",
    "sensitivity_settings", "study", "tables_of",
]  # fmt: skip
