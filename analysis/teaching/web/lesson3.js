// Lesson 3: what a customer desires, predicts and perceives; and all customers, week by week.

import { run } from "./api.js";
import { COLOURS } from "./flow.js";
import { Chart, Headline, Numbers, make, percent, said } from "./svg.js";

const WEEK = 40, AHEAD = 200; // h; the server is asked for whole weeks, some ahead of the clock
const LINES = { S: ["desired", COLOURS.ink, "2 4"], W: ["predicted", "#a35f00", "7 4"], P: ["perceived", COLOURS.accent, ""] };

export class Lesson {
  #asking = null; #age = 0;
  onFault = () => {};
  orders = []; moments = []; weeks = []; until = 0; answer = null; history = [[0, {}]]; seed = 1; changedAt = 0; shown = 0;

  constructor({ scene, charts, numbers, headline }, about) {
    this.about = about;
    scene.classList.add("grows");
    this.headline = new Headline(headline);
    this.who = make("p", { class: "who" });
    scene.append(this.who);
    this.mine = new Chart(scene, { title: "One customer: each moment of truth, and the level after each order" });
    this.all = new Chart(charts, { title: "All customers: means by week of delivery" });
    this.dimensions = new Numbers(numbers, { caption: "The customer's last order, by dimension", columns: ["", "desired", "predicted", "perceived", "gap"] });
    this.figures = new Numbers(numbers, { caption: "All orders placed since the last change, delivered by the end of the last week", columns: ["", "mean"] });
  }

  there() { return this.until; }
  timeSaid(time) { return `${said(time, 0)} h, week ${Math.floor(time / 40) + 1}`; }
  pace = 8; // a customer comes back every five weeks or so
  speedSaid(speed) { return `${said(speed, 0)} h a second`; }
  arrange() {}
  get limit() { return this.about.longest; }

  restart(seed, values) {
    this.#age += 1;
    this.#asking = null;
    Object.assign(this, { seed, values: { ...values }, history: [[0, { ...values }]], until: 0, orders: [], moments: [], answer: null, changedAt: 0, ends: new Map() });
  }

  // Another customer is another look at the same run; anything else makes another run from now on.
  change(time, values) {
    const other = values.customer !== this.values.customer;
    if (time <= 0) return this.restart(this.seed, values);
    this.#age += 1;
    this.#asking = null;
    this.values = { ...values };
    if (other) return this.#look().catch((fault) => this.onFault(fault));
    this.changedAt = time;
    this.history = [...this.history.filter(([t]) => t < time), [time, { ...values }]];
    this.orders = this.orders.filter((o) => o.delivered <= time);
    this.moments = this.moments.filter((m) => m.time <= time);
    for (const end of this.ends.keys()) if (end > time) this.ends.delete(end);
    this.until = Math.min(this.until, time);
    return undefined;
  }

