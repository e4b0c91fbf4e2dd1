// Marks in a figure tell their values: under the mouse, and with the arrow keys once the figure has the focus.
// Without script the browser shows each mark's <title> instead.

const tip = document.createElement("div");
tip.className = "tip-shown";
tip.setAttribute("role", "status");
tip.hidden = true;
document.body.append(tip);

let shown = null; // the mark that tells its value now

const hide = () => {
  shown = null;
  tip.hidden = true;
};

const show = (mark) => {
  shown = mark;
  const box = mark.getBoundingClientRect();
  tip.textContent = mark.dataset.tip;
  tip.hidden = false;
  const left = box.left + box.width / 2 - tip.offsetWidth / 2;
  const above = box.top - tip.offsetHeight - 8;
  tip.style.left = `${Math.max(6, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 6))}px`;
  tip.style.top = `${above > 6 ? above : box.bottom + 8}px`;
};

// One stop of the Tab key per figure: the marks within it take turns.
const STEP = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

const tellValues = (figure) => {
  const marks = [...figure.querySelectorAll(".tip")];
  if (!marks.length) return;
  figure.setAttribute("role", "group");
  marks.forEach((mark, i) => {
    const title = mark.querySelector(":scope > title");
    if (title) {
      mark.dataset.tip = title.textContent;
      title.remove();
    }
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", mark.dataset.tip);
    mark.setAttribute("tabindex", i ? "-1" : "0");
    mark.addEventListener("pointerenter", () => show(mark));
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("focus", () => show(mark));
    mark.addEventListener("blur", hide);
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
      const next = marks[i + (STEP[event.key] || 0)];
      if (!STEP[event.key] || !next) return;
      event.preventDefault();
      mark.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });
};

document.querySelectorAll("figure svg.figure").forEach(tellValues);
document.addEventListener("figure-drawn", (event) => {
  hide();
  tellValues(event.target);
});
document.addEventListener("scroll", () => { if (shown) show(shown); }, { passive: true, capture: true });
