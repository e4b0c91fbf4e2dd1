// The shell of every lesson: settings, clock, keyboard, address. What is drawn is the lesson's own (lessonN.js).

import { about as askAbout, isReady } from "./api.js";
import * as address from "./address.js";
import { Clock, SPEEDS } from "./clock.js";
import { make, said } from "./svg.js";

const at = (id) => document.getElementById(id);
const number = Number(location.pathname.match(/\/lesson\/([1-9])/)[1]);
const EVERY = 250; // ms between two updates of charts; drawing and numbers follow with every frame
const SPOKEN = 8000; // ms between two sentences for screen readers

async function begin() {
  const about = await askAbout(number);
  const { Lesson } = await import(`./lesson${number}.js`);
  document.title = `${about.title} - Gapline`;
  at("title").textContent = about.title;
  at("look-for").textContent = about.look_for;
  links();
  const state = address.read(about);
  sliders(about, state);
  at("seed").value = state.seed;
  const lesson = new Lesson({ scene: at("scene"), charts: at("charts"), numbers: at("numbers"), headline: at("headline") }, about);
  lesson.restart(state.seed, state.values);
  new Shell(about, state, lesson).begin();
}

function links() {
  for (const n of [1, 2, 3, 4]) {
    const link = make("a", { href: `/lesson/${n}` }, make("span", { class: "word" }, "Lesson "), String(n));
    if (n === number) link.setAttribute("aria-current", "page");
    at("lessons").append(make("li", {}, link));
  }
}

function sliders(about, state) {
  for (const s of about.sliders) {
    const id = `slider-${s.name}`;
    const show = (value) => inWords(said(value, decimals(s.step)), s.unit);
    const output = make("output", { for: id }, show(state.values[s.name]));
    const input = make("input", { type: "range", id, name: s.name, min: s.min, max: s.max, step: s.step, "aria-describedby": `${id}-help` });
    input.value = state.values[s.name];
    input.addEventListener("input", () => { output.textContent = show(Number(input.value)); });
    at("sliders").lastElementChild.before(make("div", { class: "slider" }, make("label", { for: id }, s.label), output, input, make("p", { id: `${id}-help`, class: "quiet" }, s.help)));
  }
}

function inWords(value, unit) {
  if (!unit || unit === "share") return value;
  return unit === "times" ? `× ${value}` : `${value} ${value === "1" ? unit.replace(/s$/, "") : unit}`;
}

const decimals = (step) => (String(step).split(".")[1] || "").length;

class Shell {
  #notice = ""; #about; #state; #lesson; #clock; #shown = 0; #spoken = 0; #busy = false;

  constructor(about, state, lesson) {
    this.#about = about;
    this.#state = state;
    this.#lesson = lesson;
    this.#clock = new Clock((time) => this.#tick(time));
    this.#clock.limit = lesson.limit ?? about.longest;
    this.#notice = state.refused.join(" ");
    this.#lesson.onFault = (fault) => this.#say(fault.message);
  }

