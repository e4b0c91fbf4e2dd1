"""Gapline: compose the configuration, check it, run the experiment, name the report.

python run.py                              the main job: a base and six improvement scenarios
python run.py experiment=decide            which scenario is best, how sure, at what cost, what would change it
python run.py experiment=diagnose          why customers are disappointed: causes taken out of the same runs
python run.py experiment=claims            the founding texts' claims, with verdicts that can be no
python run.py experiment=compounding       how errors compound along a chain of one's own
python run.py experiment=factorial         a programme's members in all combinations
python run.py experiment=starting_points   the same system begun well and badly: one regime or two
python run.py experiment=output_checks     correlations in the output against published ones
python run.py experiment=ten_stage         the founding paper's compounding figure
python run.py experiment=survey survey.file=answers.csv
python run.py experiment=trace             one run in full
python run.py experiment=sweep 'sweep.over={scenario: [do_nothing, hiring]}'   many configurations, kept in a store
python run.py experiment=report run=DIR    draw a finished run again, or set several side by side
python run.py experiment=teach             the teaching page: four live lessons in the browser
python run.py experiment=animate           a replay of one run for slides
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))  # until main() knows better: nothing has begun

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from analysis.experiments import check_experiment, run_experiment
from analysis.run_folder import RunFolder, command_line, unwritable
from scenarios.compose import CONF, compose_config, explain, permit_new_parameters, record_composition
from scenarios.config import Settings, settings_from
from sim.invalid import InvalidInput

BAD_INPUT, INTERRUPTED = 2, 130
_faults: list[InvalidInput] = []  # of the jobs that Hydra ran: raised there, they would come with its own message
_typed: list[str] = []  # the command as it was typed


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def _hydra_entry(config: DictConfig) -> None:
    try:
        _run_into(Path(HydraConfig.get().runtime.output_dir), settings_from(config))
    except InvalidInput as fault:
        _faults.append(fault)


def _run_into(place: Path, settings: Settings) -> None:
    folder = RunFolder(place, _typed)
    try:
        run_experiment(settings, folder)
    except (InvalidInput, KeyboardInterrupt):
        folder.discard_if_empty()
        raise


def _is_for_hydra(override: str) -> bool:
    """Whether Hydra itself has to see it (the folder of a run is taken care of here)."""
    return override.lstrip("+~").startswith("hydra") and not override.startswith("hydra.run.dir=")


def main() -> None:
    """Entry point of `python run.py` and `gapline`. Exit code 2 and one line for bad input, 130 after Ctrl-C."""
    if __name__ == "__main__" and callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its exceptions over instead of printing them
    _typed[:] = command_line()
    words = sys.argv[1:]
    plain = not any(word.startswith("-") for word in words)
    overrides = [word for word in words if plain or ("=" in word and not word.startswith("-"))]
    try:
        if plain:
            settings = settings_from(compose_config(overrides))
            check_experiment(settings)  # find bad input before a folder is made
        if plain and not any(map(_is_for_hydra, overrides)):
            _run_into(record_composition(overrides), settings)
        else:
            permitted = dict(zip(overrides, permit_new_parameters(overrides), strict=True))
            sys.argv[1:] = [permitted.get(word, word) for word in words]
            _hydra_entry()
    except InvalidInput as fault:
        _faults.append(fault)
    except KeyboardInterrupt:
        print("stopped before any replication was complete; nothing was written", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as fault:
        if type(fault).__module__.startswith(("hydra", "omegaconf")):  # among them a kind of OSError
            _faults.append(explain(fault, overrides))
        elif isinstance(fault, OSError):
            _faults.append(unwritable(Path(fault.filename or "."), fault))
        else:
            raise
    for found in _faults:
        print(f"gapline: {found}", file=sys.stderr)
    if _faults:
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
