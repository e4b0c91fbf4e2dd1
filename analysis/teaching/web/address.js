// The settings of a lesson in its address: a teacher shares a setting by sharing the address.

// What the address says: { values: {slider: number}, seed, classView, refused }. What cannot be used leaves the usual
// value in place, and `refused` has a sentence about each.
export function read(about, search = location.search) {
  const given = new URLSearchParams(search);
  const refused = [];
  const number = (name, low, high, usual, step) => {
    const text = given.get(name);
    if (text === null) return usual;
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || value < low || value > high) {
      refused.push(`${name} = ${text.slice(0, 20)} cannot be used (from ${low} to ${high}): ${usual} stands instead.`);
      return usual;
    }
    return Math.min(high, Number((low + Math.round((value - low) / step) * step).toFixed(6))); // as the slider can stand
  };
  const values = {};
  for (const s of about.sliders) values[s.name] = number(s.name, s.min, s.max, s.value, s.step);
  const known = [...about.sliders.map((s) => s.name), "seed", "view"];
  for (const name of given.keys()) if (!known.includes(name)) refused.push(`${name.slice(0, 20)} is no setting of this lesson.`);
  return {
    values,
    refused,
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
