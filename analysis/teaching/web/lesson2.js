// Lesson 2: queues, batches and a border; Little's law from the same events that are drawn.

import { FlowLesson } from "./flow_lesson.js";
import { COLOURS } from "./flow.js";
import { Chart, Headline, Numbers, said } from "./svg.js";

const STAGE = 1, ARRIVED = 3, BEGAN = 4, ENDED = 5; // columns of a visit
const DELIVERED = 3; // column of an order

export class Lesson extends FlowLesson {
  constructor(places, about) {
    super(places, about);
    this.chart = new Chart(places.charts, { title: "Orders in the system" });
    this.table = new Numbers(places.numbers, {
      caption: "Little's law, from the beginning until now: orders present = arrivals an hour × hours each stays",
      columns: ["", "present L", "arrivals λ, 1/h", "stay W, h", "λ W", "wait, h", "M/M/2 wait, h"],
    });
    this.headline = new Headline(places.headline);
  }

  functions() { return this.feed.answer?.functions ?? []; }

  numbersAt(time) {
    const stages = this.stagesNow().map(() => ({ area: 0, arrivals: 0, ended: 0, sojourn: 0, waited: 0, present: 0, waiting: 0 }));
    for (const rows of this.feed.visits.values()) {
      for (const row of rows) {
        if (row[ARRIVED] > time) continue;
        const here = stages[row[STAGE]], done = row[ENDED] !== null && row[ENDED] <= time;
        here.arrivals += 1;
        here.area += (done ? row[ENDED] : time) - row[ARRIVED];
        if (done) {
          here.ended += 1;
          here.sojourn += row[ENDED] - row[ARRIVED];
          here.waited += row[BEGAN] - row[ARRIVED];
        } else {
          here.present += 1;
          if (row[BEGAN] === null || row[BEGAN] > time) here.waiting += 1;
        }
      }
    }
    return { stages: stages.map((s) => ({
      L: s.area / time, rate: s.arrivals / time, W: s.sojourn / s.ended, rate_W: ((s.arrivals / time) * s.sojourn) / s.ended,
      wait: s.waited / s.ended, present: s.present, waiting: s.waiting,
    })) };
  }

  // Orders in the system at up to 300 times until now, from the same events that are drawn.
  path(time) {
    const rows = [...this.feed.visits.values()], earliest = (one, other) => one - other;
    const came = rows.map((mine) => mine[0][ARRIVED]).filter((t) => t <= time).sort(earliest);
    const went = this.feed.orders.map((order) => order[DELIVERED]).filter((t) => t <= time); // in order of time already
    const every = Math.max(0.5, time / 300), points = [];
    let here = 0, gone = 0;
    for (let i = 0; i * every < time + every; i += 1) {
      const now = Math.min(i * every, time);
      while (here < came.length && came[here] <= now) here += 1;
      while (gone < went.length && went[gone] <= now) gone += 1;
      points.push([now, here - gone]);
    }
    return points;
  }

  count(time) {
    const { stages } = this.numbersAt(time), form = this.feed.answer?.closed_form ?? {}, names = this.stagesNow();
    const longest = stages.reduce((best, s, i) => (s.waiting > stages[best].waiting ? i : best), 0);
    const came = [...this.feed.visits.values()].filter((mine) => mine[0][ARRIVED] <= time).length;
    const here = came - this.feed.orders.filter((order) => order[DELIVERED] <= time).length, sum = (key) => stages.reduce((total, s) => total + (s[key] || 0), 0);
    this.headline.show([
      ["Orders in the system now", said(here, 0), `${said(sum("waiting"), 0)} wait, ${said(here - sum("present"), 0)} cross the border`],
      ["Longest queue now", said(stages[longest].waiting, 0), stages[longest].waiting ? names[longest] : "nobody waits"],
      ["Little's law: on average present", said(sum("L"), 1), `arrivals × stay: ${said(sum("rate_W"), 1)}`],
    ]);
    this.table.show(stages.map((s, i) => [
      names[i], said(s.L), said(s.rate), said(s.W), said(s.rate_W), said(s.wait), said(form.wait),
    ]));
  }

  show(time) {
    const form = this.feed.answer?.closed_form ?? {}, n = this.stagesNow().length, points = this.path(time);
    this.chart.show({
      series: [{ name: "in the system", points, colour: COLOURS.accent }],
      across: Number.isFinite(form.present ?? NaN) ? [{ value: n * form.present, name: "M/M/2 mean", colour: COLOURS.ink, dash: "6 4" }] : [],
      marks: this.feed.history.slice(1).map(([x]) => ({ x })), x: [0, Math.max(time, 20)],
      y: [0, Math.max(10, 1.15 * Math.max(...points.map(([, y]) => y)), form.present ? 1.2 * n * form.present : 0)],
    });
  }

  sentence(time) {
    const waiting = this.numbersAt(time).stages.map((s) => s.waiting);
    return `After ${said(time, 0)} hours ${waiting.join(", ")} orders wait at the stages.`;
  }
}
