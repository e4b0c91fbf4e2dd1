// Lesson 1: the share of orders with an error settles at its closed form, not at the printed 11 %.

import { FlowLesson } from "./flow_lesson.js";
import { COLOURS } from "./flow.js";
import { Chart, Headline, Numbers, percent, said } from "./svg.js";

const PLACED = 2, DELIVERED = 3, MADE = 4, REACHED = 5; // columns of an order
const Z = 1.959963984540054;

// 95 % interval of a share (Wilson 1927), as the server computes it.
export function wilson(count, n) {
  if (!n) return [NaN, NaN];
  const middle = count + (Z * Z) / 2, half = Z * Math.sqrt((count * (n - count)) / n + (Z * Z) / 4);
  return [(middle - half) / (n + Z * Z), (middle + half) / (n + Z * Z)];
}

export class Lesson extends FlowLesson {
  constructor(places, about) {
    super(places, about);
    this.chart = new Chart(places.charts, { title: "Share of orders with an error", format: (v) => percent(v, 0) });
    this.table = new Numbers(places.numbers, { caption: "Orders placed since the last change, delivered by now", columns: ["", "simulated", "closed form"] });
    this.headline = new Headline(places.headline);
  }

  // As the server's numbers, from the same events.
  numbersAt(time) {
    let n = 0, affected = 0, reached = 0, errors = 0;
    for (const row of this.feed.orders) {
      if (row[DELIVERED] > time || row[PLACED] < this.changedAt) continue;
      n += 1;
      errors += row[MADE];
      if (row[MADE] > 0) affected += 1;
      if (row[REACHED] > 0) reached += 1;
    }
    const [low, high] = wilson(affected, n);
    return { since: this.changedAt, orders: n, affected, reached, share: affected / n, low, high, errors_per_order: errors / n };
  }

  closedForm() { return this.feed.answer?.closed_form ?? { share: NaN, errors: null, printed: 0.11, formula: "" }; }

  // The share as it went, at up to 150 deliveries since the last change.
  path(time) {
    const rows = this.feed.orders.filter((r) => r[DELIVERED] <= time && r[PLACED] >= this.changedAt);
    const every = Math.max(1, Math.floor(rows.length / 150)), points = [], band = [];
    let affected = 0;
    rows.forEach((row, i) => {
      if (row[MADE] > 0) affected += 1;
      if ((i + 1) % every && i + 1 !== rows.length) return;
      points.push([row[DELIVERED], affected / (i + 1)]);
      band.push([row[DELIVERED], ...wilson(affected, i + 1)]);
    });
    return { points, band };
  }

  count(time) {
    const now = this.numbersAt(time), form = this.closedForm(), interval = `${percent(now.low)} to ${percent(now.high)}`;
    this.headline.show([
      ["Orders with an error", percent(now.share), now.orders ? `95 % interval ${interval}` : "none delivered yet"],
      ["Closed form", percent(form.share), form.formula],
      ["Orders delivered", said(now.orders, 0), `${said(now.affected, 0)} of them with an error`],
    ]);
    this.table.show([
      ["Orders with an error", `${percent(now.share)}  [${percent(now.low)}, ${percent(now.high)}]`, `${form.formula} = ${percent(form.share)}`],
      ["Errors per order", said(now.errors_per_order, 4), form.errors === null ? "none where errors are found" : said(form.errors, 4)],
      ["Orders with an error that reached the customer", percent(now.orders ? now.reached / now.orders : NaN), ""],
      ["Orders delivered", said(now.orders, 0), ""],
    ]);
  }

  show(time) {
    const now = this.numbersAt(time), form = this.closedForm(), { points, band } = this.path(time);
    const top = Math.max(0.2, Math.min(1, 1.6 * (form.share || 0.11), 1), Math.min(1, 1.2 * (now.share || 0)));
    this.chart.show({
      series: [{ name: "simulated", points, band, colour: COLOURS.accent }],
      across: [
        { value: form.share, name: `formula ${percent(form.share)}`, colour: COLOURS.ink },
        { value: form.printed, name: "printed 11 %", colour: "#b34f00", dash: "6 4" },
      ].filter((a) => Number.isFinite(a.value)),
      marks: this.feed.history.slice(1).map(([x]) => ({ x })), x: [this.changedAt, Math.max(time, this.changedAt + 20)], y: [0, top],
    });
  }

  sentence(time) {
    const now = this.numbersAt(time);
    return `After ${said(time, 0)} hours ${now.affected} of ${now.orders} orders had an error, ${percent(now.share)}; the closed form is ${percent(this.closedForm().share)}.`;
  }
}
