// Orders on their way through the stages, drawn as they stand in the journal at a time.

export const COLOURS = {
  ink: "#1a2430", quiet: "#5c6773", rule: "#d5dbe1", box: "#f4f6f8", onstage: "#eef3f8",
  accent: "#0072b2", error: "#d55e00", paper: "#ffffff",
};
const ORDER = 0, STAGE = 1, MEMBER = 2, ARRIVED = 3, BEGAN = 4, ENDED = 5, ERRORS = 6; // columns of a visit
const FROM = 1, TO = 2, LEFT = 3, REACHED = 4; // columns of a handoff
const GLIDE = 0.12; // h in which a dot glides to where the order already is
const GONE = 0.25; // h for which a delivered order is still seen

// Where an order is at a time: a pure function of its rows. `state` is one of "before", "waiting", "served",
// "between" (stages, with `share` of the way), "delivered"; `since` says from when on.
export function placeOf({ visits, handoffs = [] }, time) {
  let visit = null;
  for (const row of visits) {
    if (row[ARRIVED] > time) break;
    visit = row;
  }
  if (!visit) return { state: "before", stage: -1, since: 0 };
  const { [STAGE]: stage, [ARRIVED]: arrived, [BEGAN]: began, [ENDED]: ended } = visit;
  if (began === null || began > time) return { state: "waiting", stage, since: arrived };
  if (ended === null || ended > time) return { state: "served", stage, since: began, member: visit[MEMBER] };
  const way = handoffs.find((row) => row[LEFT] <= time && (row[REACHED] === null || row[REACHED] > time) && row[FROM] === stage);
  if (way) return { state: "between", stage, to: way[TO], since: way[LEFT], reached: way[REACHED] };
  const next = visits[visits.indexOf(visit) + 1];
  if (next) return { state: "between", stage, to: next[STAGE], since: ended, reached: next[ARRIVED] };
  return { state: "delivered", stage, since: ended };
}

// Errors that an order carries at a time and that nobody has found yet.
export function openErrors(visits, finds, time) {
  let open = 0;
  for (const row of visits) if (row[ENDED] !== null && row[ENDED] <= time) open += row[ERRORS];
  for (const row of finds || []) if (row[2] <= time) open -= 1;
  return Math.max(0, open);
}

// Stages in rows, left to right; at most `most` in a row.
export function layout(count, width, most) {
  const rows = Math.ceil(count / most), columns = Math.ceil(count / rows);
  const cell = width / columns, height = rows > 1 ? 150 : 200;
  const places = Array.from({ length: count }, (_, i) => ({
    x: (i % columns) * cell, y: Math.floor(i / columns) * height, width: cell, height,
  }));
  return { places, height: rows * height, cell };
}

export class Flow {
  #canvas; #pen; #places = []; #cell = 0; #ratio = 1; #byFinds = new Map(); #findsTaken = 0;
  stages = []; functions = []; members = 2; feed = null; shown = 0;

