// Questions to the server; every answer is a pure function of seed and history.

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error || "the server refused");
  return content;
}

export const isReady = async () => (await get("/api/ready")).ready;
export const about = (lesson) => get(`/api/lesson/${lesson}/about`);

export function run(lesson, { seed, since, until, history }) {
  const asked = new URLSearchParams({ seed, since: +since.toFixed(6), until: +until.toFixed(6), h: JSON.stringify(history) });
  return get(`/api/lesson/${lesson}/run?${asked}`);
}
