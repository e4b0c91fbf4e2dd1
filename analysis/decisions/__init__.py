"""The statistics of decisions: pure functions of arrays of replications. No runs, no figures, no files."""
