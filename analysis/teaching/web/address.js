// The settings of a lesson in its address: a teacher shares a setting by sharing the address.

// What the address says: { values: {slider: number}, seed, classView }; anything out of range falls back to the usual.
export function read(about, search = location.search) {
  const given = new URLSearchParams(search);
  const number = (name, low, high, usual, step) => {
    const text = given.get(name);
    const value = text === null || text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || value < low || value > high) return usual;
    return Math.min(high, Number((low + Math.round((value - low) / step) * step).toFixed(6))); // as the slider can stand
  };
  const values = {};
  for (const s of about.sliders) values[s.name] = number(s.name, s.min, s.max, s.value, s.step);
  return {
    values,
    seed: number("seed", about.seed.min, about.seed.max, about.seed.value, 1),
    classView: given.get("view") === "class",
  };
}

// Write it, leaving out what is as usual.
export function write(about, { values, seed, classView }) {
  const said = new URLSearchParams();
  for (const s of about.sliders) if (values[s.name] !== s.value) said.set(s.name, String(values[s.name]));
  if (seed !== about.seed.value) said.set("seed", String(seed));
  if (classView) said.set("view", "class");
  const text = said.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}
