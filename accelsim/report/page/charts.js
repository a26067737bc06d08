"use strict";
// Draws charts of the records of accelsim.report.page: Plotly figures as they come, memory maps and lanes of units built here.
// Needs Plotly, the colours of page.css and an element `tip`; the page and the playground use it alike.
const accelsimCharts = (() => {
  const root = document.documentElement;
  const number = new Intl.NumberFormat("en-US");
  const make = (tag, text = "", cls = "") => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (cls) element.className = cls;
    return element;
  };

  // ---- theme: text and lines follow the page, what is held keeps its colour
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const axisColours = (name, line) => ({ [`${name}.gridcolor`]: line, [`${name}.linecolor`]: line, [`${name}.zerolinecolor`]: line });
  const colours = (layout) => {
    const text = css("--text"), line = css("--line"), panel = css("--panel");
    const change = {
      "font.color": text, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "hoverlabel.bgcolor": panel,
      "hoverlabel.font.color": text, "hoverlabel.bordercolor": line, ...axisColours("xaxis", line), ...axisColours("yaxis", line),
    };
    (layout.shapes || []).forEach((_, i) => { change[`shapes[${i}].line.color`] = text; });
    (layout.annotations || []).forEach((_, i) => { change[`annotations[${i}].font.color`] = text; });
    return change;
  };
  const put = (target, path, value) => {
    const steps = path.replace(/\[(\d+)\]/g, ".$1").split(".");
    const last = steps.pop();
    steps.reduce((at, step) => (at[step] = at[step] || {}), target)[last] = value;
  };
  const paint = (element) => {
    const themed = element.data.map((trace, i) => (trace.meta === "themed" ? i : -1)).filter((i) => i >= 0);
    if (themed.length) Plotly.restyle(element, { "line.color": css("--text"), "marker.color": css("--text") }, themed);
    Plotly.relayout(element, colours(element.layout));
  };
  const setTheme = (name) => {
    root.dataset.theme = name;
    document.querySelectorAll(".js-plotly-plot").forEach(paint);
  };

  // ---- boxes: thousands of rectangles as one vector picture, which Plotly only has to put in its place; groups of them
  // have empty traces, for the legend; GRID is the picture's own width and height, fine enough to zoom into single cycles
  const GRID = 1e6;
  const picture = (groups, [x0, x1], [y0, y1]) => {
    const across = (x) => ((x - x0) / (x1 - x0) * GRID).toFixed(1), down = (y) => ((y1 - y) / (y1 - y0) * GRID).toFixed(1);
    const paths = groups.map(({ boxes, fill, line }) => {
      const outline = boxes.map(([left, right, low, high]) => `M${across(left)} ${down(high)}H${across(right)}V${down(low)}H${across(left)}Z`);
      return `<path d="${outline.join("")}" fill="${fill}" stroke="${line.color}" stroke-width="${line.width}" vector-effect="non-scaling-stroke"/>`;
    });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1000" viewBox="0 0 ${GRID} ${GRID}" preserveAspectRatio="none">${paths.join("")}</svg>`;
    return {
      source: `data:image/svg+xml,${encodeURIComponent(svg)}`, xref: "x", yref: "y", x: x0, y: y1, sizex: x1 - x0, sizey: y1 - y0,
      sizing: "stretch", layer: "above",
    };
  };
  const legend = ({ name, fill, line }) => (
    { type: "scatter", mode: "lines", fill: "toself", x: [null], y: [null], name, fillcolor: fill, line, hoverinfo: "skip" });
  const shownOnly = (element) => {
    const { groups, extent } = element.accelsimBoxes;
    const shown = groups.filter((_, i) => !element.data[i] || element.data[i].visible !== "legendonly");
    Plotly.relayout(element, { images: [picture(shown, ...extent)] });
  };
  const pointing = (element) => {
    const tip = document.getElementById("tip");
    element.addEventListener("mousemove", (event) => {
      const items = element.accelsimItems, { xaxis, yaxis } = element._fullLayout, frame = element.getBoundingClientRect();
      const px = event.clientX - frame.left - xaxis._offset, py = event.clientY - frame.top - yaxis._offset;
      const inside = px >= 0 && py >= 0 && px <= xaxis._length && py <= yaxis._length;
      const x = xaxis.p2d(px), y = yaxis.p2d(py), slack = Math.abs(xaxis.p2d(px + 2) - x);
      const found = inside && (items.find(([x0, x1, y0, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1) ||
        items.find(([x0, x1, y0, y1]) => x >= x0 - slack && x < x1 + slack && y >= y0 && y < y1));
      tip.hidden = !found;
      if (!found) return;
      tip.textContent = found[4]();
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8))}px`;
    });
    element.addEventListener("mouseleave", () => { tip.hidden = true; });
  };
  const span = (first, last) => `cycles ${number.format(first)} to ${number.format(last)} (${number.format(last - first)})`;
  const layerOf = (run, index) => (index < 0 ? "" : run.layers[index]);

  const memoryMap = (run, latest) => {
    const map = run.map, groups = new Map(), items = [];
    map.address.forEach((address, i) => {
      const tensor = map.tensor[i], box = [map.first[i], map.last[i], address, address + map.size[i]];
      const key = `${map.kinds[tensor]} ${map.spilled[tensor]}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(box);
      items.push([...box, () => `${map.tensors[tensor]} (${map.named[map.kinds[tensor]]}${map.spilled[tensor] ? ", spilled" : ""})\n` +
        `layer ${layerOf(run, map.layer[i])}\n${number.format(map.size[i])} B at address ${number.format(address)}\n${span(map.first[i], map.last[i])}`]);
    });
    const drawn = [...groups].sort().map(([key, boxes]) => {
      const [kind, spilled] = key.split(" ");
      const line = spilled === "true" ? { color: map.spill, width: 1.6 } : { color: "rgba(128,128,128,.55)", width: 0.4 };
      return { boxes, name: map.named[kind] + (spilled === "true" ? ", spilled" : ""), fill: map.colours[kind], line };
    });
    const extent = [[0, latest], [0, map.capacity]]; // Plotly changes the ranges it is given
    const layout = {
      xaxis: { title: { text: "time [cycles]" }, range: [...extent[0]], tickformat: "~s" },
      yaxis: { title: { text: "address [B]" }, range: [...extent[1]], tickformat: "~s" },
    };
    return { groups: drawn, extent, data: drawn.map(legend), layout, items };
  };

  const SHADES = { dma: ["#CC79A7", "#E69F00"], array: ["#0072B2", "#56B4E9"], vector: ["#009E73", "#7fd1b9"] };
  const unitLanes = (run, latest) => {
    const groups = [], items = [], names = run.units.map((unit) => unit.unit);
    run.units.forEach((unit, lane) => {
      const halves = [[], []], y = run.units.length - 1 - lane;
      unit.first.forEach((first, i) => {
        const box = [first, unit.last[i], y - 0.4, y + 0.4];
        halves[unit.layer[i] % 2 ? 1 : 0].push(box);
        items.push([...box, () => `${unit.unit} ${unit.opcodes[unit.opcode[i]]}\nlayer ${layerOf(run, unit.layer[i])}\n` +
          `${number.format(unit.bytes[i])} B written\n${span(first, unit.last[i])}`]);
      });
      halves.forEach((boxes, half) => {
        const fill = (SHADES[unit.kind] || SHADES.vector)[half];
        groups.push({ boxes, name: unit.unit, fill, line: { color: fill, width: 0.5 } });
      });
    });
    const extent = [[0, latest], [-0.6, names.length - 0.4]];
    const layout = {
      xaxis: { title: { text: "time [cycles]" }, range: [...extent[0]], tickformat: "~s" },
      yaxis: { tickvals: names.map((_, i) => i), ticktext: names.slice().reverse(), fixedrange: true, range: [...extent[1]] },
      showlegend: false,
    };
    return { groups, extent, data: groups.map(legend), layout, items };
  };

  // ---- a chart, new or drawn again in its place
  const common = (height) => ({
    height, margin: { l: 64, r: 12, t: 34, b: 50 }, font: { size: 12 }, dragmode: "zoom", hovermode: "x unified",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } },
  });
  const draw = (chart, place, runs) => {
    const latest = Math.max(...runs.map((run) => run.latency));
    const boxes = { map: memoryMap, units: unitLanes }[chart.kind];
    const found = boxes ? boxes(runs[chart.run], latest) : { layout: chart.layout, items: null };
    const data = found.data || chart.data.map(({ themed, ...trace }) => (themed ? { ...trace, meta: "themed" } : trace));
    const base = common(chart.height), whole = { ...base, ...found.layout, legend: { ...base.legend, ...found.layout.legend } };
    if (boxes) whole.hovermode = false;
    if (boxes) whole.images = [picture(found.groups, ...found.extent)];
    const change = colours(whole);
    for (const [path, value] of Object.entries(change)) put(whole, path, value);
    for (const trace of data) if (trace.meta === "themed") { put(trace, "line.color", css("--text")); put(trace, "marker.color", css("--text")); }
    const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };
    return Plotly.react(place, data, whole, options).then(() => {
      if (boxes && !place.accelsimItems) {
        pointing(place);
        place.on("plotly_restyle", () => shownOnly(place));
      }
      place.accelsimItems = found.items;
      place.accelsimBoxes = found;
    });
  };
  return { draw, make, number, setTheme };
})();
