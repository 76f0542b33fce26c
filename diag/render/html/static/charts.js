"use strict";
// Draws the counters over time with uPlot, in the colours of the page.
(() => {
  const charts = JSON.parse(document.getElementById("chart-data").textContent);
  const places = [...document.querySelectorAll(".plot")];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const bytes = (value) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (Math.abs(value) >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
    return `${Number(value.toPrecision(3))} ${units[unit]}`;
  };
  const powers = Array.from({ length: 50 }, (_none, number) => 2 ** number);
  const shown = {
    bytes,
    share: (value) => `${Math.round(value * 100)} %`,
    cores: (value) => String(Number(value.toPrecision(3))),
    "": (value) => String(Number(value.toPrecision(3))),
  };

  // A vertical line where the tree stopped using CPU.
  const moment = (at) => (plot) => {
    if (at === null) return;
    const x = plot.valToPos(at, "x", true);
    const { top, height } = plot.bbox;
    const pen = plot.ctx;
    pen.save();
    pen.strokeStyle = pen.fillStyle = colour("--cause");
    pen.lineWidth = 2 * devicePixelRatio;
    pen.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    pen.beginPath();
    pen.moveTo(x, top);
    pen.lineTo(x, top + height);
    pen.stroke();
    pen.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
    pen.textAlign = x > plot.bbox.left + plot.bbox.width / 2 ? "right" : "left";
    const side = pen.textAlign === "left" ? 1 : -1;
    const wide = pen.measureText("stands still").width;
    const left = x + side * 6 * devicePixelRatio;
    pen.save();
    pen.fillStyle = colour("--card");
    pen.fillRect(side > 0 ? left - 2 : left - wide - 2, top, wide + 4, 18 * devicePixelRatio);
    pen.restore();
    pen.fillText("stands still", left, top + 14 * devicePixelRatio);
    pen.restore();
  };

  const draw = (place) => {
    const chart = charts[Number(place.dataset.chart)];
    const show = shown[chart.unit];
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1 } };
    const lines = chart.lines.map((line, number) => ({
      label: line.label,
      stroke: line.is_limit ? colour("--cause") : colour(`--chart-${(number % 4) + 1}`),
      dash: line.is_limit ? [8, 5] : undefined,
      width: 2,
      spanGaps: true,
      points: { show: chart.times.length < 20 },
      value: (_plot, value) => (value === null ? "" : show(value)),
    }));
    // The values at the end are there without a mouse, and in print.
    const atEnd = (drawn) => drawn.setLegend({ idx: chart.times.length - 1 });
    const plot = new uPlot({
      title: chart.title,
      width: Math.max(place.clientWidth, 200),
      height: 200,
      scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, (high || 1) * 1.3] } },
      series: [{ label: "at", value: (_plot, value) => (value === null ? "" : `${value.toFixed(1)} s`) }, ...lines],
      axes: [
        { ...axis, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) },
        { ...axis, size: 76, ...(chart.unit === "bytes" ? { incrs: powers } : {}), values: (_plot, ticks) => ticks.map(show) },
      ],
      cursor: { sync: { key: "time" } },
      hooks: { draw: [moment(chart.moment)], ready: [atEnd] },
    }, [chart.times, ...chart.lines.map((line) => line.values)], place);
    plot.over.addEventListener("mouseleave", () => atEnd(plot));
    return plot;
  };

  let plots = [];
  const redraw = () => {
    for (const plot of plots) plot.destroy();
    plots = places.map(draw);
  };
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let last = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === last) return;
    last = innerWidth;
    plots.forEach((plot, number) => plot.setSize({ width: Math.max(places[number].clientWidth, 200), height: 200 }));
  });
})();