  // Another customer in the run that is there already; what is asked for meanwhile comes after it.
  async #look() {
    const { customer } = this.values, { seed, until } = this;
    this.history = this.history.map(([t, v]) => [t, { ...v, customer }]);
    Object.assign(this, { orders: [], moments: [] });
    const asked = this.history;
    if (!until) return;
    const answer = await run(3, { seed, since: 0, until, history: asked });
    if (customer !== this.values.customer || seed !== this.seed) return;
    const same = Math.min(until, ...this.history.filter(([t]) => !asked.some(([u]) => u === t)).map(([t]) => t));
    this.orders = [...answer.orders.filter((o) => o.delivered <= same), ...this.orders];
    this.moments = [...answer.moments.filter((m) => m.time <= same), ...this.moments];
  }

  prepare(time) { if (this.until < Math.min(time + AHEAD, this.limit) && !this.#asking) this.#more().catch((f) => this.onFault(f)); }
  async reach(time) { while (this.until < Math.min(time, this.limit)) await this.#more(); }

  #more() {
    if (this.#asking) return this.#asking;
    const age = this.#age, since = this.until, until = Math.min((Math.floor(since / WEEK) + 1) * WEEK, this.limit);
    const work = run(3, { seed: this.seed, since, until, history: this.history }).then((answer) => {
      if (age !== this.#age) return;
      this.answer = answer;
      this.ends.set(until, answer.numbers);
      this.orders.push(...answer.orders);
      this.moments.push(...answer.moments);
      this.until = until;
    }).finally(() => { if (this.#asking === work) this.#asking = null; });
    this.#asking = work;
    return work;
  }

  draw() {}
  next(time) {
    const later = [...this.moments.map((m) => m.time), ...this.orders.map((o) => o.delivered)].filter((t) => t > time);
    return later.length ? Math.min(...later) : time + 8;
  }

  // The customer's orders delivered by now; the means over all customers come from the server, at the end of each week.
  numbersAt(time) {
    const mine = this.orders.filter((o) => o.delivered <= time);
    return { time, orders: mine.length, last: mine.at(-1) ?? null, all: this.#allAt(time) };
  }

  // At the end of the last week since the last change.
  #allAt(time) {
    const end = Math.max(...[...this.ends.keys()].filter((t) => t <= time && t > this.changedAt));
    return this.ends.get(end) ?? null;
  }

  count(time) {
    const mine = this.orders.filter((o) => o.delivered <= time), moments = this.moments.filter((m) => m.time <= time).length;
    const last = mine.at(-1), now = this.#allAt(time) ?? { service_quality: null, gap: null, surprise: null, late: null, orders: 0 };
    this.who.textContent = `Customer ${this.values.customer}: ${mine.length} order${mine.length === 1 ? "" : "s"}, ${moments} moment${moments === 1 ? "" : "s"} of truth so far.`;
    this.headline.show([
      ["Service quality (%)", said(now.service_quality, 1), "all customers: perceived / desired"],
      ["Gap", said(now.gap, 3), "perceived − desired"],
      ["Surprise", said(now.surprise, 3), "perceived − predicted"],
    ]);
    this.dimensions.show((this.answer?.dimensions ?? []).map((name, i) => [
      name, ...(last ? [last.desired[i], last.predicted[i], last.perceived[i], last.perceived[i] - last.desired[i]].map((v) => said(v, 3)) : ["–", "–", "–", "–"]),
    ]));
    this.figures.show([
      ["Service quality, 100 × perceived / desired (%)", said(now.service_quality, 1)], ["Gap, perceived − desired", said(now.gap, 4)],
      ["Surprise, perceived − predicted", said(now.surprise, 4)], ["Late orders", percent(now.late, 1)], ["Orders", said(now.orders, 0)],
    ]);
  }

  show(time) {
    const mine = this.orders.filter((o) => o.delivered <= time), moments = this.moments.filter((m) => m.time <= time);
    const marks = this.history.slice(1).map(([x]) => ({ x, name: "change" }));
    const x = [0, Math.max(time, 400)];
    const lowest = Math.min(0.6, ...moments.map((m) => Math.floor(10 * mean(m.seen)) / 10).filter(Number.isFinite));
    const weighted = (key) => mine.map((o) => [o.delivered, o[key]]);
    this.mine.show({
      series: [
        { name: "moments", points: moments.map((m) => [m.time, mean(m.seen)]), colour: COLOURS.quiet, dots: true, bare: true },
        ...Object.entries(LINES).map(([key, [name, colour, dash]]) => ({ name, points: weighted(key), colour, dash, dots: key === "P" })),
      ], marks, x, y: [lowest, 1],
    });
    const weeks = (this.answer?.weeks ?? []).filter((w) => 40 * (w.week + 1) <= time);
    this.all.show({
      series: Object.entries(LINES).map(([key, [name, colour, dash]]) => ({ name, points: weeks.map((w) => [40 * (w.week + 1), w[key]]), colour, dash })),
      marks, x, y: null,
    });
  }

  sentence(time) {
    const last = this.orders.filter((o) => o.delivered <= time).at(-1);
    return last ? `The customer's last order was perceived as ${said(last.P)}, predicted ${said(last.W)}, desired ${said(last.S)}.` : "No order delivered yet.";
  }
}

function mean(values) {
  const there = values.filter((v) => v !== null);
  return there.length ? there.reduce((a, b) => a + b, 0) / there.length : NaN;
}
