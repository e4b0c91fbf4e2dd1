// The explorer: the reader chooses a metric and scenarios; their values or their differences to the base are drawn,
// sorted from the best down. Every value and every text comes from the page's data; only places are worked out here.

const SVG = ["http:", "", "www.w3.org", "2000", "svg"].join("/"); // in parts: no address stands in a page
const TOP = 10, FOOT = 36, NARROW = 620; // px; below `NARROW` names and values stand above their bars
const ROUND = "M-5,0 A5,5 0 1 0 5,0 A5,5 0 1 0 -5,0 Z";
const SHAPES = { better: "M0,-6 L6,5 L-6,5 Z", worse: "M0,6 L6,-5 L-6,-5 Z", changed: "M0,-6 L6,0 L0,6 L-6,0 Z" };

const made = (name, attributes = {}, text = "") => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
};
const html = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// Round steps for an axis: 1, 2 or 5 times a power of ten, about `count` of them.
const ticks = (low, high, count) => {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
};
const written = (value, step) => {
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
  const [whole, part] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? `.${part}` : "");
  return (value < 0 && Number(value.toFixed(digits)) !== 0 ? "\u2212" : "") + grouped;
};

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Rows to draw: [name, mean, low, high, text, reading], the best first; without a better direction, the largest.
const rowsOf = (data, metric, changes, chosen) => {
  const sign = metric.better === "lower" ? 1 : -1;
  return data.scenarios
    .map((name, i) => [name, ...(changes ? metric.changes : metric.levels)[i], metric.words[i], i])
    .filter((row) => chosen.has(row[6]) && row[1] !== null && !(changes && row[6] === data.base))
    .sort((a, b) => sign * (a[1] - b[1]) || a[6] - b[6]);
};

// `width` in px: the drawing is as wide as its place, so that type keeps its size on every screen.
const drawn = (rows, unit, zero, width) => {
  const narrow = width < NARROW;
  const [row, left, right] = narrow ? [44, 8, width - 8] : [30, 215, width - 200];
  const bottom = TOP + row * rows.length;
  const svg = made("svg", { viewBox: `0 0 ${width} ${bottom + FOOT}`, class: "figure", role: "group" });
  const ends = rows.flatMap((values) => values.slice(1, 4)).filter((value) => value !== null);
  let [low, high] = [Math.min(...ends, ...(zero ? [0] : [])), Math.max(...ends, ...(zero ? [0] : []))];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  [low, high] = [low - room, high + room];
  const x = (value) => left + ((value - low) / (high - low)) * (right - left);
  const steps = ticks(low, high, narrow ? 3 : 5);
  for (const value of steps) {
    svg.append(made("line", { x1: x(value), x2: x(value), y1: TOP, y2: bottom, class: "grid" }));
    svg.append(made("text", { x: x(value), y: bottom + 16, class: "tick" }, written(value, steps[1] - steps[0] || 1)));
  }
  svg.append(made("text", { x: left, y: bottom + 32, class: "unit" }, unit));
  if (zero) svg.append(made("line", { x1: x(0), x2: x(0), y1: TOP, y2: bottom, class: "zero" }));
  rows.forEach(([name, mean, from, to, text, word], i) => {
    const top = TOP + row * i, y = narrow ? top + 31 : top + row / 2, line = narrow ? top + 15 : y + 4;
    const group = made("g", { class: `tip ${word.replace(" ", "-")}` });
    group.dataset.tip = `${name}: ${text}${word === "base" ? " (base)" : `, ${word}`}`;
    group.append(made("rect", { x: left, y: y - 13, width: right - left, height: 26, class: "catch" }));
    if (from !== null && to !== null) group.append(made("line", { x1: x(from), x2: x(to), y1: y, y2: y, class: "bar" }));
    group.append(made("path", { d: SHAPES[word] || ROUND, transform: `translate(${x(mean)} ${y})`, class: "mark" }));
    svg.append(made("text", { x: 0, y: line, class: "name" }, shortened(name, narrow ? 24 : 30)), group);
    svg.append(made("text", { x: width, y: line, class: "value" }, text));
  });
  return svg;
};

const explore = (place, number) => {
  const data = JSON.parse(place.querySelector("script").textContent);
  const metric = html("select", { id: `metric-${number}` });
  const groups = new Map();
  data.metrics.forEach((m, i) => {
    if (!groups.has(m.group)) groups.set(m.group, html("optgroup", { label: m.group }));
    groups.get(m.group).append(html("option", { value: i, textContent: m.label }));
  });
  metric.append(...groups.values());
  metric.value = data.first;
  const radio = (value, text, checked) => html("label", {},
    html("input", { type: "radio", name: `show-${number}`, value, checked }), ` ${text}`);
  const several = data.scenarios.length > 1;
  const show = html("fieldset", {}, html("legend", { textContent: "Show" }),
    radio("changes", "differences to the base", several), radio("levels", "values", !several));
  const boxes = html("fieldset", {}, html("legend", { textContent: "Scenarios" }), ...data.scenarios.map((name, i) =>
    html("label", {}, html("input", { type: "checkbox", value: i, checked: true }), ` ${name}${i === data.base ? " (base)" : ""}`)));
  show.hidden = boxes.hidden = !several;
  const told = html("p", { className: "told" });
  told.setAttribute("role", "status");
  const chart = html("div", { className: "chart" });
  place.append(html("div", { className: "controls" },
    html("p", {}, html("label", { htmlFor: metric.id, textContent: "Metric " }), metric), show, boxes), told, chart);
  const draw = () => {
    const m = data.metrics[metric.value];
    const changes = show.querySelector("input:checked").value === "changes";
    const chosen = new Set([...boxes.querySelectorAll("input:checked")].map((box) => Number(box.value)));
    const rows = rowsOf(data, m, changes, chosen);
    const way = m.better ? `; ${m.better} is better` : "";
    const what = changes ? `difference to ${data.scenarios[data.base]}` : "mean";
    told.textContent = `${m.label}: ${what} and 95 % interval, ${rows.length} of ${data.scenarios.length} scenarios${way}.`;
    const svg = rows.length ? drawn(rows, changes ? m.change : m.unit, changes, chart.clientWidth || 1000) : null;
    chart.replaceChildren(...(svg ? [svg] : [html("p", { textContent: "Nothing to draw: choose a scenario." })]));
    if (!svg) return;
    svg.setAttribute("aria-label", told.textContent);
    svg.dispatchEvent(new CustomEvent("figure-drawn", { bubbles: true }));
  };
  place.addEventListener("change", draw);
  place.hidden = false;
  let width = 0; // a change of height alone needs no new drawing
  new ResizeObserver(() => {
    if (chart.clientWidth !== width) {
      width = chart.clientWidth;
      draw();
    }
  }).observe(chart);
};

document.querySelectorAll(".explorer").forEach(explore);
