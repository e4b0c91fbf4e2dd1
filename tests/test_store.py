"""The results store: what is put in comes out, whatever happens to the process or the disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios.store import LAYOUT, Store
from sim.invalid import InvalidInput

ROOT = Path(__file__).resolve().parent.parent
TEXT = '{"system":"a"}'


def filled(path: Path, runs: int = 40) -> int:
    """A store with runs 0, 1, ... of one configuration, each with x = replication and y = 1 / (1 + replication)."""
    with Store(path) as store:
        number = store.configuration(TEXT, "v1", 1)
        store.add((number, r, {"x": float(r), "y": 1.0 / (1 + r)}) for r in range(runs))
    return number


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "sweep.sqlite"


def test_values_come_out_as_they_went_in_by_replication(path: Path):
    """Every float to the last bit, also extreme ones; what a run lacks is NaN."""
    values = [5e-324, -0.0, 1.7976931348623157e308, 0.1 + 0.2]
    with Store(path) as store:
        number = store.configuration(TEXT, "v1", 1)
        store.add([(number, 7, {"x": values[0], "y": values[1]}), (number, 3, {"z": values[2]})])
        store.add([(number, 5, {"y": values[3]})])
        assert store.names([number], 8) == ("x", "y", "z")
        assert store.names([number], 7) == ("y", "z")
    with Store(path, read_only=True) as store:
        block = store.read(number, 0, 100, ("z", "y", "x"))
        assert block.replications.tolist() == [3, 5, 7]
        there = block.values[~np.isnan(block.values)]
        assert there.tobytes() == np.array([values[2], values[3], values[1], values[0]]).tobytes()
        assert store.read(number, 4, 7, ("y",)).replications.tolist() == [5]


def test_a_run_is_found_by_all_it_depends_on(path: Path):
    number = filled(path)
    with Store(path) as store:
        assert store.find(TEXT, "v1", 1) == number == store.configuration(TEXT, "v1", 1)
        assert store.find(TEXT, "v2", 1) is store.find(TEXT, "v1", 2) is store.find(TEXT + " ", "v1", 1) is None
        other = store.configuration(TEXT, "v2", 1)
        assert store.count(other, 100) == 0
        assert (store.other_versions(TEXT, "v2", 1), store.other_versions(TEXT, "v1", 1)) == (40, 0)
        assert store.count(number, 10) == 10
        assert store.missing(number, 38, 43) == [40, 41, 42]


def test_a_run_that_is_there_is_left_alone(path: Path):
    number = filled(path)
    with Store(path) as store:
        store.add([(number, 0, {"x": 99.0, "y": 99.0}), (number, 40, {"x": 40.0, "y": 0.0})])
        assert store.read(number, 0, 100, ("x",)).values[:, 0].tolist() == list(map(float, range(41)))


def test_quarantined_runs_are_not_missing_until_they_are_released(path: Path):
    number = filled(path, 2)
    with Store(path) as store:
        store.quarantine([(number, 3, "no memory"), (number, 9, "killed")])
        assert store.missing(number, 0, 5) == [2, 4]
        assert store.quarantined(number, 5) == {3: "no memory"}
        store.release(number)
        assert store.missing(number, 0, 5) == [2, 3, 4]


def test_a_second_writer_is_refused_and_readers_are_not(path: Path):
    number = filled(path)
    with Store(path) as store:
        with pytest.raises(InvalidInput, match=r"sweep.store = .*: is used by another sweep"):
            Store(path)
        store.add([(number, 40, {"x": 1.0})])
        with Store(path, read_only=True) as reader:
            assert reader.count(number, 100) == 41
    with Store(path) as store:
        assert store.count(number, 100) == 41


HOLDER = """
import sys, time
from pathlib import Path
from scenarios.store import Store
store = Store(Path(sys.argv[1]))
number = store.configuration("t", "v", 1)
store.add([(number, 0, {"x": 1.0})])
store._file.execute("BEGIN")
store._file.execute("INSERT INTO runs VALUES (?, 1, 1, X'00', 0)", (number,))  # half a transaction
print("holding", flush=True)
time.sleep(600)
"""


def test_the_right_to_write_dies_with_its_process_and_so_does_half_a_transaction(path: Path):
    """kill -9 of another process in the middle of a transaction: the store opens, with what was committed."""
    held = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == "holding\n"
        with pytest.raises(InvalidInput, match="is used by another sweep"):
            Store(path)
    finally:
        held.kill()
        held.wait()
    assert held.returncode == -signal.SIGKILL
    with Store(path) as store:
        number = store.find("t", "v", 1)
        assert number is not None
        assert store.read(number, 0, 10, ("x",)).replications.tolist() == [0]


def test_a_store_whose_maker_was_killed_at_once_is_made_again(path: Path):
    path.parent.mkdir()
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL").connection.close()
    assert path.stat().st_size > 0
    filled(path)


def content(path: Path) -> tuple[list[int], bytes]:
    with Store(path, read_only=True) as store:
        block = store.read(1, 0, 10**6, ("x", "y"))
    return block.replications.tolist(), block.values.tobytes()


def test_a_full_disk_is_said_and_what_was_committed_stays(path: Path):
    """SQLite is told that no page is left: the very code path of a full disk (SQLITE_FULL) is taken."""
    number = filled(path)
    before = content(path)
    with Store(path) as store:
        [[pages]] = store._file.execute("PRAGMA page_count").fetchall()
        store._file.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(InvalidInput, match="the disk is full; what was finished before is kept"):
            store.add((number, r, {"other": 0.0, "x": 1.0}) for r in range(1000, 3000))
    assert content(path) == before
    with Store(path) as store:  # and with room again it goes on
        store.add([(number, 1000, {"other": 2.0})])
        assert store.read(number, 1000, 1001, ("other",)).values.tolist() == [[2.0]]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for the superuser")
def test_a_read_only_folder_is_said_and_its_store_can_be_read(path: Path):
    number = filled(path)
    path.parent.chmod(0o500)
    path.chmod(0o400)
    try:
        with pytest.raises(InvalidInput, match=r"sweep.store = .*: cannot be (opened|written)"):
            Store(path)
        with Store(path, read_only=True) as store:
            assert store.count(number, 100) == 40
        assert [entry.name for entry in path.parent.iterdir() if entry.suffix in ("-wal", "-shm")] == []
    finally:
        path.parent.chmod(0o700)


def test_reading_leaves_no_trace(path: Path):
    filled(path)
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}
    content(path)
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match=r"sweep.store = .*: cannot be"):
        Store(tmp_path / "file" / "sweep.sqlite")
    with pytest.raises(InvalidInput, match=r"sweep.store = .*: must be the path of a file"):
        Store(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_files_of_another_kind_are_refused_and_left_as_they_are(path: Path):
    path.parent.mkdir()
    path.write_text("Dear diary, " * 1000)
    for read_only in (False, True):
        with pytest.raises(InvalidInput, match="is no results store"):
            Store(path, read_only)
    assert path.read_text() == "Dear diary, " * 1000
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE diary (line TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(InvalidInput, match="is no results store"):
            Store(path, read_only)
    assert path.read_bytes() == before


def test_another_layout_is_refused(path: Path):
    filled(path)
    later = sqlite3.connect(path)
    later.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    later.close()
    with pytest.raises(InvalidInput, match=f"has layout {LAYOUT + 1}; this version of gapline reads layout {LAYOUT}"):
        Store(path)


def test_a_changed_byte_in_a_value_is_noticed(path: Path):
    """SQLite itself does not notice: its pages have no checksums."""
    number = filled(path)
    raw = bytearray(path.read_bytes())
    at = raw.index(np.float64(1.0 / 18.0).tobytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with Store(path) as store, pytest.raises(InvalidInput, match=r"is damaged .*replication 17"):
        store.read(number, 0, 100, ("x",))


@pytest.mark.parametrize("keep", [0.2, 0.6])
def test_a_file_cut_short_is_said_to_be_damaged(path: Path, keep: float):
    number = filled(path, 4000)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw))])
    with pytest.raises(InvalidInput, match="is damaged"), Store(path) as store:
        store.read(number, 0, 4000, ("x", "y"))
