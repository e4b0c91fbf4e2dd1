"""Decisions: statistics (pure functions of arrays of replications), and the study that asks for them.

Pure: cost_effectiveness, equivalence, multiplicity, paired, run_length, selection, stopping. The study: settings, runs,
warm_up (pilot runs), study (all the evidence of a sample), export.
"""
