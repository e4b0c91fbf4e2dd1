// Orders on their way through the stages, drawn as they stand in the journal at a time.

export const COLOURS = {
  ink: "#1a2430", quiet: "#5c6773", rule: "#d5dbe1", box: "#f4f6f8", onstage: "#dbe9f4",
  accent: "#0072b2", error: "#d55e00", paper: "#ffffff",
};
const ORDER = 0, STAGE = 1, MEMBER = 2, ARRIVED = 3, BEGAN = 4, ENDED = 5, ERRORS = 6; // columns of a visit
const FROM = 1, TO = 2, LEFT = 3, REACHED = 4; // columns of a handoff
const GLIDE = 0.12; // h in which a dot glides to where the order already is, while time goes by
const GONE = 0.25; // h for which a delivered order is then still seen
const FOLLOWED = 6; // h a second; faster, such a glide is over within a frame, and a frame would show orders where none is
const STILL = matchMedia("(prefers-reduced-motion: reduce)"); // then dots do not glide, they are where they are

// How much larger than usual the page's letters are: what is drawn on a canvas grows with them.
export const letterScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

// Where an order is at a time: a pure function of its rows. `state` is one of "before", "waiting", "served",
// "between" (stages, with `share` of the way), "delivered"; `since` says from when on.
export function placeOf({ visits, handoffs = [] }, time) {
  let visit = null;
  for (const row of visits) {
    if (row[ARRIVED] > time) break;
    visit = row;
  }
  const leaves = (row) => row[LEFT] <= time && (row[REACHED] === null || row[REACHED] > time);
  if (!visit) { // before its first visit here, unless its last one was before the rows begin
    const way = handoffs.find(leaves);
    return way ? { state: "between", stage: way[FROM], to: way[TO], since: way[LEFT], reached: way[REACHED] } : { state: "before", stage: -1, since: 0 };
  }
  const { [STAGE]: stage, [ARRIVED]: arrived, [BEGAN]: began, [ENDED]: ended } = visit;
  if (began === null || began > time) return { state: "waiting", stage, since: arrived };
  if (ended === null || ended > time) return { state: "served", stage, since: began, member: visit[MEMBER] };
  const way = handoffs.find((row) => leaves(row) && row[FROM] === stage);
  if (way) return { state: "between", stage, to: way[TO], since: way[LEFT], reached: way[REACHED] };
  const next = visits[visits.indexOf(visit) + 1];
  if (next) return { state: "between", stage, to: next[STAGE], since: ended, reached: next[ARRIVED] };
  return { state: "delivered", stage, since: ended };
}

// Errors that an order carries at a time and that nobody has found yet; `carried` from before the rows begin.
export function openErrors(visits, finds, time, carried = 0) {
  let open = carried;
  for (const row of visits) if (row[ENDED] !== null && row[ENDED] <= time) open += row[ERRORS];
  for (const row of finds || []) if (row[2] <= time) open -= 1;
  return Math.max(0, open);
}

// Stages in rows, left to right; at most `most` in a row.
export function layout(count, width, most, scale = 1) {
  const rows = Math.ceil(count / most), columns = Math.ceil(count / rows);
  const cell = width / columns, height = scale * (rows > 1 ? 130 : 200);
  const places = Array.from({ length: count }, (_, i) => ({
    x: (i % columns) * cell, y: Math.floor(i / columns) * height, width: cell, height,
  }));
  return { places, height: rows * height, cell };
}

export class Flow {
  #canvas; #pen; #places = []; #cell = 0; #ratio = 1; #scale = 1; #gliding = false; #byFinds = new Map(); #findsTaken = 0;
  stages = []; functions = []; ways = null; onstage = []; moments = []; members = []; feed = null; shown = 0;

