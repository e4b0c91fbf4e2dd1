// The page's clock: simulated hours that go by with the frames of the screen.

export const SPEEDS = [0.25, 0.5, 1, 2, 5, 10, 20, 40, 80]; // simulated hours a second

export class Clock {
  #tick; #frame = 0; #last = 0;
  time = 0; running = false; speed = SPEEDS[4]; limit = Infinity;
  frames = 0; framesPerSecond = 0; #counted = 0; #since = 0;

  // `tick(time)` is called once a frame while it runs, and after every change.
  constructor(tick) { this.#tick = tick; }

  start() {
    if (this.running) return;
    this.running = true;
    this.#last = this.#since = performance.now();
    this.#counted = 0;
    this.#frame = requestAnimationFrame(this.#go);
  }

  pause() {
    this.running = false;
    cancelAnimationFrame(this.#frame);
  }

  to(time) {
    this.time = Number(Math.max(0, Math.min(time, this.limit)).toFixed(6)); // as questions to the server say it
    this.#tick(this.time);
  }

  #go = (now) => {
    if (!this.running) return;
    const seconds = Math.min(0.25, (now - this.#last) / 1000); // a page in the background does not jump
    this.#last = now;
    this.#count(now);
    this.to(this.time + seconds * this.speed);
    this.#frame = requestAnimationFrame(this.#go);
  };

  #count(now) {
    this.frames += 1;
    this.#counted += 1;
    if (now - this.#since >= 1000) {
      this.framesPerSecond = (1000 * this.#counted) / (now - this.#since);
      this.#since = now;
      this.#counted = 0;
    }
  }
}
