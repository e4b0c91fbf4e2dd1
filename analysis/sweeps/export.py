"""All runs of a sweep as a Parquet file: a row per point and replication, written piece by piece."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.sweeps.results import Swept
from sim.invalid import InvalidInput

_GROUP = 32_768  # rows of a row group: what is in memory at a time
_BLOCK = 4096


def require_writable(target: Path, store: Path) -> None:
    """Raise `InvalidInput` where the file could not be written, or would take the place of the store or of something
    else that is no Parquet file: better said before a night of computing."""
    if target.is_dir():
        raise InvalidInput("sweep.export", str(target), "must be the path of a file; this is a folder")
    if target.resolve().name.startswith(store.resolve().name) and target.resolve().parent == store.resolve().parent:
        raise InvalidInput("sweep.export", str(target), "must not be the results store itself")
    if target.is_file() and target.stat().st_size > 0:
        with target.open("rb") as there:
            if there.read(4) != b"PAR1":
                raise InvalidInput("sweep.export", str(target), "is there already and is no Parquet file")
    partial = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        partial.unlink()
    except OSError as fault:
        raise _unwritable(target, fault) from None


def _unwritable(target: Path, fault: OSError) -> InvalidInput:
    return InvalidInput("sweep.export", str(target), f"cannot be written: {fault.strerror or fault}")


def export_runs(swept: Swept, target: Path) -> int:
    """Write the file and return its number of rows; equal runs give equal bytes. Raises `InvalidInput`.

    Columns: `point` (from 1), the factors, `replication`, and every metric that some run has (null: no such value).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    metrics = swept.metrics()
    columns = {factor: [point[factor] for point in swept.points] for factor in swept.factors}
    plain = {factor: _column(values) for factor, values in columns.items()}
    partial = target.with_name(f"{target.name}.part")
    rows = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        schema = pa.schema(
            [
                ("point", pa.int32()),
                *((factor, pa.array(values).type) for factor, values in plain.items()),
                ("replication", pa.int32()),
                *((name, pa.float64()) for name in metrics),
            ]
        )
        writer = pq.ParquetWriter(partial, schema, compression="zstd", use_dictionary=[*plain, "point"])
        with writer:
            for table in _groups(_tables(swept, plain, metrics, schema), pa):
                writer.write_table(table, row_group_size=_GROUP)
                rows += table.num_rows
        os.replace(partial, target)
    except OSError as fault:
        partial.unlink(missing_ok=True)
        raise _unwritable(target, fault) from None
    return rows


def _column(values: list[Any]) -> list[Any]:
    """Values of one type: whole numbers, numbers, flags or texts; what is mixed or nested becomes text (JSON)."""
    kinds = {type(value) for value in values}
    if kinds in ({int}, {bool}, {str}):
        return values
    if kinds <= {int, float}:
        return [float(value) for value in values]
    return [json.dumps(value, ensure_ascii=False) for value in values]


def _tables(swept: Swept, plain: dict[str, list[Any]], metrics: Sequence[str], schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    for i, configuration in enumerate(swept.configurations):
        for start in range(0, swept.replications, _BLOCK):
            block = swept.store.read(configuration, start, min(start + _BLOCK, swept.replications), metrics)
            number = len(block.replications)
            if number == 0:
                continue
            arrays = [
                pa.array(np.full(number, i + 1, dtype=np.int32)),
                *(pa.array([plain[factor][i]] * number) for factor in plain),
                pa.array(block.replications.astype(np.int32)),
                *(pa.array(np.ascontiguousarray(column), from_pandas=True) for column in block.values.T),
            ]
            yield pa.Table.from_arrays(arrays, schema=schema)


def _groups(tables: Iterator[Any], pa: Any) -> Iterator[Any]:
    """The same rows in tables of `_GROUP` rows (the last may have fewer)."""
    waiting: list[Any] = []
    number = 0
    for table in tables:
        waiting.append(table)
        number += table.num_rows
        while number >= _GROUP:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, _GROUP).combine_chunks()
            waiting, number = [whole.slice(_GROUP)], number - _GROUP
    if number:
        yield pa.concat_tables(waiting).combine_chunks()
