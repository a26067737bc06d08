"use strict";
(() => {
  const { draw, make, number, setTheme } = accelsimCharts;
  const { runs, charts, things = "layers" } = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const dark = window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(dark ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));

  // ---- charts, one after the other so that the page answers meanwhile
  const places = charts.map((chart) => {
    const section = make("section"), place = make("div", "", "chart");
    place.id = chart.id;
    place.style.minHeight = `${chart.height}px`;
    section.append(make("h2", chart.title), make("p", `How to read this: ${chart.how}`, "how"), place);
    if (chart.note) section.append(make("p", chart.note, "note"));
    document.getElementById("charts").append(section);
    return place;
  });
  const next = (i) => {
    if (i === charts.length) { root.dataset.drawn = "true"; return; }
    draw(charts[i], places[i], runs).then(() => requestAnimationFrame(() => setTimeout(next, 0, i + 1)));
  };
  next(0);

  // ---- the table
  const state = { run: runs.length - 1, column: 0, down: false, text: "" };
  const head = document.querySelector("#table thead"), body = document.querySelector("#table tbody");
  const isText = (run, column) => run.table.length > 0 && typeof run.table[0][column] === "string";
  const fillTable = () => {
    const run = runs[state.run], wanted = state.text.toLowerCase();
    const kept = run.table.filter((row) => !wanted || row.some((cell) => typeof cell === "string" && cell.toLowerCase().includes(wanted)));
    const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
    kept.sort((a, b) => (state.down ? -1 : 1) * order(a[state.column], b[state.column]) || a[0] - b[0]);
    body.replaceChildren(...kept.map((row) => {
      const line = make("tr");
      line.append(...row.map((cell, i) => {
        const box = make("td", typeof cell === "number" ? number.format(cell) : cell, isText(run, i) ? "text" : "");
        if (typeof cell === "string") box.title = cell;
        return box;
      }));
      return line;
    }));
    document.getElementById("count").textContent = `${number.format(kept.length)} of ${number.format(run.table.length)} ${things}`;
    head.querySelectorAll("th").forEach((cell, i) => {
      cell.setAttribute("aria-sort", i !== state.column ? "none" : state.down ? "descending" : "ascending");
      cell.firstChild.textContent = run.columns[i] + (i !== state.column ? "" : state.down ? " ▼" : " ▲");
    });
  };
  const row = make("tr");
  runs[0].columns.forEach((name, i) => {
    const cell = make("th", "", isText(runs[0], i) ? "text" : ""), button = make("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      state.down = state.column === i ? !state.down : !isText(runs[state.run], i) && i > 0;
      state.column = i;
      fillTable();
    });
    cell.append(button);
    row.append(cell);
  });
  head.append(row);
  if (runs.length > 1) runs.forEach((run, i) => {
    const button = make("button", run.name);
    button.type = "button";
    button.addEventListener("click", () => {
      state.run = i;
      document.querySelectorAll("#which button").forEach((other, k) => other.setAttribute("aria-pressed", k === i));
      fillTable();
    });
    button.setAttribute("aria-pressed", i === state.run);
    document.getElementById("which").append(button, " ");
  });
  document.getElementById("filter").addEventListener("input", (event) => { state.text = event.target.value; fillTable(); });
  fillTable();
})();
