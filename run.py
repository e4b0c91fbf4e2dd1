"""Gapline: compose the configuration, check it, run the experiment, name the report.

python run.py                              the main job: a base and six improvement scenarios
python run.py experiment=ten_stage         the founding paper's compounding figure
python run.py experiment=survey survey.file=answers.csv
python run.py experiment=trace             one run in full
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from analysis.experiments import run_experiment
from analysis.run_folder import RunFolder, command_line, unwritable
from scenarios.config import CONF, compose_config, explain, settings_from
from sim.invalid import InvalidInput

BAD_INPUT, INTERRUPTED = 2, 130


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def _hydra_entry(config: DictConfig) -> None:
    folder = RunFolder(Path(HydraConfig.get().runtime.output_dir), command_line())
    run_experiment(settings_from(config), folder)


def main() -> Any:
    """Entry point of `python run.py` and `gapline`. Exit code 2 and one line for bad input, 130 after Ctrl-C."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its exceptions over instead of printing them
    overrides = [word for word in sys.argv[1:] if not word.startswith("-")]
    try:
        if len(overrides) == len(sys.argv) - 1:  # plain run: find bad input before a folder is made
            settings_from(compose_config(overrides))
        _hydra_entry()
    except InvalidInput as fault:
        return _stop(fault)
    except (HydraException, OmegaConfBaseException) as fault:
        return _stop(explain(fault, overrides))
    except OSError as fault:
        return _stop(unwritable(Path(fault.filename or "."), fault))
    except KeyboardInterrupt:
        print("stopped before any replication was complete; nothing was written", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _stop(fault: InvalidInput) -> None:
    print(f"gapline: {fault}", file=sys.stderr)
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
