"""The switch between compiled and plain Python, and the cache of compiled code.

Every rule of the model is an ordinary Python function decorated with `kernel` (called from other kernels) or
`transition` (called by an engine, kept in the on-disk cache). Set GAPLINE_JIT=0 to run them all as plain
Python, for debugging and coverage; results are the same to the last bit, since only scalar `math` is used.

numba's own cache does not notice an edit in a function of *another* file, so the cache folder is named after a
digest of all kernel sources.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sim.linking import PartCompiler, PartDispatcher, WholeCompiler

JIT = os.environ.get("GAPLINE_JIT", "1") != "0" and not numba.config.DISABLE_JIT


def _digest() -> str:
    here = Path(__file__).parent
    names = ("kernel", "linking", "draws", "tables")
    sources = [here / f"{name}.py" for name in names]
    for folder in ("blueprint", "model", "compiled"):  # the blueprint's rules are columns of the plan
        sources += sorted((here / folder).glob("*.py"))
    text = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.version}".encode())
    for source in sources:
        text.update(source.read_bytes())
    return text.hexdigest()[:16]


def _cache_folder() -> Path:
    """The user's cache folder, or a temporary one where that cannot be written."""
    root = os.environ.get("GAPLINE_CACHE") or os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    folder = Path(root or Path.home() / ".cache") / "gapline" / _digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        folder = _own_temporary_folder()
    return folder


def _own_temporary_folder() -> Path:
    """A folder that nobody else can write: what lies in the cache is run."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"gapline-{owner}-{_digest()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != owner or folder.stat().st_mode & 0o022:
            raise OSError
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="gapline-"))
    return folder


if JIT:
    CACHE_FOLDER = _cache_folder()
    numba.config.CACHE_DIR = str(CACHE_FOLDER)


def is_cached(names: Iterable[str]) -> bool:
    """Whether machine code of these transitions is on disk already (else the first run has to compile)."""
    return not JIT or all(_is_on_disk(*TRANSITIONS[name]) for name in names)


def _is_on_disk(compiled: Any, arguments: tuple[Any, ...]) -> bool:
    """As numba will see it: for these sources in this place, and for this processor."""
    cache = compiled._cache
    key = cache._index_key(arguments, compiled.targetctx.codegen())
    name = cache._cache_file._load_index().get(key)
    return name is not None and Path(cache._cache_file._data_path(name)).exists()


def _part(function: Any, arguments: tuple[Any, ...] = ()) -> Any:
    """`function` as code to be linked into wholes.

    numba would compile it anew for every constant that a caller passes; one version for all constants of a type is
    enough (the optimiser sees the constant anyway). With `arguments` there is one version for all callers.
    """
    compiled = numba.njit(function, pipeline_class=PartCompiler, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    compiled.__class__ = PartDispatcher
    template = compiled.get_call_template

    def of_plain_types(given: Any, keywords: Any) -> Any:
        plain = tuple(types.unliteral(a) for a in given)  # type: ignore[attr-defined]
        found, signature, folded, none = template(arguments or plain, keywords)
        return found, signature, given if arguments else folded, none

    compiled.get_call_template = of_plain_types
    return compiled


def _whole(function: Any, arguments: tuple[Any, ...]) -> Any:
    """`function` as machine code that Python may call, kept on disk; kernels that call it link its part instead."""
    compiled = numba.njit(function, pipeline_class=WholeCompiler, cache=True, nogil=True)
    part = _part(function, arguments)
    compiled.get_call_template, compiled.get_overload = part.get_call_template, part.get_overload
    return compiled


def kernel(function: Any) -> Any:
    """A rule that other kernels call: compiled into its callers, or left as it is."""
    return _part(function) if JIT else function


def typed_kernel(signature: str) -> Callable[[Any], Any]:
    """A kernel with one fixed signature (arguments only), which Python calls too: callers with other integer widths
    share it."""
    return lambda function: _whole(function, _types(signature)) if JIT else function


TRANSITIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {}
"""name -> (the compiled function, the types of its arguments)."""


def transition(arguments: str) -> Callable[[Any], Any]:
    """A rule that an engine calls, with arguments of these types: compiled once and kept on disk, or left as it is."""

    def declare(function: Any) -> Any:
        if not JIT:
            return function
        compiled = _whole(function, _types(arguments))
        TRANSITIONS[function.__name__] = compiled, _types(arguments)
        return compiled

    return declare


def _types(arguments: str) -> tuple[Any, ...]:
    # types, not text: numba keeps what it compiled for a text apart from what it compiles at a call
    return tuple(getattr(types, name) for name in arguments.split(", "))


def row_of(name: str, slot: int, dtype: np.dtype[Any]) -> Callable[[Any, Any], Any]:
    """A kernel `row(world, index)` that returns one row of table `name` of a world, as a record.

    Handing ten structured arrays to a compiled function costs 2.8 us a call, one integer 0.3 us; so compiled
    transitions get the address of the world's table of contents (one address a table), and plain Python gets
    the world itself. Compiled code does not check the index: the world makes room before a transition is called.
    """
    if not JIT:
        return lambda world, index: getattr(world, name)[index]
    record = numba.from_dtype(dtype)

    @intrinsic
    def row(typing_context: Any, world: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address, place = arguments
            contents = builder.inttoptr(address, ir.IntType(64).as_pointer())
            start = builder.load(builder.gep(contents, [ir.Constant(ir.IntType(64), slot)]))
            offset = builder.mul(place, ir.Constant(ir.IntType(64), dtype.itemsize))
            return builder.inttoptr(builder.add(start, offset), context.get_value_type(record))

        return record(types.int64, types.int64), codegen

    return row  # type: ignore[no-any-return]
