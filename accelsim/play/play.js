"use strict";
// The playground's side of the browser: draws what the server sends with charts.js, the newest only.
const accelsimPlay = (() => {
  const { draw, make, setTheme } = accelsimCharts;
  const root = document.documentElement;
  const dark = window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(dark ? "dark" : "light");

  let newest = 0;
  const place = (chart) => {
    const id = `section-${chart.id}`, known = document.getElementById(id);
    const section = known || make("section");
    if (!known) {
      section.id = id;
      const box = make("div", "", "chart");
      box.id = chart.id;
      section.append(make("h2"), make("p", "", "how"), box, make("p", "", "note"));
    }
    section.children[0].textContent = chart.title;
    section.children[1].textContent = chart.how;
    section.children[2].style.minHeight = `${chart.height}px`;
    section.children[3].textContent = chart.note;
    return section;
  };
  const show = ({ runs, charts, number }) => {
    newest = number;
    // For the browser's own profiler, and for `python -m benchmarks playground`.
    performance.clearMarks();
    performance.mark("numbers");
    const all = document.getElementById("charts");
    const sections = charts.map(place);
    for (const old of [...all.children]) if (!sections.includes(old)) old.remove();
    sections.forEach((section, i) => { if (all.children[i] !== section) all.insertBefore(section, all.children[i] || null); });
    const next = (i) => {
      if (number !== newest) return;
      if (i === charts.length) { root.dataset.drawn = number; return; }
      draw(charts[i], sections[i].children[2], runs).then(() => {
        performance.mark(charts[i].id);
        requestAnimationFrame(() => setTimeout(next, 0, i + 1));
      });
    };
    next(0);
  };
  const stale = (is) => document.querySelector(".results").classList.toggle("stale", is);
  const switchTheme = () => {
    setTheme(root.dataset.theme === "dark" ? "light" : "dark");
    emitEvent("theme", root.dataset.theme);
  };
  const copyLink = () => {
    if (navigator.clipboard) navigator.clipboard.writeText(location.href).catch(() => {});
  };
  return { show, stale, switchTheme, copyLink };
})();
