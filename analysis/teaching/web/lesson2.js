// Lesson 2: queues, batches and a border; Little's law from the same events that are drawn.

import { FlowLesson } from "./flow_lesson.js";
import { COLOURS } from "./flow.js";
import { Chart, Numbers, said } from "./svg.js";

const STAGE = 1, ARRIVED = 3, BEGAN = 4, ENDED = 5; // columns of a visit

export class Lesson extends FlowLesson {
  #counts = [];

  constructor(places, about) {
    super(places, about);
    this.chart = new Chart(places.charts, { title: "Orders in the system" });
    this.table = new Numbers(places.numbers, {
      caption: "Little's law, from the beginning until now: orders present = arrivals an hour x hours each stays",
      columns: ["", "present L", "arrivals λ, 1/h", "stay W, h", "λ W", "wait, h", "M/M/2 wait, h"],
    });
  }

  functions() { return this.feed.answer?.functions ?? []; }
  forget(from = 0) { this.#counts = this.#counts.filter(([t]) => t <= from); }

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

  draw(time) {
    super.draw(time);
    const last = this.#counts.at(-1)?.[0] ?? -1;
    if (time < last) this.#counts = this.#counts.filter(([t]) => t <= time);
    else if (time - last >= Math.max(0.5, time / 300)) this.#counts.push([time, this.state.count]);
  }

  show(time) {
    const now = this.numbersAt(time), form = this.feed.answer?.closed_form ?? {};
    const n = this.stagesNow().length;
    this.chart.show({
      series: [{ name: "in the system", points: this.#counts, colour: COLOURS.accent }],
      across: Number.isFinite(form.present ?? NaN) ? [{ value: n * form.present, name: "M/M/2 mean", colour: COLOURS.ink, dash: "6 4" }] : [],
      marks: this.feed.history.slice(1).map(([x]) => ({ x })), x: [0, Math.max(time, 20)],
      y: [0, Math.max(10, 1.15 * Math.max(0, ...this.#counts.map((c) => c[1])), form.present ? 1.2 * n * form.present : 0)],
    });
    this.table.show(now.stages.map((s, i) => [
      this.stagesNow()[i], said(s.L), said(s.rate), said(s.W), said(s.rate_W), said(s.wait), said(form.wait),
    ]));
  }

  sentence(time) {
    const waiting = this.numbersAt(time).stages.map((s) => s.waiting);
    return `After ${said(time, 0)} hours ${waiting.join(", ")} orders wait at the stages.`;
  }
}
