// Events of a run, asked for in pieces ahead of the clock. When a setting changes at time t, what lies after t is
// dropped and asked for again: the server's runs are the same up to t.

import { run } from "./api.js";

const PIECE = 20; // h
const AHEAD = 40; // h that are kept ready before the clock
const FOUND = 2, DELIVERED = 3; // columns with the time of a find, of a delivery

export class Feed {
  #lesson; #asking = null; #age = 0;
  seed = 1; history = [[0, {}]]; until = 0; longest = 2000;
  visits = new Map(); handoffs = new Map(); // by order
  orders = []; finds = []; answer = null;

  constructor(lesson, longest) { this.#lesson = lesson; this.longest = longest; }

  restart(seed, values) {
    this.#age += 1;
    this.seed = seed;
    this.history = [[0, { ...values }]];
    this.until = 0;
    this.visits.clear(); this.handoffs.clear();
    this.orders = []; this.finds = []; this.answer = null;
    this.#asking = null;
  }

  // A new setting from `time` on.
  change(time, values) {
    if (time <= 0) return this.restart(this.seed, values);
    this.#age += 1;
    this.#asking = null;
    const kept = this.history.filter(([t]) => t < time);
    this.history = [...kept, [time, { ...values }]];
    this.until = Math.min(this.until, time);
    for (const [map, asOf] of [[this.visits, visitAsOf], [this.handoffs, handoffAsOf]]) {
      for (const [order, rows] of map) {
        const left = rows.map((row) => asOf(row, time)).filter(Boolean);
        if (left.length) map.set(order, left); else map.delete(order);
      }
    }
    this.orders = this.orders.filter((row) => row[DELIVERED] <= time);
    this.finds = this.finds.filter((row) => row[FOUND] <= time);
  }

  // Make sure that events up to `time` are there; resolves when they are.
  async reach(time) {
    const goal = Math.min(time, this.longest);
    while (this.until < goal) await this.#more();
  }

  // Ask ahead without waiting for it.
  prepare(time) {
    if (this.until < Math.min(time + AHEAD, this.longest) && !this.#asking) this.#more().catch(this.onFault);
  }

  onFault = () => {};

  #more() {
    if (this.#asking) return this.#asking;
    const age = this.#age;
    const since = this.until;
    const until = Math.min(since + PIECE, this.longest);
    const asked = { seed: this.seed, since, until, history: this.history };
    const work = run(this.#lesson, asked).then((answer) => {
      if (age !== this.#age) return; // a slider was moved meanwhile
      this.#take(answer);
      this.until = until;
    }).finally(() => { if (this.#asking === work) this.#asking = null; });
    this.#asking = work;
    return work;
  }

  #take(answer) {
    this.answer = answer;
    collect(this.visits, answer.visits, 1, 3);
    collect(this.handoffs, answer.handoffs, 1, 3);
    this.orders.push(...answer.orders);
    this.finds.push(...(answer.finds || []));
  }
}

// A row as it stood at a time, without what was still to come; null if it had not begun.
function visitAsOf(row, time) {
  const [order, stage, member, arrived, began, ended] = row;
  if (arrived > time) return null;
  if (ended !== null && ended <= time) return row;
  return began !== null && began <= time ? [order, stage, member, arrived, began, null, 0] : [order, stage, -1, arrived, null, null, 0];
}

function handoffAsOf(row, time) {
  const [order, from, to, left, reached] = row;
  if (left > time) return null;
  return reached !== null && reached <= time ? row : [order, from, to, left, null];
}

// Rows by order, in time; a row that came before as unfinished is replaced (same place `key`, same beginning).
function collect(map, rows, key, begin) {
  for (const row of rows || []) {
    const mine = map.get(row[0]) || [];
    const at = mine.findIndex((old) => old[key] === row[key] && old[begin] === row[begin]);
    if (at >= 0) mine[at] = row; else mine.push(row);
    mine.sort((a, b) => a[begin] - b[begin]);
    map.set(row[0], mine);
  }
}
