// Lesson 4: training and redesign in all four combinations, replication by replication.

import { run } from "./api.js";
import { COLOURS } from "./flow.js";
import { Headline, Numbers, decimals, draw, make, said, sized, ticks } from "./svg.js";

const MOST = 200;
const SHOWN = { service_quality: ["Service quality", "%", 1], cost_per_order: ["Cost per order", "cu", 1], profit: ["Profit", "cu", 0] };
const TABLE = { ...SHOWN, gap: ["Gap, perceived − desired", "", 4], failure_share: ["Failures reaching the customer", "share", 4], lead_time_mean: ["Lead time", "h", 1], utilisation_mean: ["Utilisation", "share", 3] };
const HEADLINES = { training: "Train", redesign: "Redesign", both: "Both", interaction: "Both, beyond the sum" };
const ARMS = ["do nothing", "train", "redesign", "both"];

// The "time" of this lesson is the number of replications.
export class Lesson {
  #asking = null; #age = 0; #panels = {};
  onFault = () => {};
  shown = 0; values = {}; seed = 1;

  constructor({ scene, numbers, headline }, about) {
    this.about = about;
    scene.classList.add("grows");
    this.headline = new Headline(headline);
    const panels = make("div", { class: "panels" });
    scene.append(panels);
    for (const [metric, [title, unit]] of Object.entries(SHOWN)) {
      const svg = draw("svg", { role: "img", "aria-label": `${title} of the four arms, with 95 % intervals`, class: "chart" });
      panels.append(make("figure", {}, make("figcaption", {}, `${title} (${unit})`), svg));
      this.#panels[metric] = svg;
    }
    this.table = new Numbers(numbers, { caption: "Differences to doing nothing, paired by replication, with 95 % intervals (cu: currency units)", columns: ["", "do nothing", "train", "redesign", "both", "interaction"] });
  }

  get limit() { return MOST; }
  there() { return this.replications.length; }
  timeSaid(time) { // of those that are shown
    const count = this.numbersAt(time)?.replications ?? 0;
    return `${count} replication${count === 1 ? "" : "s"}`;
  }
  speedSaid(speed) { return `${speed} a second at most`; }
  arrange() {}
  draw() {}
  next(time) { return Math.floor(time) + 1; }

  restart(seed, values) {
    this.#age += 1;
    this.#asking = null;
    Object.assign(this, { seed, values: { ...values }, replications: [], answers: new Map(), metrics: [] });
  }

  startsAgain = true; // after a change the question is another one

  prepare(time) { if (this.replications.length < Math.min(Math.ceil(time) + 2, MOST) && !this.#asking) this.#more().catch((f) => this.onFault(f)); }
  async reach(time) { while (this.replications.length < Math.min(Math.ceil(time), MOST)) await this.#more(); }

  #more() {
    if (this.#asking) return this.#asking;
    const age = this.#age, since = this.replications.length;
    const work = run(4, { seed: this.seed, since, until: since + 1, history: [[0, this.values]] }).then((answer) => {
      if (age !== this.#age) return;
      this.replications.push(...answer.replications.map((r) => r.values));
      this.metrics = answer.metrics;
      this.answers.set(since + 1, answer.numbers);
    }).finally(() => { if (this.#asking === work) this.#asking = null; });
    this.#asking = work;
    return work;
  }

  // The server's intervals at the last number of replications, up to now, that it was asked for.
  numbersAt(time) {
    const counts = [...this.answers.keys()].filter((n) => n <= Math.max(Math.floor(time), 1));
    return counts.length ? this.answers.get(Math.max(...counts)) : null;
  }

  show(time) {
    const now = this.numbersAt(time);
    for (const metric of Object.keys(SHOWN)) this.#bars(metric, now?.means.map((arm) => arm[metric]) ?? []);
  }

  count(time) {
    const now = this.numbersAt(time);
    this.headline.show(Object.entries(HEADLINES).map(([name, what]) => {
      const [mean, low, high] = now?.contrasts[name].service_quality ?? [null, null, null];
      return [what, `${signed(mean, 1)} points`, `of service quality${low === null ? "" : `: ${signed(low, 1)} to ${signed(high, 1)}`}`];
    }));
    if (!now) return this.table.show([]);
    const contrast = (name, metric, digits) => interval(now.contrasts[name][metric], digits, true);
    return this.table.show(Object.entries(TABLE).map(([metric, [title, unit, digits]]) => [
      unit && unit !== "share" ? `${title} (${unit})` : title, interval(now.means[0][metric], digits, false),
      ...["training", "redesign", "both", "interaction"].map((name) => contrast(name, metric, digits)),
    ]));
  }

  #bars(metric, arms) {
    if (!arms.length) return this.#panels[metric].replaceChildren();
    const values = arms.flat().filter((v) => v !== null && Number.isFinite(v));
    const low = Math.min(...values), high = Math.max(...values), room = 0.15 * (high - low || 1);
    const { width, height } = sized(this.#panels[metric], 300, 250, 220);
    const left = 66, right = width - 8, top = 12, bottom = height - 44, drop = width < 280 ? 16 : 0; // names in two rows
    const py = (v) => bottom - ((v - (low - room)) / (high - low + 2 * room)) * (bottom - top);
    const parts = [];
    const steps = ticks(low - room, high + room), digits = decimals(steps);
    for (const value of steps) {
      parts.push(draw("line", { x1: left, x2: right, y1: py(value), y2: py(value), class: "grid" }));
      parts.push(draw("text", { x: left - 6, y: py(value) + 4, class: "tick end" }, said(value, digits)));
    }
    arms.forEach(([mean, from, to], i) => {
      const x = left + ((i + 0.5) * (right - left)) / arms.length, colour = i ? COLOURS.accent : COLOURS.ink;
      if (from !== null && to !== null) parts.push(draw("line", { x1: x, x2: x, y1: py(from), y2: py(to), stroke: colour, "stroke-width": 2.5 }));
      parts.push(draw("circle", { cx: x, cy: py(mean), r: 5, fill: colour }));
      parts.push(draw("text", { x, y: bottom + 20 + (i % 2 ? drop : 0), class: "tick middle" }, ARMS[i]));
    });
    return this.#panels[metric].replaceChildren(...parts);
  }

  sentence(time) {
    const now = this.numbersAt(time);
    if (!now) return "No replication yet.";
    const [mean] = now.contrasts.both.service_quality;
    return `After ${now.replications} replications both together change service quality by ${said(mean, 1)} points.`;
  }
}

const signed = (value, digits) => (value > 0 ? "+" : "") + said(value, digits);

function interval([mean, low, high], digits, differs) {
  const sign = (v) => (differs ? signed(v, digits) : said(v, digits));
  return low === null ? sign(mean) : `${sign(mean)} [${sign(low)}, ${sign(high)}]`;
}
