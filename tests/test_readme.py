"""README's word is kept: its commands run, its examples work, its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from reading import README, Block, Reader, blocks, check_run, read, shell

RUNS = {shell(words): words for words in README.runs}


def marked(mark: str) -> Block:
    [block] = [block for block in README.blocks if block.mark == mark]
    return block


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
    windows = "\n".join(block.text for block in README.blocks if block.mark == "windows")
    for part in ("-m venv .venv", r".venv\Scripts\python", "-r requirements.txt", "run.py", "-m pytest"):
        assert part in windows
    assert ".venv/bin" not in windows


def test_links_pictures_and_files_that_it_names_exist():
    assert re.search(r"\]\([^)\s]+\.(png|svg)\)", README.text), "a picture of the report"
    README.check_links()


def test_your_own_system_takes_25_lines_or_fewer():
    systems = [text for path, text in README.files.items() if path.startswith("conf/system/")]
    assert systems
    assert all(len(text.splitlines()) <= 25 for text in systems)


def test_it_shows_every_experiment():
    shown = {word.partition("=")[2] for words in README.runs for word in words if word.startswith("experiment=")}
    shipped = {path.stem for path in (README.path.parent / "conf" / "experiment").glob("*.yaml")}
    assert shown == shipped - {"compare"}
    assert ["python", "run.py"] in README.commands


# -- running it ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return read(tmp_path_factory.mktemp("reader"), README.runs, README.examples, README.files)


@pytest.mark.parametrize("command", RUNS)
def test_a_command_runs_and_leaves_a_report(reader: Reader, command: str):
    check_run(RUNS[command], reader.commands[command])


def test_python_examples_run(reader: Reader):
    assert reader.examples
    for text, answer in reader.examples.items():
        assert answer.code == 0, answer.code
        if "print(" in text:
            assert answer.out.strip()


def test_your_own_intervention_changes_something(reader: Reader):
    own = [Path(path).stem for path in README.files if path.startswith("conf/scenario/")]
    assert own
    for name in own:
        [answer] = [answer for command, answer in reader.commands.items() if name in command]
        metrics = json.loads((answer.folder / "results.json").read_text())["scenarios"][name]["metrics"]
        assert any(metric["difference"]["mean"] for metric in metrics.values())
