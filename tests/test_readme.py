"""README's word is kept: its commands run, its examples work, its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
QUICK = ("replications=2", "n_jobs=1", "system.horizon.warm_up=0", "system.horizon.measured=40")
QUICK_ALSO = {
    "experiment=ten_stage": ("claim.orders=2000", "claim.grid_orders=400"),
    "experiment=starting_points": ("starting_points.last_weeks=1",),
    "experiment=output_checks": ("output_checks.units=4",),
}
SURVEYS = ("survey.file", "expectations.survey")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the comment directly above it ("" where there is none)."""

    language: str
    text: str
    mark: str


def blocks(text: str) -> list[Block]:
    pattern = r"(?:^<!-- *([^\n]*?) *-->[ \t]*\n(?:[ \t]*\n)?)?^```(\w*)[ \t]*\n(.*?)^```[ \t]*$"
    return [Block(m[2], m[3], m[1] or "") for m in re.finditer(pattern, text, re.MULTILINE | re.DOTALL)]


BLOCKS = blocks(TEXT)
FILES = {block.mark.partition(":")[2].strip(): block.text for block in BLOCKS if block.mark.startswith("file:")}


def marked(mark: str) -> Block:
    [block] = [block for block in BLOCKS if block.mark == mark]
    return block


def commands() -> list[list[str]]:
    """Every shell line that README shows for use (set-up and Windows variants apart), as words."""
    shown = [block for block in BLOCKS if block.language == "bash" and not block.mark]
    lines = "".join(block.text for block in shown).replace("\\\n", " ").splitlines()
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def arguments(words: list[str]) -> list[str]:
    """What a command hands to run.py: `python run.py ...`, `.venv/bin/python run.py ...` or `gapline ...`."""
    if Path(words[0]).name == "gapline":
        return words[1:]
    assert Path(words[0]).name in {"python", "python3"}, f"README: {shlex.join(words)} is tried by no test"
    assert words[1] == "run.py", f"README: {shlex.join(words)} is tried by no test"
    return words[2:]


def quick(given: list[str], folder: str) -> list[str]:
    also = [word for asked in given for word in QUICK_ALSO.get(asked, ())]
    return [*given, *QUICK, *also, f"hydra.run.dir={folder}"]


def test_blocks_are_found_with_their_marks():
    one = "<!-- ci:test -->\n```bash\na\n```\n\n"
    two = "<!-- file: x/y.py -->\n\n```python\nb\n\nc\n```\ntext\n"
    assert blocks(f"{one}{two}```yaml\nd: 1\n```\n") == [
        Block("bash", "a\n", "ci:test"),
        Block("python", "b\n\nc\n", "file: x/y.py"),
        Block("yaml", "d: 1\n", ""),
    ]


# -- what README says without running ------------------------------------------------------------------------


def test_the_two_commands_set_up_a_virtual_environment_first():
    for mark, does in (("ci:run", "python run.py"), ("ci:test", "python -m pytest")):
        lines = marked(mark).text.strip().splitlines()
        assert len(lines) == 1, f"{mark}: one command"
        steps = [step.strip() for step in lines[0].split("&&")]
        assert "-m venv .venv" in steps[0]
        assert "pip install" in steps[1]
        assert "-r requirements.txt" in steps[1]
        assert steps[-1].endswith(does)


def test_windows_has_the_same_steps():
    windows = "\n".join(block.text for block in BLOCKS if block.mark == "windows")
    for part in ("-m venv .venv", r".venv\Scripts\python", "-r requirements.txt", "run.py", "-m pytest"):
        assert part in windows
    assert ".venv/bin" not in windows


def test_links_and_pictures_lead_to_files():
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXT) + re.findall(r"(?:src|href)=\"([^\"]+)\"", TEXT)
    relative = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert any(target.endswith((".png", ".svg")) for target in relative), "a picture of the report"
    assert [target for target in relative if not (ROOT / target).exists()] == []
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert {target[1:] for target in targets if target.startswith("#")} <= anchors


def test_files_and_folders_that_it_names_exist():
    named = re.findall(r"`((?:[\w.]+/)+[\w.]*)`", TEXT)
    own = {*FILES, ".hydra/", "figures/"}  # files that the reader makes, folders of a run
    assert [name for name in named if name not in own and not (ROOT / name).exists()] == []


def test_your_own_system_takes_25_lines_or_fewer():
    systems = [text for path, text in FILES.items() if path.startswith("conf/system/")]
    assert systems
    assert all(len(text.splitlines()) <= 25 for text in systems)


