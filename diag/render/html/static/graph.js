"use strict";
// Draws the wait-for graph as SVG, laid out by dagre. Text goes in as text nodes only.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LINE = 17, PAD = 12, WIDEST = 270, LOOP = 44;
  const data = JSON.parse(document.getElementById("graph-data").textContent);
  const place = document.getElementById("graph-picture");
  if (!place || data.nodes.length === 0) return;

  const make = (name, attributes = {}, text) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const pen = document.createElement("canvas").getContext("2d");
  const width = (text, font) => { pen.font = font; return pen.measureText(text).width; };

  // Break a text into lines that fit; a word that is too long is cut.
  const wrap = (text, font, most) => {
    const lines = [];
    let line = "";
    for (let word of text.split(" ")) {
      while (width(word, font) > WIDEST) {
        let keep = word.length;
        while (keep > 1 && width(word.slice(0, keep), font) > WIDEST) keep -= 1;
        if (line) lines.push(line);
        line = "";
        lines.push(word.slice(0, keep));
        word = word.slice(keep);
      }
      const longer = line ? `${line} ${word}` : word;
      if (width(longer, font) > WIDEST) { lines.push(line); line = word; } else line = longer;
    }
    if (line) lines.push(line);
    if (lines.length > most) { lines.length = most; lines[most - 1] = `${lines[most - 1].slice(0, -2)} …`; }
    return lines;
  };

  const rowsOf = (node) => [
    ...wrap(node.tag, "700 11px system-ui, sans-serif", 1).map((text) => ["tag", text]),
    ...wrap(node.label, "600 13px system-ui, sans-serif", 4).map((text) => ["name", text]),
    ...wrap(node.waits, "13px system-ui, sans-serif", 3).map((text) => ["", text]),
    ...wrap(node.place, "13px system-ui, sans-serif", 2).map((text) => ["soft", text]),
  ];

  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 36, ranksep: 64, edgesep: 22, marginx: 10, marginy: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  const rows = new Map();
  for (const node of data.nodes) {
    const lines = rowsOf(node);
    rows.set(node.id, lines);
    const widest = Math.max(...lines.map(([kind, text]) => width(text, kind === "tag" || kind === "name" ? "600 13px system-ui, sans-serif" : "13px system-ui, sans-serif")));
    graph.setNode(node.id, { width: widest + 2 * PAD, height: lines.length * LINE + 2 * PAD - 4 });
  }
  // Laid out from the waker down to the waiter, so that the cause comes on top.
  data.edges.forEach((edge, number) => {
    const label = edge.label.length > 40 ? `${edge.label.slice(0, 38)} …` : edge.label;
    const size = label ? { width: width(label, "12px system-ui, sans-serif") + 12, height: 20, labelpos: "c" } : {};
    graph.setEdge(edge.waker, edge.waiter, { ...size, text: label, source: edge.source }, String(number));
  });
  dagre.layout(graph);

  // A smooth line through dagre's points, from the waiter's end to the waker's.
  const curve = (points) => {
    const path = [`M${points[0].x},${points[0].y}`];
    for (let i = 1; i < points.length - 1; i += 1) {
      const end = i === points.length - 2 ? points[i + 1] : { x: (points[i].x + points[i + 1].x) / 2, y: (points[i].y + points[i + 1].y) / 2 };
      path.push(`Q${points[i].x},${points[i].y} ${end.x},${end.y}`);
    }
    if (points.length === 2) path.push(`L${points[1].x},${points[1].y}`);
    return path.join(" ");
  };

  // Who waits for itself: a loop at its right side, where dagre has left room for the label.
  const loop = (box) => {
    const x = box.x + box.width / 2, out = x + LOOP;
    return `M${x},${box.y - 12} C${out},${box.y - 30} ${out},${box.y + 30} ${x},${box.y + 12}`;
  };

  const size = graph.graph();
  const svg = make("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height });
  const defs = make("defs");
  for (const id of ["arrow", "arrow-knot"]) {
    const marker = make("marker", { id, viewBox: "0 0 10 10", refX: "9", refY: "5", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse" });
    marker.append(make("path", { d: "M0,0 L10,5 L0,10 z" }));
    defs.append(marker);
  }
  svg.append(defs);

  // What holds the causes themselves is drawn stronger than who waits for them.
  const parts = new Map(data.nodes.map((node) => [node.id, node.part]));
  const isKnot = (name) => parts.get(name.w) === "cause";
  const labels = make("g");
  for (const name of graph.edges()) {
    const edge = graph.edge(name);
    const group = make("g", { class: `edge ${edge.source}${isKnot(name) ? " knot" : ""}` });
    const box = name.v === name.w ? graph.node(name.v) : null;
    const line = box ? loop(box) : curve([...edge.points].reverse());
    group.append(make("path", { d: line, "marker-end": `url(#${isKnot(name) ? "arrow-knot" : "arrow"})` }));
    svg.append(group);
    if (edge.text && edge.x !== undefined) {
      const label = make("g", { class: "edge" });
      const at = box ? { x: box.x + box.width / 2 + LOOP, y: box.y + 4 } : { x: edge.x, y: edge.y + 4, "text-anchor": "middle" };
      label.append(make("text", at, edge.text));
      labels.append(label);
    }
  }
  for (const node of data.nodes) {
    const box = graph.node(node.id);
    const group = make(node.stack ? "a" : "g", { class: `node ${node.part}`, transform: `translate(${box.x - box.width / 2},${box.y - box.height / 2})` });
    if (node.stack) {
      group.setAttribute("href", `#${node.stack}`);
      group.setAttribute("aria-label", `${node.tag}: ${node.label} ${node.waits} ${node.place}. Go to its stack.`);
    }
    group.append(make("rect", { width: box.width, height: box.height }));
    rows.get(node.id).forEach(([kind, text], number) => {
      group.append(make("text", { class: kind, x: PAD, y: PAD + 9 + number * LINE }, text));
    });
    svg.append(group);
  }
  svg.append(labels);
  place.append(svg);
  place.hidden = false;
  // Shrink to the page only while the text stays readable; else it scrolls.
  place.classList.toggle("fits", size.width <= 1.35 * place.clientWidth);
  const first = data.nodes.find((node) => node.part === "cause");
  if (first) place.scrollLeft = graph.node(first.id).x - place.clientWidth / 2;
  const words = document.getElementById("graph-words");
  if (words) words.closest("details").open = false;
})();
