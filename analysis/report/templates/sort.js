// Tables sort by the column whose heading is pressed: up, down, and back to the order of the report.

// The first number in a text as it is printed here (typographic minus, thin spaces); null where there is none.
const numberIn = (text) => {
  const found = text.replace(/\u2212/g, "-").replace(/(\d)[\u202f\u00a0\u2009](?=\d{3})/g, "$1")
    .match(/[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/i);
  return found ? Number(found[0]) : null;
};

const textOf = (row, column) => row.cells[column].textContent.trim();
const isMissing = (text) => text === "" || text === "\u2013";

// A column of numbers is one in which most cells begin with a number, but for a mark or a sign.
const isNumeric = (rows, column) => {
  const filled = rows.map((row) => textOf(row, column)).filter((text) => !isMissing(text));
  return filled.filter((text) => /^[^\p{L}\d]{0,3}\d/u.test(text)).length > filled.length / 2;
};

// Missing values stand last whichever way; equal ones in the order of the report.
const compared = (column, numeric, sign) => (a, b) => {
  const [left, right] = [textOf(a, column), textOf(b, column)];
  const keys = numeric ? [numberIn(left), numberIn(right)] : [left, right];
  const missing = keys.map((key, i) => key === null || isMissing(i ? right : left));
  if (missing[0] || missing[1]) return missing[0] - missing[1];
  return sign * (numeric ? keys[0] - keys[1] : left.localeCompare(right, "en", { numeric: true }));
};

const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  if (original.length < 3) continue;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort by this column";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const order = NEXT[head.getAttribute("aria-sort") || "none"];
      for (const other of heads) other.removeAttribute("aria-sort");
      if (order !== "none") head.setAttribute("aria-sort", order);
      const numeric = isNumeric(original, column);
      const rows = order === "none" ? original
        : [...original].sort(compared(column, numeric, order === "ascending" ? 1 : -1));
      body.append(...rows);
    });
  });
}