  constructor(canvas, feed) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    this.feed = feed;
  }

  // `stages`: names; `functions`: the function of each (none: no borders are drawn).
  arrange(stages, functions = []) {
    this.stages = stages;
    this.functions = functions;
    const width = this.#canvas.parentElement.clientWidth;
    const found = layout(stages.length, width, width < 560 ? 5 : 10);
    this.#places = found.places;
    this.#cell = found.cell;
    this.#ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * this.#ratio);
    this.#canvas.height = Math.round(found.height * this.#ratio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${found.height}px`;
  }

  forget() { this.#byFinds.clear(); this.#findsTaken = 0; }

  // Draw everything as it is at `time`; returns how many orders are on their way, per stage too.
  draw(time) {
    const pen = this.#pen;
    pen.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const radius = Math.max(3, Math.min(6, this.#cell / 16));
    const present = this.stages.map(() => ({ waiting: [], served: [] }));
    const loose = [];
    this.#collectFinds();
    for (const [order, visits] of this.feed.visits) {
      const place = placeOf({ visits, handoffs: this.feed.handoffs.get(order) }, time);
      if (place.state === "before" || (place.state === "delivered" && time - place.since > GONE)) continue;
      const item = { order, place, open: openErrors(visits, this.#byFinds.get(order), time), visits };
      if (place.state === "waiting" || place.state === "served") present[place.stage]?.[place.state].push(item);
      else loose.push(item);
    }
    this.#boxes(present);
    let count = loose.length;
    present.forEach((here, stage) => {
      here.waiting.sort((a, b) => a.place.since - b.place.since);
      here.waiting.forEach((item, i) => this.#dot(this.#glide(item, this.#queueSlot(stage, i, radius), time), radius, item.open));
      here.served.forEach((item, i) => this.#dot(this.#glide(item, this.#serverSlot(stage, i), time), radius, item.open));
      count += here.waiting.length + here.served.length;
    });
    for (const item of loose) this.#dot(this.#between(item, time), radius, item.open);
    this.shown = count;
    return { count, waiting: present.map((here) => here.waiting.length), served: present.map((here) => here.served.length) };
  }

  #collectFinds() {
    if (this.feed.finds.length < this.#findsTaken) this.forget();
    for (const row of this.feed.finds.slice(this.#findsTaken)) {
      if (!this.#byFinds.has(row[0])) this.#byFinds.set(row[0], []);
      this.#byFinds.get(row[0]).push(row);
    }
    this.#findsTaken = this.feed.finds.length;
  }

  #box(stage) {
    const { x, y, width, height } = this.#places[stage];
    const side = Math.min(width * 0.62, 70);
    return { x: x + (width - side) / 2, y: y + height - side * 0.62 - 30, width: side, height: side * 0.62 };
  }

  #serverSlot(stage, i) {
    const box = this.#box(stage);
    return { x: box.x + (box.width * (i + 1)) / (this.members + 1), y: box.y + box.height / 2 };
  }

  #queueSlot(stage, i, radius) {
    const box = this.#box(stage), step = radius * 2.3, room = this.#places[stage].height - box.height - 44;
    const inColumn = Math.max(3, Math.floor(room / step)), columns = Math.max(1, Math.floor(box.width / step));
    const at = Math.min(i, inColumn * columns - 1); // a long queue is a full block, and its length stands below
    return { x: box.x + radius + (at % columns) * step, y: box.y - radius - 3 - Math.floor(at / columns) * step };
  }

  #glide(item, slot, time) {
    const { visits, place } = item;
    const at = visits.findIndex((row) => row[STAGE] === place.stage && row[ARRIVED] <= time && (row[ENDED] === null || row[ENDED] > time));
    const age = time - (place.state === "waiting" ? place.since : visits[at]?.[ARRIVED] ?? place.since);
    if (age >= GLIDE || at <= 0) return slot;
    const from = this.#serverSlot(visits[at - 1][STAGE], 0), share = ease(age / GLIDE);
    return { x: from.x + (slot.x - from.x) * share, y: from.y + (slot.y - from.y) * share };
  }

  #between({ place }, time) {
    const from = this.#serverSlot(place.stage, 0);
    if (place.state === "delivered") {
      const share = Math.min(1, (time - place.since) / GONE);
      return { x: from.x + this.#cell * 0.45 * share, y: from.y - 30 * share };
    }
    const to = this.#serverSlot(place.to, 0);
    const share = place.reached === null ? 0.5 : ease(Math.min(1, (time - place.since) / Math.max(1e-9, place.reached - place.since)));
    return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share + 10 * Math.sin(Math.PI * share) };
  }

  #boxes(present) {
    const pen = this.#pen;
    const small = this.#cell < 62;
    pen.font = `${small ? 10 : 12}px system-ui, sans-serif`;
    pen.textAlign = "center";
    this.stages.forEach((name, i) => {
      const box = this.#box(i), place = this.#places[i];
      const border = i > 0 && this.functions.length && this.functions[i] !== this.functions[i - 1];
      if (i > 0 && this.#places[i - 1].y === place.y) {
        const before = this.#box(i - 1);
        line(pen, before.x + before.width, before.y + before.height / 2, box.x, box.y + box.height / 2, COLOURS.rule, 2);
      }
      if (border) {
        pen.setLineDash([5, 4]);
        line(pen, place.x, place.y + 8, place.x, place.y + place.height - 6, COLOURS.quiet, 1.5);
        pen.setLineDash([]);
      }
      pen.fillStyle = present[i].served.length ? COLOURS.onstage : COLOURS.box;
      pen.strokeStyle = COLOURS.ink;
      pen.lineWidth = 1.2;
      pen.beginPath();
      pen.roundRect(box.x, box.y, box.width, box.height, 6);
      pen.fill();
      pen.stroke();
      pen.fillStyle = COLOURS.ink;
      pen.fillText(small ? String(i + 1) : name, box.x + box.width / 2, box.y + box.height + 14);
      pen.fillStyle = COLOURS.quiet;
      const waiting = present[i].waiting.length;
      if (waiting) pen.fillText(small ? String(waiting) : `${waiting} waiting`, box.x + box.width / 2, box.y + box.height + 27);
    });
  }

  #dot({ x, y }, radius, open) {
    const pen = this.#pen;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = open ? COLOURS.paper : COLOURS.ink;
    pen.fill();
    if (!open) return;
    pen.strokeStyle = COLOURS.error;
    pen.lineWidth = Math.max(1.6, radius / 2.5);
    pen.stroke();
    const arm = radius * 0.45;
    line(pen, x - arm, y - arm, x + arm, y + arm, COLOURS.error, 1.4);
    line(pen, x - arm, y + arm, x + arm, y - arm, COLOURS.error, 1.4);
  }
}

const ease = (share) => share * share * (3 - 2 * share);

function line(pen, x1, y1, x2, y2, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
