"""Where everything stands in a drawn service blueprint.

Stages stand in columns by their depth in the route and in lanes by what the customer sees; long routes continue in
further bands. Lines run only through the gutters between columns and the channels between rows, so they cross no box.
All text is measured, so nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.figures.blueprint_legend import Shown, draw_legend, short
from analysis.figures.blueprint_route import columns, flows
from analysis.figures.blueprint_shapes import LINE_HEIGHT, SMALL, Box, Layout, Line, StageLoad, Text
from analysis.figures.style import HEAT, INK, QUIET, WIDTH, fit, text_width, title_of
from sim.blueprint import DELIVERED, Blueprint, Handoff

LANES = ("customer", "onstage", "backstage", "support")

_NAME, _SMALL, _MARK, _LINE = 9.0, SMALL, 8.0, LINE_HEIGHT  # type sizes in points, line height over type size
_STRIP, _EXIT = 74.0, 58.0  # lane labels at the left, the customer's end of the line at the right
_BOX_MIN, _BOX_MAX, _PAD = 76.0, 112.0, 5.0
_TRACK, _ARROW = 5.0, 9.0  # distance of parallel lines, room for an arrow head
_CHANNEL, _CUSTOMER, _EMPTY = 9.0, 50.0, 24.0  # heights: a free channel, the customer lane, a lane without stages
_BAND_GAP = 20.0


def layout(
    blueprint: Blueprint,
    values: Mapping[str, float] | None = None,
    measure: str = "failures per 1 000 orders",
    loads: Mapping[str, StageLoad] | None = None,
) -> Layout:
    """Place stages, lines and texts. Pure; see the module's first lines for the idea."""
    return _Planner(blueprint, dict(values or {}), measure, dict(loads or {})).run()


@dataclass(frozen=True)
class _Edge:
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