def test_it_shows_every_experiment():
    words = {word for command in commands() for word in command}
    assert {"experiment=ten_stage", "experiment=survey", "experiment=trace"} <= words
    assert ["python", "run.py"] in commands()


# -- running it ----------------------------------------------------------------------------------------------

DRIVER = """
import contextlib, io, json, sys, traceback
tasks = json.load(open("tasks.json"))
import run
answers = []
for words in tasks["runs"]:
    sys.argv = ["run.py", *words]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run.main()
        except SystemExit as stop:
            code = stop.code or 0
        except BaseException:
            code = traceback.format_exc()
    run._faults.clear()
    answers.append([code, out.getvalue(), err.getvalue()])
for text in tasks["blocks"]:
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(text, "README.md", "exec"), {"__name__": "readme"})
        except BaseException:
            code = traceback.format_exc()
    answers.append([code, out.getvalue(), ""])
json.dump(answers, open("answers.json", "w"))
"""


def write_survey(path: Path) -> None:
    generator = np.random.default_rng(11)
    dimensions = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
    answers = [
        (f"r{i}", f"q{j}", dimensions[j % 5], *generator.integers((3, 1), (6, 6))) for i in range(15) for j in range(10)
    ]
    names = ["respondent", "item", "dimension", "expectation", "perception"]
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(answers, columns=names).to_csv(path, index=False)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A reader's copy of the repository, with README's files written and all its commands and examples run.

    One process runs them all. `sim/` stays where it is, unless README changes it, so that its compiled code is found.
    """
    copy = tmp_path_factory.mktemp("reader")
    hidden = shutil.ignore_patterns(".*", "outputs", "multirun", "tests", "__pycache__", "build", "dist")
    changed = any(path.startswith("sim/") for path in FILES)

    def left_out(folder: str, names: list[str]) -> set[str]:
        return hidden(folder, names) | ({"sim"} if folder == str(ROOT) and not changed else set())

    shutil.copytree(ROOT, copy, ignore=left_out, dirs_exist_ok=True)
    for path, text in FILES.items():
        target = copy / path
        assert not target.exists(), f"README: {path} is there already"
        assert target.parent.is_dir(), f"README: the folder of {path} is not there"
        target.write_text(text, encoding="utf-8")
    given = [arguments(words) for words in commands()]
    for name, _, path in (word.partition("=") for words in given for word in words):
        if name in SURVEYS:
            write_survey(copy / path)
    examples = [block.text for block in BLOCKS if block.language == "python" and not block.mark]
    runs = [quick(words, f"runs/{i}") for i, words in enumerate(given)]
    (copy / "tasks.json").write_text(json.dumps({"runs": runs, "blocks": examples}))
    (copy / "driver.py").write_text(DRIVER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "driver.py"], cwd=copy, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads((copy / "answers.json").read_text())
    told = [shlex.join(["python", "run.py", *words]) for words in given] + examples
    return copy, dict(zip(told, answers, strict=True))


RUNS = [shlex.join(["python", "run.py", *arguments(words)]) for words in commands()]


@pytest.mark.parametrize("command", RUNS)
def test_a_command_runs_and_leaves_a_report(reader: tuple[Path, dict[str, Any]], command: str):
    copy, answers = reader
    code, out, err = answers[command]
    assert (code, err) == (0, "")
    path = copy / "runs" / str(RUNS.index(command))
    assert out.splitlines()[-1] == f"Report: {path / 'report.html'}"
    results = json.loads((path / "results.json").read_text())
    wanted = dict(word.split("=", 1) for word in shlex.split(command)[2:])
    assert results["experiment"] == wanted.get("experiment", "compare")
    if "system" in wanted:
        assert results["system"] == wanted["system"]
    if "scenario" in wanted:
        assert list(results["scenarios"]) == wanted["scenario"].strip("[]").split(",")


def test_python_examples_run(reader: tuple[Path, dict[str, Any]]):
    _, answers = reader
    examples = [block.text for block in BLOCKS if block.language == "python" and not block.mark]
    assert examples
    for text in examples:
        code, out, _ = answers[text]
        assert code == 0, code
        if "print(" in text:
            assert out.strip()


def test_your_own_intervention_changes_something(reader: tuple[Path, dict[str, Any]]):
    copy, _ = reader
    own = [Path(path).stem for path in FILES if path.startswith("conf/scenario/")]
    assert own
    for name in own:
        [index] = [i for i, command in enumerate(RUNS) if name in command]
        metrics = json.loads((copy / "runs" / str(index) / "results.json").read_text())["scenarios"][name]["metrics"]
        assert any(metric["difference"]["mean"] for metric in metrics.values())