  begin() {
    at("start").addEventListener("click", () => this.#toggle());
    at("step").addEventListener("click", () => this.#step());
    at("restart").addEventListener("click", () => this.#restart());
    at("speed").addEventListener("input", () => this.#speed());
    at("seed").addEventListener("change", () => this.#seed());
    at("copy").addEventListener("click", () => this.#copy());
    at("class-view").addEventListener("click", () => this.#classView(!this.#state.classView));
    at("sliders").addEventListener("submit", (event) => event.preventDefault());
    at("sliders").addEventListener("change", (event) => this.#changed(event.target));
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("resize", () => this.#arrange());
    this.#classView(this.#state.classView);
    this.#speed();
    this.#tick(0);
    this.#prepare();
    const { lesson, clock } = { lesson: this.#lesson, clock: this.#clock };
    // For tests: read-only, and to go to a time.
    window.gapline = Object.freeze({
      get time() { return clock.time; }, get running() { return clock.running; },
      get framesPerSecond() { return clock.framesPerSecond; }, get frames() { return clock.frames; },
      get numbers() { return lesson.numbersAt(clock.time); }, get shown() { return lesson.shown ?? 0; },
      goTo: async (time) => { await lesson.reach(time); clock.to(time); },
    });
  }

  // The first question may have to wait until the model is compiled.
  async #prepare() {
    try {
      while (!(await isReady())) {
        this.#say("Preparing the model; this happens once and takes about half a minute.");
        await new Promise((done) => setTimeout(done, 1000));
      }
      this.#say("");
      await this.#lesson.reach(Math.min(this.#clock.time + 1, this.#clock.limit)); // what follows a change is seen at once
      this.#tick(this.#clock.time);
    } catch (fault) {
      this.#say(fault.message);
    }
  }

  // A frame: hold the clock where events are not there yet.
  #tick(time) {
    const there = this.#lesson.there();
    if (time > there && this.#clock.running) {
      this.#clock.time = there;
      time = there;
    }
    this.#lesson.prepare(time);
    this.#lesson.draw(time, this.#clock.running ? this.#clock.speed : 0);
    this.#lesson.count(time);
    at("time").textContent = this.#lesson.timeSaid(time);
    if (performance.now() - this.#shown > EVERY || !this.#clock.running) this.#show();
    if (this.#clock.running && time >= this.#clock.limit) {
      this.#toggle();
      this.#say(`The lesson ends here, after ${this.#lesson.timeSaid(time)}. Start begins it again.`);
    }
  }

  #show() {
    this.#shown = performance.now();
    this.#lesson.show(this.#clock.time);
    if (this.#shown - this.#spoken > SPOKEN) {
      this.#spoken = this.#shown;
      at("live").textContent = this.#lesson.sentence(this.#clock.time);
    }
  }

  #toggle() {
    if (!this.#clock.running && this.#clock.time >= this.#clock.limit) this.#restart();
    if (this.#clock.running) this.#clock.pause(); else this.#clock.start();
    at("start").textContent = this.#clock.running ? "Pause" : "Start";
    this.#tick(this.#clock.time);
  }

  // To the next event, or the next quarter of an hour.
  async #step() {
    if (this.#clock.running) this.#toggle();
    if (this.#busy) return;
    this.#busy = true;
    try {
      const time = this.#lesson.next(this.#clock.time);
      await this.#lesson.reach(time);
      this.#clock.to(time);
    } catch (fault) {
      this.#say(fault.message);
    } finally {
      this.#busy = false;
    }
  }

  #restart() {
    this.#notice = "";
    this.#clock.time = 0;
    this.#lesson.restart(this.#state.seed, this.#state.values);
    this.#tick(0);
    this.#prepare();
  }

  #seed() {
    const { min, max } = this.#about.seed;
    const seed = Math.min(max, Math.max(min, Math.round(Number(at("seed").value)) || min));
    at("seed").value = this.#state.seed = seed;
    this.#written();
    this.#restart();
  }

  #changed(input) {
    if (!(input.name in this.#state.values)) return;
    this.#notice = "";
    this.#state.values[input.name] = Number(input.value);
    this.#written();
    if (this.#lesson.startsAgain) {
      this.#restart();
      return;
    }
    Promise.resolve(this.#lesson.change(this.#clock.time, this.#state.values)).then(() => this.#tick(this.#clock.time));
    this.#tick(this.#clock.time);
    this.#prepare();
  }

  #speed() {
    this.#clock.speed = SPEEDS[Number(at("speed").value)] * (this.#lesson.pace ?? 1);
    at("speed-said").textContent = this.#lesson.speedSaid(this.#clock.speed);
  }

  #classView(on) {
    this.#state.classView = on;
    document.documentElement.classList.toggle("class-view", on);
    at("class-view").setAttribute("aria-pressed", String(on));
    for (const link of at("lessons").querySelectorAll("a")) link.search = on ? "view=class" : "";
    this.#written();
    this.#arrange();
  }

  #arrange() {
    this.#lesson.arrange();
    this.#tick(this.#clock.time);
    this.#show();
  }

  async #copy() {
    this.#written();
    try {
      await navigator.clipboard.writeText(location.href);
      at("copy").textContent = "Copied";
    } catch {
      at("copy").textContent = "Copy the address bar";
    }
    setTimeout(() => { at("copy").textContent = "Copy link"; }, 2000);
  }

  #key(event) {
    const inside = event.target.closest?.("input"), own = event.target.closest?.("button, summary, a"); // space is theirs
    if (inside || (own && event.key === " ") || event.ctrlKey || event.metaKey || event.altKey) return;
    const speed = at("speed");
    const does = {
      " ": () => this.#toggle(), ArrowRight: () => this.#step(), r: () => this.#restart(), R: () => this.#restart(),
      "+": () => { speed.stepUp(); this.#speed(); }, "-": () => { speed.stepDown(); this.#speed(); },
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  #written() { address.write(this.#about, this.#state); }

  #say(text) {
    const shown = text || this.#notice;
    at("said").textContent = shown;
    at("said").hidden = !shown;
  }
}

begin().catch((fault) => {
  at("said").textContent = `This lesson cannot be shown: ${fault.message}`;
  at("said").hidden = false;
});
