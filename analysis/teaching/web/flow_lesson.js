// What lessons 1 and 2 share: orders that flow through stages.

import { Feed } from "./feed.js";
import { Flow } from "./flow.js";
import { make, said } from "./svg.js";

export class FlowLesson {
  #picture; #arranged = "";
  onFault = () => {};

  constructor({ scene }, about) {
    this.about = about;
    this.feed = new Feed(about.lesson, about.longest);
    this.feed.onFault = (fault) => this.onFault(fault);
    this.#picture = make("canvas", { role: "img", "aria-label": "Orders moving through the stages; the numbers stand below" });
    scene.append(this.#picture);
    this.flow = new Flow(this.#picture, this.feed);
  }

  get shown() { return this.flow.shown; }
  there() { return this.feed.until; }
  prepare(time) { this.feed.prepare(time); }
  async reach(time) { await this.feed.reach(time); this.#arrangeIfNew(); }

  restart(seed, values) {
    this.values = { ...values };
    this.changedAt = 0;
    this.feed.restart(seed, values);
    this.flow.forget();
  }

  change(time, values) {
    this.values = { ...values };
    this.changedAt = time;
    this.feed.change(time, values);
    this.flow.forget();
  }

  arrange() { this.flow.arrange(this.stagesNow(), { functions: this.functions?.() ?? [] }); }

  // Stages as they are named now; before the first answer as many as the settings say.
  stagesNow() { return this.feed.answer?.stages ?? Array.from({ length: this.values?.stages ?? 5 }, (_, i) => `stage ${i + 1}`); }

  #arrangeIfNew() {
    const now = [this.stagesNow(), this.functions?.() ?? []].join();
    if (now !== this.#arranged) {
      this.#arranged = now;
      this.arrange();
    }
  }

  draw(time, pace) {
    this.#arrangeIfNew();
    this.flow.draw(time, pace);
  }

  // The time of the next arrival, beginning or end of a visit.
  next(time) {
    let first = time + 0.25;
    for (const rows of this.feed.visits.values()) {
      for (const row of rows) for (const moment of [row[3], row[4], row[5]]) if (moment !== null && moment > time && moment < first) first = moment;
    }
    return first;
  }

  timeSaid(time) { return `${said(time, 1)} h`; }
  speedSaid(speed) { return `${speed} h a second`; }
}
