"""What README and the guides show, tried as a reader would: commands and examples, in a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("n_jobs=1", "replications=2", "system.horizon.warm_up=0", "system.horizon.measured=40")
# Where a command does not choose: few scenarios for settings of the main job (its bare form runs whole), one claim.
QUICK_FIRST = {"": ("scenario=[do_nothing,frontline_training]",), "experiment=claims": ("claim=C02",)}
QUICK_ALSO = {
    "experiment=ten_stage": ("ten_stage.orders=2000", "ten_stage.grid_orders=400"),
    "experiment=starting_points": ("starting_points.last_weeks=1",),
    "experiment=output_checks": ("output_checks.units=4",),
    "experiment=diagnose": ("diagnose.exact=2", "diagnose.permutations=4"),
    "experiment=animate": ("animate.orders=20",),
    "experiment=decide": (
        "replications=5", "decide.most_replications=5", "decide.resamples=100", "decide.pilot_replications=2",
        "decide.pilot_weeks=12",
    ),
    "decide.sensitivity=true": (
        "decide.sensitivity={tornado_replications: 2, grid: 3, bisections: 0, reversal_replications: 2, "
        "trajectories: 2, strongest: 2, sobol: 4, replications: 2, sheet: false}",
        "decide.ranges={system.perception.halo: {low: 0.0, high: 0.6}, "
        "system.recovery.recovered_damage: {low: 0.0, high: 1.0}}",
    ),
}  # fmt: skip
QUICK_INSTEAD = {
    "experiment=claims": ("n_jobs=1", "claims.replications=2", "claims.points=2", "claims.robust_replications=1"),
    "experiment=compounding": ("n_jobs=1", "replications=2", "compounding.orders=400", "compounding.check_orders=400"),
    "experiment=teach": ("teach.minutes=0.001",),
    "experiment=report": (),
}
NO_REPORT = ("experiment=teach", "sweep.status=true")  # they only show or say something
SURVEYS = ("survey.file", "expectations.survey")
_DRIVER = """
import contextlib, io, json, sys, traceback

BLANK = '<svg xmlns="http://www.w3.org/2000/svg"/>'

def tried(does):
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            does()
        except SystemExit as stop:
            code = stop.code or 0
        except BaseException:
            code = traceback.format_exc()
    return [code, out.getvalue(), err.getvalue()]

def main():
    import run
    from analysis.figures import style
    style.write_png = lambda figure, path: path.write_bytes(b"")  # drawn as SVG already; takes a third of the time
    draw, drawn = style._draw, set()  # each experiment's figures are drawn once; another time they are blank
    tasks, answers = json.load(open("tasks.json")), []
    for words in tasks["runs"]:
        kind = next((word for word in words if word.startswith("experiment=")), "")
        style._draw = (lambda figure: BLANK) if kind in drawn else draw
        drawn.add(kind)
        sys.argv = ["run.py", *words]
        answers.append(tried(run.main))
        run._faults.clear()
    for text in tasks["examples"]:
        code = compile(text, "an example", "exec")
        answers.append(tried(lambda: exec(code, {"__name__": "example"})))
    json.dump(answers, open("answers.json", "w"))

if __name__ == "__main__":  # workers that are started anew read this file, and must not do it all again
    main()
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the comment directly above it ("" where there is none)."""

    language: str
    text: str
    mark: str


def blocks(text: str) -> list[Block]:
    pattern = r"(?:^<!-- *([^\n]*?) *-->[ \t]*\n(?:[ \t]*\n)?)?^```(\w*)[ \t]*\n(.*?)^```[ \t]*$"
    return [Block(m[2], m[3], m[1] or "") for m in re.finditer(pattern, text, re.MULTILINE | re.DOTALL)]


@dataclass(frozen=True)
class Document:
    """A page of the documentation."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        return blocks(self.text)

    @property
    def files(self) -> dict[str, str]:
        """Files that the reader is told to write: path -> content."""
        marks = {block.mark.partition(":")[2].strip(): block for block in self.blocks if block.mark[:5] == "file:"}
        return {path: block.text for path, block in marks.items()}

    @property
    def examples(self) -> list[str]:
        """What is written in Python for use, files apart."""
        return [block.text for block in self.blocks if block.language == "python" and not block.mark]

    @property
    def commands(self) -> list[list[str]]:
        """Every shell line for use (set-up and Windows variants apart), as words."""
        shown = [block for block in self.blocks if block.language == "bash" and not block.mark]
        lines = "".join(block.text for block in shown).replace("\\\n", " ").splitlines()
        return [words for words in (shlex.split(line, comments=True) for line in lines) if words]

    @property
    def runs(self) -> list[list[str]]:
        """What the commands hand to run.py."""
        return [self._arguments(words) for words in self.commands]

    def _arguments(self, words: list[str]) -> list[str]:
        """Of `python run.py ...`, `.venv/bin/python run.py ...` or `gapline ...`."""
        if Path(words[0]).name == "gapline":
            return words[1:]
        untried = f"{self.path.name}: {shlex.join(words)} is tried by no test"
        assert Path(words[0]).name in {"python", "python3"}, untried
        assert words[1] == "run.py", untried
        return words[2:]

    def check_links(self) -> None:
        """Links, pictures and names of files lead somewhere."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", self.text)
        relative = [target.partition("#") for target in targets if not re.match(r"[a-z]+:", target)]
        assert [file for file, _, _ in relative if not (self.path.parent / file).exists()] == []
        for file, _, anchor in relative:
            if anchor:
                text = (self.path.parent / file).read_text(encoding="utf-8") if file else self.text
                headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
                anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{self.path.name}: no heading for #{anchor}"
        named = re.findall(r"`((?:[\w.]+/)+[\w.]*)`", self.text)
        own = {*README.files, *self.files, ".hydra/", "figures/"}  # made by the reader; folders of a run
        made = [name for name in named if name.startswith("outputs/")]
        assert [name for name in named if name not in (*own, *made) and not (ROOT / name).exists()] == []


README = Document(ROOT / "README.md")
GUIDES = tuple(Document(path) for path in sorted((ROOT / ".github" / "guides").glob("*.md")))


def quick(given: Sequence[str], folder: str) -> list[str]:
    """The words of a command, with all that makes it short; its results go to `folder` unless it names one."""
    chosen = next((word for word in given if word.startswith("experiment=")), "")
    first = QUICK_FIRST.get(chosen, ()) if given else ()
    instead = [words for asked, words in QUICK_INSTEAD.items() if asked in given]
    also = [word for asked in QUICK_ALSO if asked in given for word in QUICK_ALSO[asked]]
    named = any(word.startswith("hydra.run.dir=") for word in given)
    place = [] if named else [f"hydra.run.dir={folder}"]
    return [*first, *given, *(instead[0] if instead else QUICK), *also, *place]


def folder_of(words: Sequence[str]) -> str:
    """The folder that a command's results go to."""
    [folder] = [word.partition("=")[2] for word in words if word.startswith("hydra.run.dir=")]
    return folder


