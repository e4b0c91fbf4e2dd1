// The replay: the journal's rows drawn at the page's time. All of them are here; nothing is asked for.

import { Flow } from "./flow.js";
import { Clock, SPEEDS } from "./clock.js";

const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);

function byOrder(rows, begin) {
  const found = new Map();
  for (const row of rows) {
    if (!found.has(row[0])) found.set(row[0], []);
    found.get(row[0]).push(row);
  }
  for (const mine of found.values()) mine.sort((a, b) => a[begin] - b[begin]);
  return found;
}

const feed = { visits: byOrder(data.visits, 3), handoffs: byOrder(data.handoffs, 3), finds: data.finds, carried: new Map(data.carried) };
const flow = new Flow(at("picture"), feed);
const clock = new Clock(tick);
clock.time = data.since;
clock.limit = data.until;
const moments = data.visits.flatMap((row) => row.slice(3, 6)).filter((t) => t !== null && t > data.since).sort((a, b) => a - b);
const number = (value, digits = 0) => value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });

function arrange() {
  flow.arrange(data.stages, data);
  flow.draw(clock.time);
}

let spoken = 0;
function tick(time) {
  if (time < data.since) { clock.time = time = data.since; }
  const { count, waiting } = flow.draw(time, clock.running ? clock.speed : 0);
  const done = data.orders.filter((row) => row[3] <= time);
  const failed = done.filter((row) => row[5] > 0).length;
  at("time").textContent = `${number(time - data.since, 1)} h`;
  at("scrub").value = String((time - data.since) / (data.until - data.since || 1));
  at("counts").textContent = `${number(count)} orders in the system, ${number(waiting.reduce((a, b) => a + b, 0))} of them waiting; `
    + `${number(done.length)} delivered, ${number(failed)} with an error${done.length ? ` (${number((100 * failed) / done.length, 1)} %)` : ""}.`;
  if (performance.now() - spoken > 8000) {
    spoken = performance.now();
    at("live").textContent = at("counts").textContent;
  }
  if (clock.running && time >= clock.limit) toggle();
}

function toggle() {
  if (!clock.running && clock.time >= clock.limit) clock.time = data.since;
  if (clock.running) clock.pause(); else clock.start();
  flow.draw(clock.time, clock.running ? clock.speed : 0);
  at("start").textContent = clock.running ? "Pause" : "Start";
}

// To the next arrival, beginning or end of a visit, or to the last one before.
function step() {
  if (clock.running) toggle();
  clock.to(moments.find((moment) => moment > clock.time) ?? clock.limit);
}

function back() {
  if (clock.running) toggle();
  clock.to(moments.filter((moment) => moment < clock.time).at(-1) ?? data.since);
}

function speed() {
  clock.speed = SPEEDS[Number(at("speed").value)];
  at("speed-said").textContent = `${clock.speed} h a second`;
}

function large() {
  const on = document.documentElement.classList.toggle("class-view");
  at("full").setAttribute("aria-pressed", String(on));
  arrange();
}

at("start").addEventListener("click", toggle);
at("step").addEventListener("click", step);
at("full").addEventListener("click", large);
at("speed").addEventListener("input", speed);
at("scrub").addEventListener("input", () => clock.to(data.since + Number(at("scrub").value) * (data.until - data.since)));
window.addEventListener("resize", arrange);
document.addEventListener("keydown", (event) => {
  const inside = event.target.closest?.("input"), own = event.target.closest?.("button"); // space is the button's own
  if (inside || (own && event.key === " ") || event.ctrlKey || event.metaKey || event.altKey) return;
  const does = { " ": toggle, ArrowRight: step, ArrowLeft: back, "+": () => { at("speed").stepUp(); speed(); }, "-": () => { at("speed").stepDown(); speed(); } }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});
speed();
arrange();
tick(data.since);
// For tests: read-only, and to go to a time.
window.gapline = Object.freeze({
  get time() { return clock.time; }, get frames() { return clock.frames; },
  get framesPerSecond() { return clock.framesPerSecond; }, get shown() { return flow.shown; },
  goTo: (time) => clock.to(time),
});
