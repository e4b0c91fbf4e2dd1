"""The replay as one HTML file: data and script inline, allowed by their digests, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_SHARED = _HERE.parent / "teaching" / "web"
_SCRIPTS = (_SHARED / "flow.js", _SHARED / "clock.js", _HERE / "web" / "replay.js")


def replay_page(title: str, subtitle: str, content: Mapping[str, Any]) -> str:
    """The whole page. Texts are escaped; the data are JSON in which no end of a script can stand."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    script, style = bundled(), (_HERE / "web" / "replay.css").read_text(encoding="utf-8")
    data = json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    environment = Environment(loader=FileSystemLoader(_HERE / "web"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("replay.html.j2").render(
        title=title, subtitle=subtitle, script=script, style=style, data=data,
        script_digest=_digest(script), style_digest=_digest(style),
    )  # fmt: skip


def bundled() -> str:
    """The scripts as one module: what they import from each other stands above it already."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _SCRIPTS)
    text = re.sub(r"^import .*;\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^export (?=const |class |function )", "", text, flags=re.MULTILINE)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
