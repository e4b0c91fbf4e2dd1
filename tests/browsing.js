// Checks of a page as it is drawn, for tests/browsing.py: lists of faults in words.
(() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const named = (element) => `${element.localName}${element.id ? `#${element.id}` : ""} "${(element.getAttribute("aria-label") || element.textContent).trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const unseen = (element) => element.closest("[hidden], [aria-hidden=true], .hidden, .visually-hidden, defs, noscript, details:not([open]) > :not(summary)") || element.getClientRects().length === 0
    || getComputedStyle(element).visibility === "hidden";

  // The part of an element's box that is not cut off by boxes around it that scroll.
  function box(element) {
    let { left, right, top, bottom } = element.getBoundingClientRect();
    for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
      if (getComputedStyle(around).overflow === "visible" || around.localName === "svg") continue;
      const edge = around.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    return { left, right, top, bottom };
  }

  function overlapping(elements, slack) {
    const found = [], boxes = elements.map(box);
    elements.forEach((one, i) => elements.slice(i + 1).forEach((other, k) => {
      if (one.contains(other) || other.contains(one)) return;
      const a = boxes[i], b = boxes[i + 1 + k];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > slack && high > slack) found.push(`${named(one)} overlaps ${named(other)} by ${wide.toFixed(0)} x ${high.toFixed(0)}`);
    }));
    return found;
  }

  function layout() {
    const wide = document.documentElement.scrollWidth, found = [];
    if (wide > innerWidth) found.push(`the page is ${wide} wide on a screen of ${innerWidth}`);
    const parts = all("h1, h2, h3, h4, p, figure, figcaption, table, caption, button, input, select, output, summary, canvas, figure > svg, label").filter((e) => !unseen(e));
    found.push(...overlapping(parts.filter((e) => !e.closest("svg")), 1));
    for (const chart of all("svg.chart").filter((e) => !unseen(e))) {
      const edge = chart.getBoundingClientRect(), texts = all("text", chart);
      found.push(...overlapping(texts, 2));
      for (const text of texts) {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        if (left < edge.left - 1 || right > edge.right + 1 || top < edge.top - 1 || bottom > edge.bottom + 1) found.push(`${named(text)} leaves its chart`);
      }
    }
    return found;
  }

  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b); // WCAG 2.2
  const rgba = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };

  // The colour behind an element: the nearest that is opaque, with those in between laid over it.
  function behind(element) {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((under, over) => under.map((value, i) => over[3] * over[i] + (1 - over[3]) * value), [255, 255, 255]);
  }

  function contrast() {
    const found = [], inChart = (e) => e.localName === "text" && e.closest("svg.chart");
    for (const element of all("body *")) {
      if (element.closest("svg") && !inChart(element)) continue;
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!text || unseen(element) || element.matches(":disabled, script, style, option")) continue;
      const style = getComputedStyle(element), colour = rgba(inChart(element) ? style.fill : style.color);
      const [one, other] = [light(colour), light(behind(element))].sort((a, b) => b - a), ratio = (one + 0.05) / (other + 0.05);
      const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.push(`${named(element)} has a contrast of ${ratio.toFixed(2)}`);
    }
    return found;
  }

  function access() {
    const found = contrast();
    if (!document.documentElement.lang) found.push("the page has no language");
    if (!document.title.trim()) found.push("the page has no title");
    if (all("main").length !== 1) found.push(`${all("main").length} main parts`);
    for (const picture of all("img, svg, canvas")) {
      if (picture.closest("[aria-hidden=true]") || picture.parentElement.closest("svg")) continue;
      const label = picture.getAttribute("aria-label") || picture.getAttribute("aria-labelledby") || picture.getAttribute("alt");
      if (!label || (picture.localName !== "img" && !/^(img|group)$/.test(picture.getAttribute("role")))) found.push(`${named(picture)} has no name or role`);
    }
    for (const control of all("button, input:not([type=hidden]), select, textarea, a[href], summary")) {
      const label = [...(control.labels ?? [])].map((l) => l.textContent).join("") + (control.getAttribute("aria-label") ?? "") + (control.localName === "input" ? "" : control.textContent);
      if (!label.trim()) found.push(`${named(control)} has no label`);
    }
    let level = 0;
    for (const heading of all("h1, h2, h3, h4, h5, h6")) {
      const now = Number(heading.localName[1]);
      if (now > level + 1) found.push(`${named(heading)} follows a heading of level ${level}`);
      level = now;
    }
    if (all("h1").length !== 1) found.push(`${all("h1").length} headings of level 1`);
    for (const table of all("table")) if (!table.querySelector("th")) found.push(`${named(table)} has no head`);
    const ids = all("[id]").map((e) => e.id), twice = ids.filter((id, i) => ids.indexOf(id) !== i);
    if (twice.length) found.push(`ids used twice: ${[...new Set(twice)].slice(0, 5).join(", ")}`);
    return found;
  }

  return { layout, access };
})()
