// Small helpers for elements and plain charts in SVG.

import { letterScale } from "./flow.js";

const SPACE = "http://www.w3.org/2000/svg";

const LETTER = 13; // units of a chart as high as a letter beside it

// Width and height of a chart in its own units: as usual, but in the class view it fills its place, and its letters are
// as large as the page's, unless it then had fewer than `least` units of width.
export function sized(svg, width, height, least) {
  if (document.documentElement.classList.contains("class-view")) {
    const place = svg.getBoundingClientRect(), unit = Math.min((16 * letterScale()) / LETTER, place.width / least);
    if (place.width && place.height) [width, height] = [place.width / unit, place.height / unit];
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return { width, height };
}

// An HTML element: make("p", { class: "x" }, "text", child, ...).
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  return dress(element, attributes, children);
}

// An SVG element.
export function draw(name, attributes = {}, ...children) {
  return dress(document.createElementNS(SPACE, name), attributes, children);
}

function dress(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

export const said = (value, digits = 2) => (value === null || value === undefined || !Number.isFinite(value)
  ? "–" : value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−"));
export const percent = (value, digits = 2) => (value === null || !Number.isFinite(value) ? "–" : `${said(100 * value, digits)} %`);

// Round steps for an axis from low to high.
export function ticks(low, high, about = 4) {
  const span = high - low || 1, rough = span / about, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * size).find((s) => s >= rough);
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}

// Decimals that tell evenly spaced values apart.
export function decimals(steps) {
  const step = steps.length > 1 ? Math.abs(steps[1] - steps[0]) : 1;
  return [0, 1, 2, 3, 4].find((d) => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 5;
}

// A line chart over time. Series: {name, points: [[x, y], ...], colour, dash, band: [[x, low, high], ...], dots,
// bare (dots without a line)}.
// Lines across: {value, name, colour, dash}. Marks: {x, name}. Redraw with show().
export class Chart {
  #svg; #title; #unit; #format;
  // `format` of the values on the axis; without one they get as many decimals as their steps need.
  constructor(parent, { title, unit = "", xUnit = "h", format = null }) {
    this.#title = title;
    this.#unit = unit;
    this.xUnit = xUnit;
    this.#format = format;
    this.#svg = draw("svg", { role: "img", "aria-label": title, class: "chart" });
    const box = make("figure", {}, make("figcaption", {}, unit ? `${title} (${unit})` : title), this.#svg);
    parent.append(box);
  }

  show({ series = [], across = [], marks = [], x = [0, 100], y = null }) {
    const all = series.flatMap((s) => [...s.points.map((p) => p[1]), ...(s.band || []).flatMap((b) => [b[1], b[2]])]);
    const values = [...all, ...across.map((a) => a.value)].filter(Number.isFinite);
    let [low, high] = y || [Math.min(...values, Infinity), Math.max(...values, -Infinity)];
    if (!Number.isFinite(low)) [low, high] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
    if (!y) { const room = 0.08 * (high - low); [low, high] = [low - room, high + room]; }
    const usual = this.#svg.parentElement.clientWidth < 520 ? 400 : 640; // letters stay legible on a phone
    const { width, height } = sized(this.#svg, usual, 260, 320);
    const left = 56, right = width - 128, top = 14, bottom = height - 34;
    const px = (v) => left + ((v - x[0]) / (x[1] - x[0] || 1)) * (right - left);
    const py = (v) => bottom - ((Math.max(low, Math.min(high, v)) - low) / (high - low)) * (bottom - top);
    const parts = [];
    const steps = ticks(low, high), digits = decimals(steps), format = this.#format ?? ((v) => said(v, digits));
    for (const value of steps) {
      parts.push(draw("line", { x1: left, x2: right, y1: py(value), y2: py(value), class: "grid" }));
      parts.push(draw("text", { x: left - 8, y: py(value) + 4, class: "tick end" }, format(value)));
    }
    for (const value of ticks(x[0], x[1], width / 130)) {
      parts.push(draw("text", { x: px(value), y: bottom + 18, class: "tick middle" }, said(value, Number.isInteger(value) ? 0 : 1)));
    }
    parts.push(draw("text", { x: right + 26, y: bottom + 18, class: "tick" }, this.xUnit));
    for (const mark of marks) {
      parts.push(draw("line", { x1: px(mark.x), x2: px(mark.x), y1: top, y2: bottom, class: "mark" }));
      if (mark.name) parts.push(draw("text", { x: px(mark.x) + 4, y: top + 10, class: "tick" }, mark.name));
    }
    const labels = [];
    for (const a of across) {
      parts.push(draw("line", { x1: left, x2: right, y1: py(a.value), y2: py(a.value), stroke: a.colour, "stroke-width": 1.6, "stroke-dasharray": a.dash || "none" }));
      labels.push({ y: py(a.value), text: a.name, colour: a.colour });
    }
    for (const s of series) {
      if (s.band?.length) {
        const up = s.band.map((b) => `${px(b[0])},${py(b[2])}`), down = s.band.map((b) => `${px(b[0])},${py(b[1])}`).reverse();
        parts.push(draw("polygon", { points: [...up, ...down].join(" "), fill: s.colour, opacity: 0.15 }));
      }
      const points = s.points.filter((p) => Number.isFinite(p[1]));
      if (points.length) {
        if (!s.bare) parts.push(draw("polyline", { points: points.map((p) => `${px(p[0])},${py(p[1])}`).join(" "), fill: "none", stroke: s.colour, "stroke-width": 2.2, "stroke-dasharray": s.dash || "none", "stroke-linejoin": "round" }));
        if (s.dots) for (const p of points) parts.push(draw("circle", { cx: px(p[0]), cy: py(p[1]), r: 3.4, fill: s.colour }));
        labels.push({ y: py(points.at(-1)[1]), text: s.name, colour: s.colour });
      }
    }
    labels.sort((a, b) => a.y - b.y);
    labels.forEach((label, i) => { label.y = Math.max(label.y, i ? labels[i - 1].y + 16 : 0); });
    const over = labels.length ? Math.max(0, labels.at(-1).y - bottom) : 0;
    for (const label of labels) parts.push(draw("text", { x: right + 8, y: label.y - over + 4, fill: label.colour, class: "name" }, label.text));
    this.#svg.replaceChildren(...parts);
  }
}

// A table of numbers that is filled again and again: rows [[heading, cell, ...], ...].
export class Numbers {
  #body;

  constructor(parent, { caption, columns }) {
    this.#body = make("tbody");
    const head = make("tr", {}, ...columns.map((c) => make("th", { scope: "col" }, c)));
    parent.append(make("div", { class: "scroll" }, make("table", {}, make("caption", {}, make("span", {}, caption)), make("thead", {}, head), this.#body)));
  }

  show(rows) {
    fill(this.#body, rows, ([heading, ...cells]) => make("tr", {}, make("th", { scope: "row" }, heading), ...cells.map((c) => make("td", {}, c))));
  }
}

// The main numbers in large type, for the class view: [[what, number, more], ...].
export class Headline {
  #place;

  constructor(parent) { this.#place = parent; }

  show(rows) {
    fill(this.#place, rows, (texts) => make("p", {}, ...texts.map((text, i) => make("span", { class: ["what", "number", "more"][i] }, text))));
  }
}

// Rows of texts as elements that stay while their texts change, for that may be with every frame.
function fill(parent, rows, element) {
  if (parent.childElementCount !== rows.length || rows.some((row, i) => parent.children[i].childElementCount !== row.length)) {
    parent.replaceChildren(...rows.map(element));
    return;
  }
  rows.forEach((row, i) => row.forEach((text, k) => {
    const place = parent.children[i].children[k];
    if (place.textContent !== text) place.textContent = text;
  }));
}
