"""How numba puts kernels together: parts are linked into wholes, and only a whole becomes machine code.

numba optimises and translates every function that other compiled functions call, each time with all that it calls in
turn: for some 200 kernels that is two thirds of the time of a cold start. A *part* stays raw until it is linked into a
*whole* (what Python calls); there everything but the whole's own functions is internal, so that LLVM may take what is
called once into its caller. Both are numba's documented extension points: a compiler pipeline with its own library.
"""

from __future__ import annotations

from typing import Any

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


class _NoEnvironments:
    """The code generator of a part: there is no machine code yet that an environment could be handed to."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, name: str, env: Any) -> None:
        pass


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """Code to be linked into wholes."""

    @property
    def codegen(self) -> Any:
        return _NoEnvironments(self._codegen)

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """Machine code for Python to call, with all that it calls inside."""

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)
        self._own: set[str] = set()
        self.enable_object_caching()

    def add_llvm_module(self, module: Any) -> None:
        self._own |= {function.name for function in module.functions if not function.is_declaration}
        super().add_llvm_module(module)

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if not function.is_declaration and function.name not in self._own:
                function.linkage = "internal"
        super()._optimize_final_module()


class PartDispatcher(CPUDispatcher):  # type: ignore[misc]
    """What the name of a part stands for. A part has no machine code that Python could call: a whole is made for it."""

    def __call__(self, *arguments: Any) -> Any:
        if not hasattr(self, "whole"):
            self.whole = numba.njit(self.py_func, pipeline_class=WholeCompiler)
        return self.whole(*arguments)


class PartCompiler(Compiler):  # type: ignore[misc]
    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target, library or _Part(target.codegen(), "part"), *rest)


class WholeCompiler(Compiler):  # type: ignore[misc]
    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target, library or _Whole(target.codegen(), "whole"), *rest)