@dataclass(frozen=True)
class Answer:
    """What a command or an example gave. `folder`: where a command's results are."""

    code: int | str
    out: str
    err: str
    folder: Path


@dataclass(frozen=True)
class Reader:
    """A reader's copy of the repository, in which everything of some pages was tried, and what it gave."""

    copy: Path
    commands: dict[str, Answer]
    examples: dict[str, Answer]


def read(copy: Path, runs: Sequence[Sequence[str]], examples: Sequence[str], files: dict[str, str]) -> Reader:
    """Copy the repository, write the files that a reader is told to write, run all commands and examples in order.

    One process runs them all. `sim/` stays where it is, unless a file changes it, so that its compiled code is found.
    """
    hidden = shutil.ignore_patterns(".*", "outputs", "multirun", "tests", "__pycache__", "build", "dist")
    changed = any(path.startswith("sim/") for path in files)

    def left_out(folder: str, names: list[str]) -> set[str]:
        return hidden(folder, names) | ({"sim"} if folder == str(ROOT) and not changed else set())

    shutil.copytree(ROOT, copy, ignore=left_out, dirs_exist_ok=True)
    for path, text in files.items():
        target = copy / path
        assert not target.exists(), f"{path} is there already"
        assert target.parent.is_dir(), f"the folder of {path} is not there"
        target.write_text(text, encoding="utf-8")
    for name, _, path in (word.partition("=") for words in runs for word in words):
        if name in SURVEYS:
            write_survey(copy / path)
    given = [quick(words, f"runs/{i}") for i, words in enumerate(runs)]
    (copy / "tasks.json").write_text(json.dumps({"runs": given, "examples": list(examples)}))
    (copy / "driver.py").write_text(_DRIVER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "driver.py"], cwd=copy, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    folders = [copy / folder_of(words) for words in given] + [copy] * len(examples)
    told = json.loads((copy / "answers.json").read_text())
    answers = [Answer(*each, folder) for each, folder in zip(told, folders, strict=True)]
    shown = map(shell, runs)
    n = len(given)
    return Reader(copy, dict(zip(shown, answers[:n], strict=True)), dict(zip(examples, answers[n:], strict=True)))


def shell(words: Sequence[str]) -> str:
    """A command as it is typed."""
    return shlex.join(["python", "run.py", *words])


def check_run(words: Sequence[str], answer: Answer) -> None:
    """A command ended well, named its report and left what the command asked for."""
    assert (answer.code, answer.err) == (0, "")
    if any(word in NO_REPORT for word in words):
        assert answer.out.strip()
        return
    said, _, report = answer.out.splitlines()[-1].partition(" ")
    assert (said, Path(report).parent) == ("Report:", answer.folder)
    assert Path(report).is_file()
    if "experiment=report" in words:  # a drawing of another run, and no run itself
        return
    assert (answer.folder / "stress_des.md").is_file()
    results = json.loads((answer.folder / "results.json").read_text())
    wanted = dict(word.split("=", 1) for word in words)
    assert results["experiment"] == wanted.get("experiment", "compare")
    if "system" in wanted:
        assert results["system"] == wanted["system"]
    if "scenario" in wanted and results["experiment"] == "compare":
        assert list(results["scenarios"]) == wanted["scenario"].strip("[]").split(",")


def write_survey(path: Path) -> None:
    """A small made-up survey in the long form."""
    generator = np.random.default_rng(11)
    dimensions = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
    answers = [
        (f"r{i}", f"q{j}", dimensions[j % 5], *generator.integers((3, 1), (6, 6))) for i in range(15) for j in range(10)
    ]
    names = ["respondent", "item", "dimension", "expectation", "perception"]
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(answers, columns=names).to_csv(path, index=False)
