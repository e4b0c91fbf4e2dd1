"""Where everything stands in a drawn service blueprint: the shapes on its grid."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.figures.blueprint_grid import EXIT, MARK, NAME, PAD, TRACK, Edge, Grid, port_height
from analysis.figures.blueprint_legend import Shown, draw_legend
from analysis.figures.blueprint_shapes import LINE_HEIGHT, SMALL, Box, Layout, Line, StageLoad, Text
from analysis.figures.style import HEAT, QUIET, text_width
from sim.blueprint import Blueprint


def layout(
    blueprint: Blueprint,
    values: Mapping[str, float] | None = None,
    measure: str = "failures per 1 000 orders",
    loads: Mapping[str, StageLoad] | None = None,
) -> Layout:
    """Place stages, lines and texts. Pure; see `analysis.figures.blueprint_grid` for the idea."""
    return _Drawing(Grid(blueprint, values or {}, measure, loads or {})).run()


class _Drawing:
    """Puts the shapes of a grid together: lanes, stages, ways, what the customer does, the legend."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.out = Layout(grid.width, grid.height, grid.stages)

    def run(self) -> Layout:
        grid = self.grid
        self._draw_lanes()
        self._draw_stages()
        self._draw_edges()
        self._draw_customer()
        shown = Shown(
            moments=any(stage.moment_of_truth for stage in grid.blueprint.stages.values()),
            support="support" in grid.lanes,
            borders=any(e.handoff.border for e in grid.edges),
            batches=any(e.batch for e in grid.edges),
            shares=any(e.label for e in grid.edges),
            loops=bool(grid.back),
            flows=grid.varied,
            loads=bool(grid.loads),
        )
        draw_legend(self.out, shown, grid.values, grid.measure)
        return self.out

    def _draw_lanes(self) -> None:
        right = self.grid.exit_left + EXIT - 4
        names = {
            "customer": ("Customer", "actions"), "onstage": ("Onstage",), "backstage": ("Backstage",),
            "support": ("Support", "processes"),
        }  # fmt: skip
        above = {"onstage": "interaction", "backstage": "visibility", "support": "internal"}
        for band in range(self.grid.bands):
            for lane in ["customer", *self.grid.lanes]:
                ordinals = [o for o, place in enumerate(self.grid.rows) if place == (band, lane)]
                if not ordinals:
                    continue
                top, bottom = self.grid.top[ordinals[0]], self.grid.top[ordinals[-1] + 1]
                self.out.lanes.append((lane, Box(2, top, right - 2, bottom - top)))
                words = names[lane] if bottom - top >= 34 else names[lane][:1]
                for place, word in enumerate(words):
                    y = top + 12 + place * NAME * 1.2
                    self.out.texts.append(Text(word, 8, y, NAME, bold=True, colour=QUIET))
                if lane in above:
                    self.out.lines.append(Line(((2, top), (right, top)), above[lane]))

    def _draw_stages(self) -> None:
        top = max(self.grid.values.values(), default=0.0)
        for name, box in self.grid.stages.items():
            self.out.fills[name] = _colour(self.grid.values[name], top) if name in self.grid.values else HEAT[0]
            y = box.top + PAD
            for text, size, bold, colour in self.grid.content[name]:
                y += size * LINE_HEIGHT
                place = y - size * LINE_HEIGHT / 2
                self.out.texts.append(Text(text, box.left + PAD, place, size, "left", bold, colour, name))

    def _port_heights(self, name: str) -> dict[int, float]:
        """Where on the right side of its box each way out starts."""
        box = self.grid.stages[name]
        ways = sorted(self.grid.ports[name], key=self._goes_to)
        total = sum(port_height(e) for e in ways)
        y = box.top + (box.height - total) / 2
        starts = {}
        for edge in ways:
            starts[id(edge)] = y + (MARK * LINE_HEIGHT + 1 if edge.label else port_height(edge) / 2)
            y += port_height(edge)
        if len(ways) == 1:
            starts[id(ways[0])] = box.top + box.height / 2
        return starts

    def _goes_to(self, edge: Edge) -> float:
        shape, _, channel, _ = self.grid.paths[id(edge)]
        if shape in ("straight", "bend"):
            return float(self.grid.row[edge.target])
        return float(channel) + (0.4 if shape == "under" else 0.0)

    def _track_x(self, gutter: int, key: object) -> float:
        zone = self.grid.zone if gutter else 0.0
        return self.grid.gutter_left[gutter] + zone + 3 + self.grid.track[key] * TRACK

    def _draw_edges(self) -> None:
        for name in self.grid.blueprint.stages:
            starts = self._port_heights(name)
            box = self.grid.stages[name]
            for edge in self.grid.ports[name]:
                y = starts[id(edge)]
                self._draw_edge(edge, box.right, y)
                if edge.label:
                    self.out.texts.append(Text(edge.label, box.right + 2, y - MARK * 0.68, MARK))
                if edge.batch:
                    self.out.texts.append(Text(edge.batch, box.right + 2, y + MARK * 0.68, MARK, colour=QUIET))
                if edge.handoff.border:
                    x = box.right + self.grid.zone - 4
                    for shift in (-1.2, 1.2):
                        self.out.lines.append(Line(((x + shift, y - 4), (x + shift, y + 4)), "border"))

    def _draw_edge(self, edge: Edge, x: float, y: float) -> None:
        shape, leave, channel, enter = self.grid.paths[id(edge)]
        kind = "loop" if edge.loop else "flow"
        if shape == "deliver":
            self._deliver(edge, x, y, leave)
            return
        goal = self.grid.stages[edge.target]
        middle = goal.top + goal.height * (0.75 if edge.loop else 0.5)
        if shape == "straight":
            self.out.lines.append(Line(((x, y), (goal.left, y)), kind, True, self._share(edge)))
            return
        turn = self._track_x(leave, (id(edge), "out"))
        if shape == "bend":
            points = [(x, y), (turn, y), (turn, middle), (goal.left, middle)]
        else:
            through = self.grid.top[channel] + 4 + self.grid.track[id(edge)] * TRACK
            if self.grid.rows[channel][1] == "gap":
                through += 6
            points = [(x, y), (turn, y), (turn, through)]
            if shape == "under":
                foot = goal.left + goal.width * 0.35
                points += [(foot, through), (foot, goal.bottom)]
            else:
                back = self._track_x(enter, (id(edge), "in"))
                points += [(back, through), (back, middle), (goal.left, middle)]
        self.out.lines.append(Line(tuple(points), kind, True, self._share(edge)))

    def _share(self, edge: Edge) -> float | None:
        """Passes of the handoff over those of the busiest one; None where all have the same."""
        return self.grid.flow[edge.source, edge.target] / max(self.grid.flow.values()) if self.grid.varied else None

    def _trunk(self, band: int) -> float:
        return self.grid.top[self.grid.customer_row(band)] + 15

    def _deliver(self, edge: Edge, x: float, y: float, leave: int) -> None:
        band = self.grid.band[edge.source]
        turn = self._track_x(leave, ("delivery", leave, band))
        trunk = self._trunk(band)
        pill = self._exit_pill(band)
        points = ((x, y), (turn, y), (turn, trunk), (pill.left, trunk))
        self.out.lines.append(Line(points, "delivery", True, self._share(edge)))

    def _exit_pill(self, band: int) -> Box:
        return Box(self.grid.exit_left + 3, self._trunk(band) - 8, EXIT - 12, 16)

    def _draw_customer(self) -> None:
        """The order going in, the delivery coming out, and what is judged between: the moments of truth."""
        first = self.grid.stages[self.grid.blueprint.first]
        trunk = self._trunk(self.grid.band[self.grid.blueprint.first])
        pill = Box(first.left, trunk - 8, text_width("orders", SMALL) + 12, 16)
        self._pill(pill, "orders")
        stem = first.left + 14
        self.out.lines.append(Line(((stem, pill.bottom), (stem, first.top)), "order", arrow=True))
        for band in sorted({self.grid.band[e.source] for e in self.grid.edges if e.delivery}):
            self._pill(self._exit_pill(band), "receives")
        for (band, _), (names, x, lines) in self.grid.actions.items():
            y = self.grid.top[self.grid.customer_row(band) + 1] - 12
            for place, line in enumerate(reversed(lines)):
                self.out.texts.append(Text(line, x, y - 12 - place * SMALL * LINE_HEIGHT, align="center"))
            self.out.moments += [(x + 14 * place, y) for place in range(len(names))]
            self.out.lines.append(Line(((x, y + 5), (x, self.grid.stages[names[0]].top)), "contact"))
        for name, stage in self.grid.blueprint.stages.items():
            if stage.moment_of_truth:
                self.out.moments.append((self.grid.stages[name].right - 7, self.grid.stages[name].top + 8))

    def _pill(self, box: Box, text: str) -> None:
        self.out.pills.append(box)
        self.out.texts.append(Text(text, box.left + box.width / 2, box.top + box.height / 2, SMALL, "center"))


def _colour(value: float, top: float) -> str:
    if not top > 0 or not value > 0:
        return HEAT[0]
    return HEAT[min(len(HEAT) - 1, int(value / top * len(HEAT)))]
