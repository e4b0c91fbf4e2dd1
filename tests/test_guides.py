"""The guides' word is kept: their commands run, their examples work, their links lead somewhere, each is one page."""

from __future__ import annotations

import pytest
from reading import GUIDES, README, Document, Reader, check_run, read, shell

_README = {shell(words) for words in README.runs}  # tried with README
RUNS = {shell(words): words for guide in GUIDES for words in guide.runs if shell(words) not in _README}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.path.stem)
def test_a_guide_is_one_page_that_readme_links_to_and_that_links_to_what_exists(guide: Document):
    assert f"(.github/guides/{guide.path.name})" in README.text
    assert len(guide.text.splitlines()) <= 120
    assert guide.runs
    guide.check_links()


def test_there_is_one_for_each_reader():
    assert [guide.path.stem for guide in GUIDES] == ["batch-user", "researcher", "strategist", "teacher"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """All guides in one copy: files that one of them or README has the reader write are there for all."""
    files = dict(README.files)
    for guide in GUIDES:
        files |= guide.files
    examples = [text for guide in GUIDES for text in guide.examples]
    return read(tmp_path_factory.mktemp("reader"), list(RUNS.values()), examples, files)


@pytest.mark.parametrize("command", RUNS)
def test_a_command_runs_and_leaves_a_report(reader: Reader, command: str):
    check_run(RUNS[command], reader.commands[command])


def test_python_examples_run_and_print_something(reader: Reader):
    assert reader.examples
    for answer in reader.examples.values():
        assert answer.code == 0, answer.code
        assert answer.out.strip()
