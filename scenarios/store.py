"""The results store of sweeps: one SQLite file that outlives whatever happens to the sweep.

A row is one run. It is found by what it depends on: the configuration (its text and digest), the version of the code,
the seed and the replication; so a rerun finds what is there, and nothing of another version is ever mixed in. Values
are 64-bit floats in one blob, their names stand once for all rows with the same ones; a checksum over replication and
values tells a damaged row. Every commit is on disk before it counts (write-ahead log, full sync). One process writes
at a time; others may look (`read_only`) while it does.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.invalid import InvalidInput

APPLICATION, LAYOUT = 0x47504C4E, 1  # marks of the file: whose it is, and the layout of its tables
_SCHEMA = """
CREATE TABLE layouts (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE configurations (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL, version TEXT NOT NULL, seed INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (digest, version, seed));
CREATE TABLE runs (
    configuration INTEGER NOT NULL, replication INTEGER NOT NULL, layout INTEGER NOT NULL, content BLOB NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (configuration, replication)) WITHOUT ROWID;
CREATE TABLE quarantined (
    configuration INTEGER NOT NULL, replication INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (configuration, replication)) WITHOUT ROWID;
"""
_PAGE = 8192  # bytes; a row of a hundred metrics has to fit several times
_MAGIC = b"SQLite format 3\0"
_SAID = {
    sqlite3.SQLITE_FULL: "the disk is full; what was finished before is kept",
    sqlite3.SQLITE_IOERR: "cannot be written: disk error (a full disk, or a limit on the size of files?)",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: is its folder there, and may it be written?",
    sqlite3.SQLITE_NOTADB: "is no results store (not a SQLite file)",
    sqlite3.SQLITE_CORRUPT: "is damaged; move it away, or restore it from a copy",
    sqlite3.SQLITE_BUSY: "is used by another sweep; wait for it, or choose another sweep.store",
}


@dataclass(frozen=True)
class Block:
    """Some runs of one configuration, by replication in ascending order.

    `values` has shape (replications, names), NaN where a run has no such value.
    """

    replications: npt.NDArray[np.int64]
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]


class Store:
    """An open results store; use it in a `with` block. Raises `InvalidInput` for whatever is wrong with the file."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        if path.is_dir():
            raise InvalidInput("sweep.store", str(path), "must be the path of a file; this is a folder")
        if _is_something_else(path):  # before a lock file is left beside it
            raise InvalidInput("sweep.store", str(path), _SAID[sqlite3.SQLITE_NOTADB])
        self.path = path
        self._lock: sqlite3.Connection | None = None
        self._layouts: dict[tuple[str, ...], int] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        with self._told():
            try:
                if not read_only:
                    _make_folder(path)
                    self._lock = _locked(path)
                self._file = _connected(path, read_only)
                self._check_marks(read_only)
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give up the file, and the right to write it."""
        for connection in (getattr(self, "_file", None), self._lock):
            if connection is not None:
                connection.close()

    def configuration(self, text: str, version: str, seed: int) -> int:
        """The number under which this file knows a configuration; it is entered when it is new."""
        found = self.find(text, version, seed)
        if found is not None:
            return found
        with self._told(), self._file:
            entered = self._file.execute(
                "INSERT INTO configurations (digest, version, seed, text) VALUES (?, ?, ?, ?)",
                (_digest(text), version, seed, text),
            ).lastrowid
        assert entered is not None
        return entered

    def find(self, text: str, version: str, seed: int) -> int | None:
        """The number of a configuration; None where it is not known."""
        with self._told():
            row = self._file.execute(
                "SELECT id FROM configurations WHERE digest = ? AND version = ? AND seed = ?",
                (_digest(text), version, seed),
            ).fetchone()
        return None if row is None else int(row[0])

    def other_versions(self, text: str, version: str, seed: int) -> int:
        """Runs of a configuration and seed that other versions of the code have made."""
        return self._number(
            "SELECT COUNT(*) FROM runs JOIN configurations c ON c.id = configuration"
            " WHERE c.digest = ? AND c.version <> ? AND c.seed = ?",
            (_digest(text), version, seed),
        )

    def count(self, configuration: int, below: int) -> int:
        """Runs of a configuration with replications below a number."""
        query = "SELECT COUNT(*) FROM runs WHERE configuration = ? AND replication < ?"
        return self._number(query, (configuration, below))

    def missing(self, configuration: int, start: int, stop: int) -> list[int]:
        """Replications from `start` to `stop` (exclusive) that are neither there nor quarantined."""
        there = set()
        with self._told():
            for table in ("runs", "quarantined"):
                query = f"SELECT replication FROM {table} WHERE configuration = ? AND replication BETWEEN ? AND ?"
                there |= {row[0] for row in self._file.execute(query, (configuration, start, stop - 1))}
        return [replication for replication in range(start, stop) if replication not in there]

    def add(self, runs: Iterable[tuple[int, int, Mapping[str, float]]]) -> None:
        """Enter runs (configuration, replication, values by name), all of them or none. Known ones are left alone."""
        query = "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?)"
        try:
            with self._told(), self._file:
                self._file.executemany(query, [self._row(*run) for run in runs])
        except InvalidInput:
            self._layouts.clear()  # one of them may have been rolled back
            raise

    def quarantine(self, refused: Iterable[tuple[int, int, str]]) -> None:
        """Enter runs (configuration, replication, reason) that shall not be tried again."""
        with self._told(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO quarantined VALUES (?, ?, ?)", refused)

    def quarantined(self, configuration: int, below: int) -> dict[int, str]:
        """Replications below a number that are not tried again, with the reason."""
        query = "SELECT replication, reason FROM quarantined WHERE configuration = ? AND replication < ? ORDER BY 1"
        with self._told():
            return dict(self._file.execute(query, (configuration, below)).fetchall())

    def release(self, configuration: int) -> None:
        """Let quarantined runs of a configuration be tried again."""
        with self._told(), self._file:
            self._file.execute("DELETE FROM quarantined WHERE configuration = ?", (configuration,))

    def names(self, configurations: Sequence[int], below: int) -> tuple[str, ...]:
        """Every name of a value that some run of these configurations has, with replications below a number."""
        layouts: set[int] = set()
        with self._told():
            for configuration in configurations:
                query = "SELECT DISTINCT layout FROM runs WHERE configuration = ? AND replication < ?"
                layouts |= {row[0] for row in self._file.execute(query, (configuration, below))}
        return tuple(sorted({name for layout in layouts for name in self._named(layout)}))

    def read(self, configuration: int, start: int, stop: int, names: Sequence[str]) -> Block:
        """The runs of a configuration with replications from `start` to `stop` (exclusive), these values of each."""
        query = (
            "SELECT replication, layout, content, checksum FROM runs"
            " WHERE configuration = ? AND replication BETWEEN ? AND ? ORDER BY replication"
        )
        with self._told():
            rows = self._file.execute(query, (configuration, start, stop - 1)).fetchall()
        for replication, _, content, checksum in rows:
            if zlib.crc32(content, replication) != checksum:
                said = f"is damaged (configuration {configuration}, replication {replication}); restore it from a copy"
                raise InvalidInput("sweep.store", str(self.path), said)
        values = np.full((len(rows), len(names)), np.nan)
        layouts = np.array([row[1] for row in rows], dtype=np.int64)
        for layout in np.unique(layouts):
            given = self._named(int(layout))
            chosen = np.flatnonzero(layouts == layout)
            content = np.frombuffer(b"".join(rows[i][2] for i in chosen), dtype="<f8").reshape(len(chosen), len(given))
            place = {name: i for i, name in enumerate(given)}
            for column, name in enumerate(names):
                if name in place:
                    values[chosen, column] = content[:, place[name]]
        return Block(np.array([row[0] for row in rows], dtype=np.int64), tuple(names), values)

    def _row(self, configuration: int, replication: int, values: Mapping[str, float]) -> tuple[object, ...]:
        content = struct.pack(f"<{len(values)}d", *values.values())
        return configuration, replication, self._layout(tuple(values)), content, zlib.crc32(content, replication)

    def _layout(self, names: tuple[str, ...]) -> int:
        if names not in self._layouts:
            text = json.dumps(names)
            self._file.execute("INSERT OR IGNORE INTO layouts (names) VALUES (?)", (text,))
            [number] = self._file.execute("SELECT id FROM layouts WHERE names = ?", (text,)).fetchone()
            self._layouts[names] = int(number)
        return self._layouts[names]

    def _named(self, layout: int) -> tuple[str, ...]:
        if layout not in self._names:
            with self._told():
                [text] = self._file.execute("SELECT names FROM layouts WHERE id = ?", (layout,)).fetchone()
            self._names[layout] = tuple(json.loads(text))
        return self._names[layout]

    def _number(self, query: str, values: tuple[Any, ...]) -> int:
        with self._told():
            return int(self._file.execute(query, values).fetchone()[0])

    def _check_marks(self, read_only: bool) -> None:
        application, layout, tables = (
            int(self._file.execute(query).fetchone()[0])
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT COUNT(*) FROM sqlite_master")
        )
        empty = application == tables == 0  # new, or its maker was killed before there was anything in it
        if empty and not read_only:
            self._file.execute(f"PRAGMA page_size = {_PAGE}")
        elif application != APPLICATION:
            raise InvalidInput("sweep.store", str(self.path), "is no results store (a SQLite file of something else)")
        elif layout != LAYOUT:
            said = f"has layout {layout}; this version of gapline reads layout {LAYOUT}: choose another sweep.store"
            raise InvalidInput("sweep.store", str(self.path), said)
        if not read_only:
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
        if empty and not read_only:  # all of it or nothing
            marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT};"
            self._file.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {marks} COMMIT;")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite refuses, in one line."""
        try:
            yield
        except sqlite3.Error as fault:
            code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            raise InvalidInput("sweep.store", str(self.path), _SAID.get(code, f"cannot be used: {fault}")) from None


def _is_something_else(path: Path) -> bool:
    """Whether a file is there that SQLite did not write (an empty one may become a store)."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError:
        return False  # SQLite says what is wrong
    return start not in (b"", _MAGIC)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise InvalidInput("sweep.store", str(path), f"cannot be written: {fault.strerror}") from None


def _locked(path: Path) -> sqlite3.Connection:
    """The right to write: SQLite's lock on an empty file beside the store. It dies with its process."""
    lock = sqlite3.connect(f"{path.resolve()}.lock", timeout=0.0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except BaseException:
        lock.close()
        raise
    return lock


def _connected(path: Path, read_only: bool) -> sqlite3.Connection:
    if not read_only:
        return sqlite3.connect(path, timeout=10.0)
    # A store that nobody writes is read as it is, also in a folder where SQLite may make no file of its own.
    calm = not Path(f"{path}-wal").exists()
    options = "mode=ro&immutable=1" if calm else "mode=ro"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{options}", timeout=10.0, uri=True)
