"""The grid of a drawn service blueprint: columns, rows and tracks, and how wide and high they are.

Stages stand in columns by their depth in the route and in lanes by what the customer sees; long routes continue in
further bands. Lines run only through the gutters between columns and the channels between rows, so they cross no box.
All text is measured, so nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analysis.figures.blueprint_legend import short
from analysis.figures.blueprint_route import columns, flows
from analysis.figures.blueprint_shapes import LINE_HEIGHT, SMALL, Box, StageLoad
from analysis.figures.style import INK, WIDTH, fit, text_width, title_of
from sim.blueprint import DELIVERED, Blueprint, Handoff

LANES = ("customer", "onstage", "backstage", "support")

NAME, MARK = 9.0, 8.0  # type sizes in points
_STRIP, EXIT = 74.0, 58.0  # lane labels at the left, the customer's end of the line at the right
_BOX_MIN, _BOX_MAX, PAD = 76.0, 112.0, 5.0
TRACK, _ARROW = 5.0, 9.0  # distance of parallel lines, room for an arrow head
_CHANNEL, _EMPTY = 9.0, 24.0  # heights: a free channel, a lane without stages
_TRUNK, _CUSTOMER, _MARKED = 26.0, 34.0, 20.0  # of the customer lane: what goes in and out; without marks; a mark
_STEM = 18.0  # from the left of the first stage to beyond the line of the order going in
_BAND_GAP = 20.0


@dataclass(frozen=True)
class Edge:
    """A way out of a stage, placed by column and row."""

    source: str
    target: str
    handoff: Handoff
    loop: bool
    label: str  # probability, when below 1
    batch: str

    @property
    def delivery(self) -> bool:
        return self.target == DELIVERED


class Action(NamedTuple):
    """What the customer does at the moments of truth of a column: their stages, and the lines of text about them."""

    stages: list[str]
    centre: float
    lines: list[str]


class Grid:
    """Places of everything: boxes of the stages and their texts, tops of the rows, tracks of the lines."""

    def __init__(
        self, blueprint: Blueprint, values: Mapping[str, float], measure: str, loads: Mapping[str, StageLoad]
    ) -> None:
        self.blueprint, self.values, self.measure, self.loads = blueprint, values, measure, loads
        self.flow = flows(blueprint)
        self.varied = max(self.flow.values(), default=0.0) > 1.01 * min(self.flow.values(), default=0.0)
        self.depth, self.back = columns(blueprint)
        self.edges = self._edges()
        self.lane_of = {n: _lane(blueprint, n) for n in blueprint.stages}
        self.lanes = [lane for lane in LANES[1:] if lane != "support" or "support" in self.lane_of.values()]
        self.zone = self._label_zone()
        self.per_band, self.bands = self._bands()
        self._place_on_grid()
        self._assign_tracks()
        self._set_widths()
        self._write_boxes()
        self._write_actions()
        self._set_heights()

    # ------------------------------------------------------------------------------------------ grid

    def _edges(self) -> list[Edge]:
        edges = []
        for source in self.blueprint.stages:
            for target, handoff in self.blueprint.route[source].items():
                if handoff.probability > 0:
                    label = _percent(handoff.probability) if handoff.probability < 1 else ""
                    batch = f"×{handoff.batch}" if handoff.batch > 1 else ""
                    edges.append(Edge(source, target, handoff, (source, target) in self.back, label, batch))
        return edges

    def _label_zone(self) -> float:
        widths = [text_width(t, MARK) for e in self.edges for t in (e.label, e.batch) if t]
        border = 7.0 if any(e.handoff.border for e in self.edges) else 0.0
        return (max(widths) + 5 if widths else 0.0) + border

    def _bands(self) -> tuple[int, int]:
        """Columns per band and number of bands, as even as they come."""
        total = max(self.depth.values()) + 1
        gutter = self.zone + TRACK + _ARROW
        most = max(1, int((WIDTH - _STRIP - EXIT - gutter) / (_BOX_MIN + gutter)))
        bands = -(-total // most)
        return -(-total // bands), bands

    def _place_on_grid(self) -> None:
        """band, column in band, and ordinal row of every stage. Ordinals: channels are even, rows odd."""
        self.band = {n: d // self.per_band for n, d in self.depth.items()}
        self.column = {n: d % self.per_band for n, d in self.depth.items()}
        self.row: dict[str, int] = {}
        self.rows: list[tuple[int, str]] = []  # (band, lane) of each ordinal; the customer lane is one ordinal
        for band in range(self.bands):
            self.rows.append((band, "gap"))
            self.rows.append((band, "customer"))
            for lane in self.lanes:
                if lane != "support" or any(self.band[n] == band for n, at in self.lane_of.items() if at == lane):
                    self._stack(band, lane)
        self.rows.append((self.bands, "gap"))
        self.busy = {self.band[e.source] for e in self.edges if e.delivery} | {self.band[self.blueprint.first]}
        self.busy |= {self.band[n] for n, stage in self.blueprint.stages.items() if stage.moment_of_truth}

    def _stack(self, band: int, lane: str) -> None:
        here = [n for n in self.blueprint.stages if self.band[n] == band and self.lane_of[n] == lane]
        piles: dict[int, list[str]] = {}
        for name in sorted(here, key=lambda n: not self.blueprint.stages[n].moment_of_truth):
            piles.setdefault(self.column[name], []).append(name)
        first = len(self.rows)
        for pile in piles.values():
            for position, name in enumerate(pile):
                self.row[name] = first + 1 + 2 * position
        deepest = max((len(pile) for pile in piles.values()), default=0)
        self.rows += [(band, lane)] * (2 * deepest + 1)

    # ---------------------------------------------------------------------------------------- routing

    def _path(self, edge: Edge) -> tuple[str, int, int, int]:
        """(shape, gutter out, channel ordinal, gutter in) of an edge.

        Shapes: `straight` (next column, same row), `bend` (next column, one gutter), `over` (through a channel),
        `under` (a loop within a row: through the channel below, into the target from beneath), `deliver`.
        """
        leave = self.column[edge.source] + 1
        if edge.delivery:
            return "deliver", leave, self.customer_row(self.band[edge.source]), leave
        enter, row, goal = self.column[edge.target], self.row[edge.source], self.row[edge.target]
        same_band = self.band[edge.source] == self.band[edge.target]
        if edge.loop and same_band and row == goal:
            return "under", leave, row + 1, enter
        if not edge.loop and same_band and leave == enter:
            return ("straight" if row == goal else "bend"), leave, row, enter
        if not same_band:
            later = max(self.band[edge.source], self.band[edge.target])
            return "over", leave, self.rows.index((later, "gap")), enter
        return "over", leave, goal - 1 if row <= goal and not edge.loop else goal + 1, enter

    def customer_row(self, band: int) -> int:
        return self.rows.index((band, "customer"))

    def _assign_tracks(self) -> None:
        """Give parallel stretches tracks of their own: vertical ones in gutters, horizontal ones in channels."""
        gutters: dict[int, list[tuple[float, float, object]]] = {}
        channels: dict[int, list[tuple[float, float, object]]] = {}
        self.paths = {id(e): self._path(e) for e in self.edges}
        for edge in self.edges:
            shape, leave, channel, enter = self.paths[id(edge)]
            row = self.row[edge.source]
            if shape == "straight":
                continue
            if shape == "bend":
                goal = self.row[edge.target]
                gutters.setdefault(leave, []).append((min(row, goal), max(row, goal), (id(edge), "out")))
                continue
            key: object = ("delivery", leave, self.band[edge.source]) if shape == "deliver" else (id(edge), "out")
            gutters.setdefault(leave, []).append((min(row, channel), max(row, channel), key))
            if shape in ("over", "under"):
                channels.setdefault(channel, []).append((min(leave, enter), max(leave, enter) + 0.5, id(edge)))
            if shape == "over":
                goal = self.row[edge.target]
                gutters.setdefault(enter, []).append((min(goal, channel), max(goal, channel), (id(edge), "in")))
        self.track: dict[object, int] = {}
        self.gutter_tracks = {g: self._pack(stretches) for g, stretches in gutters.items()}
        self.channel_tracks = {c: self._pack(stretches) for c, stretches in channels.items()}

    def _pack(self, stretches: list[tuple[float, float, object]]) -> int:
        """First-fit tracks for the stretches of one gutter or channel; returns how many are needed."""
        tracks: list[list[tuple[float, float]]] = []
        whole: dict[object, tuple[float, float]] = {}
        for low, high, key in stretches:
            known = whole.get(key, (low, high))
            whole[key] = (min(low, known[0]), max(high, known[1]))
        for key, (low, high) in sorted(whole.items(), key=lambda item: (item[1][1] - item[1][0], item[1])):
            free = [i for i, taken in enumerate(tracks) if all(high < a or low > b for a, b in taken)]
            number = free[0] if free else len(tracks)
            if not free:
                tracks.append([])
            tracks[number].append((low, high))
            self.track[key] = number
        return len(tracks)

    def _set_widths(self) -> None:
        gutters = [
            (self.zone if g else 0.0) + max(1, self.gutter_tracks.get(g, 0)) * TRACK + _ARROW
            for g in range(self.per_band + 1)
        ]
        room = WIDTH - _STRIP - EXIT - sum(gutters)
        self.box_width = min(_BOX_MAX, max(_BOX_MIN, room / self.per_band))
        self.gutter_left: list[float] = []
        self.column_left: list[float] = []
        x = _STRIP
        for g, width in enumerate(gutters):
            self.gutter_left.append(x)
            x += width
            if g < self.per_band:
                self.column_left.append(x)
                x += self.box_width
        self.exit_left = x
        self.width = max(x + EXIT, 420.0)

    # ---------------------------------------------------------------------------------------- heights

    def _write_boxes(self) -> None:
        """The lines of text of every stage, from its top: (text, size, bold, colour)."""
        self.content: dict[str, list[tuple[str, float, bool, str]]] = {}
        width = self.box_width - 2 * PAD
        for name, stage in self.blueprint.stages.items():
            size = sum(len(self.blueprint.pools[pool].members) for pool in stage.pools)
            rows = [(r, NAME, True, INK) for r in fit(title_of(name), width - 4, NAME, 3, bold=True)]
            rows += [(r, SMALL, False, INK) for r in fit(title_of(stage.function), width, SMALL, 2)]
            tail = f" ({size})"
            staff = f"{len(stage.teams)} teams" if stage.teams else title_of(stage.pool)
            pool = fit(staff, width - text_width(tail, SMALL), SMALL, 2)
            pool[-1] += tail
            rows += [(r, SMALL, False, INK) for r in pool]
            load = self.loads.get(name, StageLoad())
            if name in self.values and self.values[name] != load.queue:
                unit = " per 1 000" if "1 000" in self.measure else ""
                rows.append((short(self.values[name]) + unit, SMALL, True, INK))
            rows += [(r, SMALL, False, INK) for line in load.lines for r in fit(line, width, SMALL, 1)]
            self.content[name] = rows

    def _write_actions(self) -> None:
        """What the customer does above a column: judges its moments of truth; (band, column) -> Action."""
        piles: dict[tuple[int, int], list[str]] = {}
        for name, stage in self.blueprint.stages.items():
            if stage.moment_of_truth and self.lane_of[name] == "onstage":
                piles.setdefault((self.band[name], self.column[name]), []).append(name)
        self.actions: dict[tuple[int, int], Action] = {}
        first = self.band[self.blueprint.first], self.column[self.blueprint.first]
        for place, names in piles.items():
            names.sort(key=self.row.__getitem__)
            room = self.box_width - 4 - (_STEM if place == first else 0.0)
            centre = self.column_left[place[1]] + self.box_width - 2 - room / 2
            lines = fit(f"judges {', '.join(map(title_of, names))}", room, SMALL, 3)
            self.actions[place] = Action(names, centre, lines)

    def _customer_height(self, band: int) -> float:
        if band not in self.busy:
            return _EMPTY
        most = max((len(action.lines) for (at, _), action in self.actions.items() if at == band), default=0)
        return _TRUNK + most * SMALL * LINE_HEIGHT + _MARKED if most else _CUSTOMER

    def _set_heights(self) -> None:
        ports: dict[str, list[Edge]] = {n: [] for n in self.blueprint.stages}
        for edge in self.edges:
            ports[edge.source].append(edge)
        self.ports = ports
        height: dict[int, float] = {}
        for name, rows in self.content.items():
            text = sum(size * LINE_HEIGHT for _, size, _, _ in rows) + 2 * PAD
            plugs = sum(port_height(e) for e in ports[name]) + 4
            height[self.row[name]] = max(height.get(self.row[name], 0.0), text, plugs)
        self.top: list[float] = []
        y = 4.0
        for ordinal, (band, lane) in enumerate(self.rows):
            self.top.append(y)
            tracks = self.channel_tracks.get(ordinal, 0)
            if lane == "gap":
                y += (_BAND_GAP if 0 < band < self.bands else 4.0) + tracks * TRACK
            elif lane == "customer":
                y += self._customer_height(band)
            elif ordinal in height:
                y += height[ordinal]
            else:
                alone = self.rows.count((band, lane)) == 1
                y += (_EMPTY if alone else _CHANNEL) + tracks * TRACK
        self.top.append(y)
        self.height = y
        self.stages: dict[str, Box] = {}
        for name in self.blueprint.stages:
            row = self.row[name]
            left = self.column_left[self.column[name]]
            self.stages[name] = Box(left, self.top[row], self.box_width, height[row])


def _lane(blueprint: Blueprint, name: str) -> str:
    stage = blueprint.stages[name]
    if stage.appraisal and not stage.onstage:
        return "support"
    return "onstage" if stage.onstage else "backstage"


def port_height(edge: Edge) -> float:
    return max(8.0, MARK * LINE_HEIGHT * (bool(edge.label) + bool(edge.batch)) + 3)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