  constructor(canvas, feed) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    this.feed = feed;
  }

  // `stages`: names. More about them, all of it optional: `functions` of each (a dashed line where they change), `ways`
  // [[from, to], ...] (else a chain), `onstage` and `moments` (of truth) as lists of true and false, `members` of each.
  arrange(stages, { functions = [], ways = null, onstage = [], moments = [], members = [] } = {}) {
    Object.assign(this, { stages, functions, ways, onstage, moments, members });
    const width = this.#canvas.parentElement.clientWidth;
    this.#scale = letterScale();
    const found = layout(stages.length, width, width < 560 ? 5 : 10, this.#scale);
    this.#places = found.places;
    this.#cell = found.cell;
    this.#ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * this.#ratio);
    this.#canvas.height = Math.round(found.height * this.#ratio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${found.height}px`;
  }

  forget() { this.#byFinds.clear(); this.#findsTaken = 0; }

  // Draw everything as it is at `time`; returns how many orders are on their way, per stage too. While time goes by at
  // a `pace` (h a second) that can be followed, dots glide; else they are where they are counted.
  draw(time, pace = 0) {
    this.#gliding = pace > 0 && pace <= FOLLOWED && !STILL.matches;
    const pen = this.#pen;
    pen.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const radius = this.#scale * Math.max(3, Math.min(6, this.#cell / 16));
    const present = this.stages.map(() => ({ waiting: [], served: [] }));
    const loose = [];
    this.#collectFinds();
    for (const [order, visits] of this.feed.visits) {
      const place = placeOf({ visits, handoffs: this.feed.handoffs.get(order) }, time);
      if (place.state === "before" || (place.state === "delivered" && !(this.#gliding && time - place.since <= GONE))) continue;
      const item = { order, place, open: openErrors(visits, this.#byFinds.get(order), time, this.feed.carried?.get(order)), visits };
      if (place.state === "waiting" || place.state === "served") present[place.stage]?.[place.state].push(item);
      else loose.push(item);
    }
    this.#boxes(present);
    let count = loose.filter((item) => item.place.state === "between").length; // who is delivered is only seen off
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
    const side = Math.min(width * 0.62, 70 * this.#scale);
    const text = 30 * this.#scale; // two lines below the box
    return { x: x + (width - side) / 2, y: y + height - side * 0.62 - text, width: side, height: side * 0.62 };
  }

  #serverSlot(stage, i) {
    const box = this.#box(stage);
    const slots = this.members[stage] ?? 2, columns = Math.min(slots, 5), rows = Math.ceil(slots / columns);
    const at = Math.min(i, slots - 1);
    return {
      x: box.x + (box.width * ((at % columns) + 1)) / (columns + 1),
      y: box.y + (box.height * (Math.floor(at / columns) + 1)) / (rows + 1),
    };
  }

  #queueSlot(stage, i, radius) {
    const box = this.#box(stage), step = radius * 2.3, room = this.#places[stage].height - box.height - 44 * this.#scale;
    const inColumn = Math.max(3, Math.floor(room / step)), columns = Math.max(1, Math.floor(box.width / step));
    const at = Math.min(i, inColumn * columns - 1); // a long queue is a full block, and its length stands below
    return { x: box.x + radius + (at % columns) * step, y: box.y - radius - 3 - Math.floor(at / columns) * step };
  }

  #glide(item, slot, time) {
    const { visits, place } = item;
    const at = visits.findIndex((row) => row[STAGE] === place.stage && row[ARRIVED] <= time && (row[ENDED] === null || row[ENDED] > time));
    const age = time - (place.state === "waiting" ? place.since : visits[at]?.[ARRIVED] ?? place.since);
    if (!this.#gliding || age >= GLIDE || at <= 0) return slot;
    const crossed = visits[at][ARRIVED] > visits[at - 1][ENDED]; // a way that took time has led it here already
    const from = this.#serverSlot(crossed ? place.stage : visits[at - 1][STAGE], 0), share = ease(age / GLIDE);
    return { x: from.x + (slot.x - from.x) * share, y: from.y + (slot.y - from.y) * share };
  }

  #between({ place }, time) {
    const box = this.#box(place.stage), from = { x: box.x + box.width, y: box.y + box.height / 2 };
    if (place.state === "delivered") {
      const share = Math.min(1, (time - place.since) / GONE);
      return { x: from.x + this.#cell * 0.1 * share, y: from.y - 30 * share };
    }
    const next = this.#box(place.to), to = { x: next.x, y: next.y + next.height / 2 };
    const share = place.reached === null ? 0.5 : ease(Math.min(1, (time - place.since) / Math.max(1e-9, place.reached - place.since)));
    return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share + 10 * Math.sin(Math.PI * share) };
  }

  #boxes(present) {
    const pen = this.#pen;
    const small = this.#cell < 62 * this.#scale, k = this.#scale;
    const room = this.#cell - 8, font = (size) => { pen.font = `${size}px system-ui, sans-serif`; };
    font(k * (small ? 10 : 12));
    const widest = small ? 0 : Math.max(...this.stages.map((name) => pen.measureText(name).width));
    if (widest > room) font(Math.max(10, (k * 12 * room) / widest)); // neighbours' names stay apart
    pen.textAlign = "center";
    for (const [from, to] of this.ways ?? this.stages.slice(1).map((_, i) => [i, i + 1])) this.#way(from, to);
    this.stages.forEach((name, i) => {
      const box = this.#box(i), place = this.#places[i];
      const border = i > 0 && this.functions.length && this.functions[i] !== this.functions[i - 1];
      if (border) {
        pen.setLineDash([5, 4]);
        line(pen, place.x, place.y + 8, place.x, place.y + place.height - 6, COLOURS.quiet, 1.5);
        pen.setLineDash([]);
      }
      pen.fillStyle = this.onstage[i] ? COLOURS.onstage : COLOURS.box;
      pen.strokeStyle = COLOURS.ink;
      pen.lineWidth = 1.2;
      pen.beginPath();
      pen.roundRect(box.x, box.y, box.width, box.height, 6);
      pen.fill();
      pen.stroke();
      if (this.moments[i]) diamond(pen, box.x + box.width - 7 * k, box.y + 7 * k, 4.5 * k);
      pen.fillStyle = COLOURS.ink;
      pen.fillText(small ? String(i + 1) : name, box.x + box.width / 2, box.y + box.height + 14 * k, room);
      pen.fillStyle = COLOURS.quiet;
      const waiting = present[i].waiting.length;
      if (waiting) pen.fillText(small ? String(waiting) : `${waiting} waiting`, box.x + box.width / 2, box.y + box.height + 27 * k);
    });
  }

  // A way from one stage to another: straight to the neighbour, else in a bow over the boxes.
  #way(from, to) {
    const a = this.#box(from), b = this.#box(to), pen = this.#pen;
    const neighbours = to === from + 1 && this.#places[from].y === this.#places[to].y;
    if (neighbours) return line(pen, a.x + a.width, a.y + a.height / 2, b.x, b.y + b.height / 2, COLOURS.rule, 2);
    if (to === from + 1) return undefined; // a chain goes on in the next row
    const x1 = a.x + a.width / 2, x2 = b.x + b.width / 2, lift = Math.min(46, 14 + Math.abs(x2 - x1) / 12);
    pen.strokeStyle = COLOURS.rule;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x1, a.y);
    pen.bezierCurveTo(x1, a.y - lift, x2, b.y - lift, x2, b.y);
    pen.stroke();
    return undefined;
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

// The mark of a moment of truth.
function diamond(pen, x, y, size) {
  pen.fillStyle = COLOURS.accent;
  pen.beginPath();
  pen.moveTo(x, y - size);
  pen.lineTo(x + size, y);
  pen.lineTo(x, y + size);
  pen.lineTo(x - size, y);
  pen.fill();
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
