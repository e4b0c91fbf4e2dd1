"""The route of a blueprint as columns: how deep each stage lies and which handoffs go back."""

from __future__ import annotations

from sim.blueprint import Blueprint
from sim.traffic import visit_ratios


def flows(blueprint: Blueprint) -> dict[tuple[str, str], float]:
    """(source, target) -> expected passes per order (rework aside), of every way that orders can take."""
    visits = visit_ratios(blueprint)
    return {
        (source, target): visits[source] * way.probability
        for source, ways in blueprint.route.items()
        for target, way in ways.items()
        if way.probability > 0
    }


def columns(blueprint: Blueprint) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """The column of every stage (longest way from the first stage) and the handoffs that go back (loops)."""
    ways = {
        name: [t for t in blueprint.stages if t in blueprint.route[name] and blueprint.route[name][t].probability > 0]
        for name in blueprint.stages
    }
    back: set[tuple[str, str]] = set()
    finished: list[str] = []
    open_stages: set[str] = set()
    seen: set[str] = set()
    roots: list[str] = []
    for root in [blueprint.first, *blueprint.stages]:
        if root in seen:
            continue
        roots.append(root)
        seen.add(root)
        open_stages.add(root)
        path = [(root, iter(ways[root]))]
        while path:
            here, todo = path[-1]
            target = next(todo, None)
            if target is None:
                path.pop()
                open_stages.discard(here)
                finished.append(here)
            elif target in open_stages:
                back.add((here, target))
            elif target not in seen:
                seen.add(target)
                open_stages.add(target)
                path.append((target, iter(ways[target])))
    depth = dict.fromkeys(blueprint.stages, 0)
    for root in roots[1:]:  # stages that no order reaches start a column to the right of the first
        depth[root] = 1
    for name in reversed(finished):
        for target in ways[name]:
            if (name, target) not in back:
                depth[target] = max(depth[target], depth[name] + 1)
    used = sorted(set(depth.values()))
    return {name: used.index(d) for name, d in depth.items()}, back