class _Planner:
    """Builds a layout step by step: grid, tracks, widths, heights, then shapes."""

    def __init__(
        self, blueprint: Blueprint, values: dict[str, float], measure: str, loads: dict[str, StageLoad]
    ) -> None:
        self.blueprint, self.values, self.measure, self.loads = blueprint, values, measure, loads
        self.out = Layout()
        self.flow = flows(blueprint)
        self.varied = max(self.flow.values(), default=0.0) > 1.01 * min(self.flow.values(), default=0.0)
        self.depth, self.back = columns(blueprint)
        self.edges = self._edges()
        self.lane_of = {n: _lane(blueprint, n) for n in blueprint.stages}
        self.lanes = [lane for lane in LANES[1:] if lane != "support" or "support" in self.lane_of.values()]
        self.zone = self._label_zone()
        self.per_band, self.bands = self._bands()

    def run(self) -> Layout:
        self._place_on_grid()
        self._assign_tracks()
        self._set_widths()
        self._write_boxes()
        self._set_heights()
        self._draw_lanes()
        self._draw_stages()
        self._draw_edges()
        self._draw_customer()
        shown = Shown(
            moments=any(stage.moment_of_truth for stage in self.blueprint.stages.values()),
            support="support" in self.lanes,
            borders=any(e.handoff.border for e in self.edges),
            batches=any(e.batch for e in self.edges),
            shares=any(e.label for e in self.edges),
            loops=bool(self.back),
            flows=self.varied,
            loads=bool(self.loads),
        )
        draw_legend(self.out, shown, self.values, self.measure)
        return self.out

    # ------------------------------------------------------------------------------------------ grid

    def _edges(self) -> list[_Edge]:
        edges = []
        for source in self.blueprint.stages:
            for target, handoff in self.blueprint.route[source].items():
                if handoff.probability > 0:
                    label = _percent(handoff.probability) if handoff.probability < 1 else ""
                    batch = f"×{handoff.batch}" if handoff.batch > 1 else ""
                    edges.append(_Edge(source, target, handoff, (source, target) in self.back, label, batch))
        return edges

    def _label_zone(self) -> float:
        widths = [text_width(t, _MARK) for e in self.edges for t in (e.label, e.batch) if t]
        border = 7.0 if any(e.handoff.border for e in self.edges) else 0.0
        return (max(widths) + 5 if widths else 0.0) + border

    def _bands(self) -> tuple[int, int]:
        """Columns per band and number of bands, as even as they come."""
        total = max(self.depth.values()) + 1
        gutter = self.zone + _TRACK + _ARROW
        most = max(1, int((WIDTH - _STRIP - _EXIT - gutter) / (_BOX_MIN + gutter)))
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

    def _path(self, edge: _Edge) -> tuple[str, int, int, int]:
        """(shape, gutter out, channel ordinal, gutter in) of an edge.

        Shapes: `straight` (next column, same row), `bend` (next column, one gutter), `over` (through a channel),
        `under` (a loop within a row: through the channel below, into the target from beneath), `deliver`.
        """
        leave = self.column[edge.source] + 1
        if edge.delivery:
            return "deliver", leave, self._customer_row(self.band[edge.source]), leave
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

    def _customer_row(self, band: int) -> int:
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
            (self.zone if g else 0.0) + max(1, self.gutter_tracks.get(g, 0)) * _TRACK + _ARROW
            for g in range(self.per_band + 1)
        ]
        room = WIDTH - _STRIP - _EXIT - sum(gutters)
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
        self.out.width = max(x + _EXIT, 420.0)

    # ---------------------------------------------------------------------------------------- heights

    def _write_boxes(self) -> None:
        """The lines of text of every stage, from its top: (text, size, bold, colour)."""
        self.content: dict[str, list[tuple[str, float, bool, str]]] = {}
        width = self.box_width - 2 * _PAD
        for name, stage in self.blueprint.stages.items():
            size = sum(len(self.blueprint.pools[pool].members) for pool in stage.pools)
            rows = [(r, _NAME, True, INK) for r in fit(title_of(name), width - 4, _NAME, 3, bold=True)]
            rows += [(r, _SMALL, False, INK) for r in fit(title_of(stage.function), width, _SMALL, 2)]
            tail = f" ({size})"
            staff = f"{len(stage.teams)} teams" if stage.teams else title_of(stage.pool)
            pool = fit(staff, width - text_width(tail, _SMALL), _SMALL, 2)
            pool[-1] += tail
            rows += [(r, _SMALL, False, INK) for r in pool]
            load = self.loads.get(name, StageLoad())
            if name in self.values and self.values[name] != load.queue:
                unit = " per 1 000" if "1 000" in self.measure else ""
                rows.append((short(self.values[name]) + unit, _SMALL, True, INK))
            rows += [(r, _SMALL, False, INK) for line in load.lines for r in fit(line, width, _SMALL, 1)]
            self.content[name] = rows

    def _set_heights(self) -> None:
        ports: dict[str, list[_Edge]] = {n: [] for n in self.blueprint.stages}
        for edge in self.edges:
            ports[edge.source].append(edge)
        self.ports = ports
        height: dict[int, float] = {}
        for name, rows in self.content.items():
            text = sum(size * _LINE for _, size, _, _ in rows) + 2 * _PAD
            plugs = sum(_port_height(e) for e in ports[name]) + 4
            height[self.row[name]] = max(height.get(self.row[name], 0.0), text, plugs)
        self.top: list[float] = []
        y = 4.0
        for ordinal, (band, lane) in enumerate(self.rows):
            self.top.append(y)
            tracks = self.channel_tracks.get(ordinal, 0)
            if lane == "gap":
                y += (_BAND_GAP if 0 < band < self.bands else 4.0) + tracks * _TRACK
            elif lane == "customer":
                y += _CUSTOMER if band in self.busy else _EMPTY
            elif ordinal in height:
                y += height[ordinal]
            else:
                alone = self.rows.count((band, lane)) == 1
                y += (_EMPTY if alone else _CHANNEL) + tracks * _TRACK
        self.top.append(y)
        self.out.height = y
        for name in self.blueprint.stages:
            row = self.row[name]
            left = self.column_left[self.column[name]]
            self.out.stages[name] = Box(left, self.top[row], self.box_width, height[row])

    # ----------------------------------------------------------------------------------------- shapes

    def _draw_lanes(self) -> None:
        right = self.exit_left + _EXIT - 4
        names = {
            "customer": ("Customer", "actions"), "onstage": ("Onstage",), "backstage": ("Backstage",),
            "support": ("Support", "processes"),
        }  # fmt: skip
        above = {"onstage": "interaction", "backstage": "visibility", "support": "internal"}
        for band in range(self.bands):
            for lane in ["customer", *self.lanes]:
                ordinals = [o for o, place in enumerate(self.rows) if place == (band, lane)]
                if not ordinals:
                    continue
                top, bottom = self.top[ordinals[0]], self.top[ordinals[-1] + 1]
                self.out.lanes.append((lane, Box(2, top, right - 2, bottom - top)))
                words = names[lane] if bottom - top >= 34 else names[lane][:1]
                for place, word in enumerate(words):
                    y = top + 12 + place * _NAME * 1.2
                    self.out.texts.append(Text(word, 8, y, _NAME, bold=True, colour=QUIET))
                if lane in above:
                    self.out.lines.append(Line(((2, top), (right, top)), above[lane]))

    def _draw_stages(self) -> None:
        top = max(self.values.values(), default=0.0)
        for name, box in self.out.stages.items():
            self.out.fills[name] = _colour(self.values[name], top) if name in self.values else HEAT[0]
            y = box.top + _PAD
            for text, size, bold, colour in self.content[name]:
                y += size * _LINE
                place = y - size * _LINE / 2
                self.out.texts.append(Text(text, box.left + _PAD, place, size, "left", bold, colour, name))

    def _port_heights(self, name: str) -> dict[int, float]:
        """Where on the right side of its box each way out starts."""
        box = self.out.stages[name]
        ways = sorted(self.ports[name], key=self._goes_to)
        total = sum(_port_height(e) for e in ways)
        y = box.top + (box.height - total) / 2
        starts = {}
        for edge in ways:
            starts[id(edge)] = y + (_MARK * _LINE + 1 if edge.label else _port_height(edge) / 2)
            y += _port_height(edge)
        if len(ways) == 1:
            starts[id(ways[0])] = box.top + box.height / 2
        return starts

    def _goes_to(self, edge: _Edge) -> float:
        shape, _, channel, _ = self.paths[id(edge)]
        if shape in ("straight", "bend"):
            return float(self.row[edge.target])
        return float(channel) + (0.4 if shape == "under" else 0.0)

    def _track_x(self, gutter: int, key: object) -> float:
        zone = self.zone if gutter else 0.0
        return self.gutter_left[gutter] + zone + 3 + self.track[key] * _TRACK

    def _draw_edges(self) -> None:
        for name in self.blueprint.stages:
            starts = self._port_heights(name)
            box = self.out.stages[name]
            for edge in self.ports[name]:
                y = starts[id(edge)]
                self._draw_edge(edge, box.right, y)
                if edge.label:
                    self.out.texts.append(Text(edge.label, box.right + 2, y - _MARK * 0.68, _MARK))
                if edge.batch:
                    self.out.texts.append(Text(edge.batch, box.right + 2, y + _MARK * 0.68, _MARK, colour=QUIET))
                if edge.handoff.border:
                    x = box.right + self.zone - 4
                    for shift in (-1.2, 1.2):
                        self.out.lines.append(Line(((x + shift, y - 4), (x + shift, y + 4)), "border"))

    def _draw_edge(self, edge: _Edge, x: float, y: float) -> None:
        shape, leave, channel, enter = self.paths[id(edge)]
        kind = "loop" if edge.loop else "flow"
        if shape == "deliver":
            self._deliver(edge, x, y, leave)
            return
        goal = self.out.stages[edge.target]
        middle = goal.top + goal.height * (0.75 if edge.loop else 0.5)
        if shape == "straight":
            self.out.lines.append(Line(((x, y), (goal.left, y)), kind, True, self._share(edge)))
            return
        turn = self._track_x(leave, (id(edge), "out"))
        if shape == "bend":
            points = [(x, y), (turn, y), (turn, middle), (goal.left, middle)]
        else:
            through = self.top[channel] + 4 + self.track[id(edge)] * _TRACK
            if self.rows[channel][1] == "gap":
                through += 6
            points = [(x, y), (turn, y), (turn, through)]
            if shape == "under":
                foot = goal.left + goal.width * 0.35
                points += [(foot, through), (foot, goal.bottom)]
            else:
                back = self._track_x(enter, (id(edge), "in"))
                points += [(back, through), (back, middle), (goal.left, middle)]
        self.out.lines.append(Line(tuple(points), kind, True, self._share(edge)))

    def _share(self, edge: _Edge) -> float | None:
        """Passes of the handoff over those of the busiest one; None where all have the same."""
        return self.flow[edge.source, edge.target] / max(self.flow.values()) if self.varied else None

    def _trunk(self, band: int) -> float:
        return self.top[self._customer_row(band)] + 15

    def _deliver(self, edge: _Edge, x: float, y: float, leave: int) -> None:
        band = self.band[edge.source]
        turn = self._track_x(leave, ("delivery", leave, band))
        trunk = self._trunk(band)
        pill = self._exit_pill(band)
        points = ((x, y), (turn, y), (turn, trunk), (pill.left, trunk))
        self.out.lines.append(Line(points, "delivery", True, self._share(edge)))

    def _exit_pill(self, band: int) -> Box:
        return Box(self.exit_left + 3, self._trunk(band) - 8, _EXIT - 12, 16)

    def _draw_customer(self) -> None:
        """The order going in, the delivery coming out, and the moments of truth between."""
        first = self.out.stages[self.blueprint.first]
        trunk = self._trunk(self.band[self.blueprint.first])
        pill = Box(first.left, trunk - 8, text_width("orders", _SMALL) + 12, 16)
        self._pill(pill, "orders")
        stem = first.left + 14
        self.out.lines.append(Line(((stem, pill.bottom), (stem, first.top)), "order", arrow=True))
        for band in sorted({self.band[e.source] for e in self.edges if e.delivery}):
            self._pill(self._exit_pill(band), "receives")
        piles: dict[tuple[int, int], list[str]] = {}
        for name, stage in self.blueprint.stages.items():
            if stage.moment_of_truth and self.lane_of[name] == "onstage":
                piles.setdefault((self.band[name], self.column[name]), []).append(name)
        for (band, _), names in piles.items():
            y = self.top[self._customer_row(band)] + 38
            for position, name in enumerate(sorted(names, key=lambda n: self.row[n])):
                box = self.out.stages[name]
                x = box.left + box.width / 2 + 14 * position
                self.out.moments.append((x, y))
                if position == 0:
                    self.out.lines.append(Line(((x, y + 5), (x, box.top)), "contact"))
        for name, stage in self.blueprint.stages.items():
            if stage.moment_of_truth:
                self.out.moments.append((self.out.stages[name].right - 7, self.out.stages[name].top + 8))

    def _pill(self, box: Box, text: str) -> None:
        self.out.pills.append(box)
        self.out.texts.append(Text(text, box.left + box.width / 2, box.top + box.height / 2, _SMALL, "center"))


def _lane(blueprint: Blueprint, name: str) -> str:
    stage = blueprint.stages[name]
    if stage.appraisal and not stage.onstage:
        return "support"
    return "onstage" if stage.onstage else "backstage"


def _port_height(edge: _Edge) -> float:
    return max(8.0, _MARK * _LINE * (bool(edge.label) + bool(edge.batch)) + 3)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _colour(value: float, top: float) -> str:
    if not top > 0 or not value > 0:
        return HEAT[0]
    return HEAT[min(len(HEAT) - 1, int(value / top * len(HEAT)))]
