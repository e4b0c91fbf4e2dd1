"""The teaching page: serves it on this machine until Ctrl-C."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings
from scenarios.execution import compile_first
from sim.blueprint.checks import not_negative, positive
from sim.compile_ahead import is_compiled
from sim.invalid import InvalidInput, require

_LOOK = 0.5  # s between looks at the clock


@dataclass(frozen=True)
class Teach:
    """`port` 0 takes a free one; `minutes` until it stops by itself (0: never), `idle_minutes` without a request."""

    port: int = 0
    minutes: float = 0.0
    idle_minutes: float = 120.0

    def __post_init__(self) -> None:
        allowed = "must be a port from 1024 to 65535, or 0 for a free one"
        require(self.port == 0 or 1024 <= self.port <= 65535, "port", self.port, allowed)
        not_negative(minutes=self.minutes)
        positive(idle_minutes=self.idle_minutes)


def check(settings: Settings) -> None:
    """Check the section `teach`."""
    build(Teach, settings.teach, "teach")


def run(settings: Settings, folder: RunFolder) -> None:
    """Serve until Ctrl-C, or until the time is up. Leaves no run folder."""
    from analysis.teaching.server import TeachingServer, lessons

    asked = build(Teach, settings.teach, "teach")
    folder.discard_if_empty()
    try:
        server = TeachingServer(asked.port, ready=lambda: is_compiled("compiled"))
    except OSError as fault:
        raise InvalidInput("teach.port", asked.port, f"cannot be had: {fault.strerror}; choose another, or 0") from None
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        print(f"Teaching page: {server.address}  (Ctrl-C ends it)", flush=True)
        compile_first("compiled")
        lessons().run(1, {})  # the first run loads what was compiled: better before somebody waits for it
        began = time.monotonic()
        while not _is_over(asked, time.monotonic() - began, time.monotonic() - server.last_request):
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        pass
    finally:
        server.shutdown()
        server.server_close()
    print("The teaching page is closed.")


def _is_over(asked: Teach, served: float, idle: float) -> bool:
    """Whether the time is up; in seconds."""
    return 0.0 < asked.minutes * 60.0 <= served or idle >= asked.idle_minutes * 60.0
