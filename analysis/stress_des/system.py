"""A system in the words of the checklist: its components and rules, as Markdown (`analysis.stress_des.checklist`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scenarios.scenario import Programme, Scenario
from sim.blueprint import DELIVERED, Blueprint, Distribution, Handoff, Segment, StaffPool
from sim.switches import MECHANISMS, is_on

LAYERS = {
    0: "flow, queues and errors",
    1: "information, detection, rework, batching and supply",
    2: "staff: practice, load, morale, absence, turnover, groups, improvement",
    3: "expectation and perception",
    4: "patience, retention and word of mouth",
}


def listed(lines: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def tabled(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "/") for c in row) + " |" for row in cells)


def time_of(d: Distribution) -> str:
    """A distribution in words: "lognormal, mean 0.6 h, cv 0.6"."""
    if d.kind == "empirical":
        return f"empirical, {len(d.values)} values, mean {d.mean:g} h"
    cv = f", cv {d.cv:g}" if d.kind in ("lognormal", "gamma") else ""
    return f"{d.kind}, mean {d.mean:g} h{cv}"


def flat(values: Mapping[str, Any], path: str = "") -> list[str]:
    """Every value of a nested mapping as "path = value", in its order; what is null (not given) is left out."""
    lines = []
    for key, value in values.items():
        below = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and value:
            lines += flat(value, below)
        elif value is not None:
            shown = float(f"{value:.10g}") if isinstance(value, float) else value  # no 0.060000000000000005
            lines.append(f"{below} = {shown}")
    return lines


def arrivals(b: Blueprint) -> str:
    """Where orders come from."""
    a = b.arrivals
    if a.process == "population":
        text = f"A population of {a.customers} customers; each orders again and again, intervals {time_of(a.interval)}."
    else:
        again = "" if a.orders == 1 else f"; each places {a.orders} orders, further ones after {time_of(a.reorder)}"
        text = f"A stream of new customers, intervals {time_of(a.interval)}{again}."
    profile = f" The rate follows a weekly profile of {len(a.profile)} slots." if a.profile else ""
    won = sum(s.prospects for s in b.segments.values()) if is_on(b, "acquisition") else 0.0
    new = f" New customers are won among {won:g} prospects a week." if won else ""
    return f"{text} Orders an hour in the long run: {a.order_rate:g}.{profile}{new}"


def exits(b: Blueprint) -> str:
    """Where orders and customers leave."""
    ways = [f"`{name}`" for name, ways in b.route.items() if DELIVERED in ways]
    text = f"Orders leave, delivered, after {', '.join(ways)}."
    waiting = [f"`{name}`" for name, s in b.stages.items() if s.customer_waits]
    impatient = any(s.patience is not None or s.balk_at for s in b.segments.values())
    if waiting and impatient and is_on(b, "patience"):
        text += f" Customers may balk or renege at {', '.join(waiting)}."
    leave = is_on(b, "retention") and b.relationship.rule != "keep"
    return text + (" Customers may leave the firm after an order." if leave else " Customers do not leave the firm.")


def segment(name: str, s: Segment) -> str:
    """A customer segment in words."""
    patience = f", patience {time_of(s.patience)}" if s.patience is not None else ""
    return f"`{name}`: share {s.share:g}, priority {s.priority}, {s.price:g} cu an order{patience}"


def pool(name: str, p: StaffPool, b: Blueprint) -> str:
    """A staff pool in words."""
    serves = ", ".join(f"`{stage}`" for stage, s in b.stages.items() if name in s.pools) or "nothing"
    shifts = f"; works in shifts, at their end: {p.at_close}" if any(m.shifts for m in p.members.values()) else ""
    skills = [m.skill for m in p.members.values()]
    skill = f"skill {min(skills):g}" + (f" to {max(skills):g}" if max(skills) > min(skills) else "")
    return f"`{name}`: {len(p.members)} staff members ({skill}), serves {serves}{shifts}"


def queue_rule(b: Blueprint) -> str:
    """Queue discipline."""
    levels = sorted({s.priority for s in b.segments.values()})
    order = "first in, first out"
    if len(levels) > 1:
        order = f"priority classes {', '.join(map(str, levels))} of the segments, within a class {order}"
    return (
        f"One queue a staff pool ({len(b.pools)} in all), shared by its stages, without limit; {order}. A visit goes "
        "to the free staff member who has been idle for longest."
    )


def handoffs(b: Blueprint) -> str:
    """Every way from stage to stage with what happens on it."""
    return listed(f"`{s}` → `{t}`{_way(h)}" for s, ways in b.route.items() for t, h in ways.items())


def activities(b: Blueprint) -> str:
    """Stages with service times and errors."""
    rows = [
        (f"`{name}`", s.function, time_of(s.service), f"{s.error.p:g}",
         "moment of truth" if s.moment_of_truth else "onstage" if s.onstage else "backstage", s.supplier or "–")
        for name, s in b.stages.items()
    ]  # fmt: skip
    return tabled(("stage", "function", "service time", "errors a visit", "visibility", "supplier"), rows)


def mechanisms(b: Blueprint) -> str:
    """Layers and mechanisms that are on and off."""
    on = [name for name in MECHANISMS if is_on(b, name)]
    off = [name for name in MECHANISMS if not is_on(b, name)]
    layers = [f"Layer {n} ({LAYERS.get(n, '')}): {'on' if n in b.layers else 'off'}" for n in LAYERS]
    return listed([*layers, f"Mechanisms on: {', '.join(on) or 'none'}", f"Mechanisms off: {', '.join(off) or 'none'}"])


def scenario(s: Scenario) -> str:
    """A scenario and its programmes."""
    return f"`{s.name}`: " + ("; ".join(map(_programme, s.programmes)) or "no intervention")


def _programme(p: Programme) -> str:
    where = (*p.stages, *p.functions, *p.pools)
    scope = f", at {', '.join(where)}" if where else ""
    values = ", ".join(f"{k} {v}" for k, v in p.parameters.items())
    timing = f"from {p.start:g} h after the warm-up, delay {p.delay:g} h, ramp {p.ramp:g} h, adoption {p.adoption:g}"
    return f"{p.kind} ({timing}{scope}{'; ' + values if values else ''})"


def _way(h: Handoff) -> str:
    parts = [f"probability {h.probability:g}"] if h.probability < 1.0 else []
    parts += ["border"] if h.border else []
    parts += [f"retention {h.retention:g}"] if h.retention < 1.0 else []
    parts += [f"corruption {h.corruption:g}"] if h.corruption > 0.0 else []
    parts += [f"delay {time_of(h.delay)}"] if h.delay.mean > 0.0 else []
    parts += [f"batches of {h.batch}"] if h.batch > 1 else []
    return f" ({', '.join(parts)})" if parts else ""
