// A chart of plotly is several SVG images on top of one another; together they are the picture. What our own components
// draw is boxes, words and lines of a web page: each becomes a part of an SVG image, where the browser has put it.
const SVG = "http://www.w3.org/2000/svg";
const SIDES = ["Top", "Right", "Bottom", "Left"];

function make(tag, attributes, parent, text) {
  const element = parent.appendChild(document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function sheet(source, background) {
  const { width, height } = source.getBoundingClientRect();
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
    svg.setAttribute(name, value);
  make("rect", { width: "100%", height: "100%", fill: background }, svg);
  return svg;
}

function ofPlotly(chart, background) {
  const layers = [...chart.querySelectorAll("svg.main-svg")];
  const svg = sheet(layers[0], background);
  for (const layer of layers) svg.append(...layer.cloneNode(true).childNodes);
  svg.querySelectorAll(".hoverlayer > *, .drag, .draglayer").forEach((node) => node.remove());
  return svg;
}

function ofPage(root, background) {
  const svg = sheet(root, background);
  const origin = root.getBoundingClientRect();
  const hatch = { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" };
  make("rect", { width: 2, height: 6, fill: "#fff", opacity: 0.45 }, make("pattern", hatch, make("defs", {}, svg)));
  const seen = (color) => !/^(transparent|rgba\(.*, 0\))$/.test(color);
  const placed = ({ left, top, width, height }) => ({ x: left - origin.left, y: top - origin.top, width, height });

  function paint(place, style, opacity) {
    const rx = style.borderRadius.endsWith("%") ? place.width / 2 : parseFloat(style.borderRadius) || 0;
    if (seen(style.backgroundColor)) make("rect", { ...place, rx, fill: style.backgroundColor, opacity }, svg);
    if (style.backgroundImage !== "none") make("rect", { ...place, rx, fill: "url(#hatch)", opacity }, svg);
    const border = (side, what) => style[`border${side}${what}`];
    const lines = SIDES.filter((side) => border(side, "Style") !== "none" && parseFloat(border(side, "Width")));
    const { x, y, width, height } = place;
    const look = (side) => ({ stroke: border(side, "Color"), "stroke-width": border(side, "Width"), opacity });
    if (lines.length === 4) return make("rect", { ...place, rx, fill: "none", ...look("Top") }, svg);
    const ends = { Top: [0, 0, 1, 0], Right: [1, 0, 1, 1], Bottom: [0, 1, 1, 1], Left: [0, 0, 0, 1] };
    for (const side of lines) {
      const [x1, y1, x2, y2] = ends[side];
      const line = { x1: x + x1 * width, y1: y + y1 * height, x2: x + x2 * width, y2: y + y2 * height };
      make("line", { ...line, ...look(side) }, svg);
    }
  }

  function write(node, opacity) {
    const owner = node.parentElement, style = getComputedStyle(owner), mark = getComputedStyle(owner, "::before");
    const frame = placed(owner.getBoundingClientRect());
    const clip = style.overflowX === "hidden" ? make("svg", frame, svg) : null;
    const range = document.createRange();
    const look = { fill: style.color, opacity, "font-size": style.fontSize, "font-weight": style.fontWeight };
    Object.assign(look, { "font-style": style.fontStyle, "font-family": style.fontFamily });
    for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const place = placed(range.getBoundingClientRect());
      if (!place.width) continue;
      const x = place.x - (clip ? frame.x : 0), y = place.y + 0.78 * place.height - (clip ? frame.y : 0);
      // As wide as here, with whatever font it is looked at.
      make("text", { ...look, x, y, textLength: place.width, lengthAdjust: "spacingAndGlyphs" }, clip ?? svg, word[0]);
      // The colored square before a name.
      if (word.index === 0 && mark.content !== "none" && mark.display === "inline-block") {
        const side = parseFloat(mark.width), left = place.x - side - parseFloat(mark.marginRight);
        paint({ x: left, y: place.y + 0.78 * place.height - side, width: side, height: side }, mark, opacity);
      }
    }
  }

  function drawing(image, opacity) {
    const copy = svg.appendChild(image.cloneNode(true));
    const place = { ...placed(image.getBoundingClientRect()), opacity, overflow: "visible" };
    for (const [name, value] of Object.entries(place)) copy.setAttribute(name, value);
    [...image.children].forEach((part, i) => {
      const style = getComputedStyle(part);
      for (const name of ["stroke", "stroke-width", "opacity", "fill", "vector-effect"])
        copy.children[i].setAttribute(name, style.getPropertyValue(name));
    });
  }

  function walk(node, above) {
    if (node.nodeType === Node.TEXT_NODE) return write(node, above);
    if (!(node instanceof Element) || !node.checkVisibility()) return;
    const style = getComputedStyle(node), opacity = above * style.opacity;
    if (node.tagName === "svg") return drawing(node, opacity);
    paint(placed(node.getBoundingClientRect()), style, opacity);
    node.childNodes.forEach((child) => walk(child, opacity));
  }
  walk(root, 1);
  return svg;
}

function picture(chart, background) {
  const host = document.querySelector(`.st-key-${CSS.escape(chart)}`);
  const plot = host?.querySelector(".js-plotly-plot");
  if (plot) return ofPlotly(plot, background);
  const shadow = host && [host, ...host.querySelectorAll("*")].find((element) => element.shadowRoot)?.shadowRoot;
  const root = shadow?.querySelector("[data-picture]");
  return root && ofPage(root, background);
}

function save(url, name) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
}

export default function ({ data, parentElement }) {
  const background = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  for (const button of parentElement.querySelectorAll("button")) {
    const kind = button.dataset.as;
    button.setAttribute("aria-label", `Save the chart as ${kind.toUpperCase()}`);
    button.onclick = () => {
      const svg = picture(data.chart, background);
      if (!svg) return;
      const [width, height] = ["width", "height"].map((name) => Number(svg.getAttribute(name)));
      const text = new XMLSerializer().serializeToString(svg);
      const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      if (kind === "svg") return save(url, `${data.name}.svg`);
      const image = new Image();
      image.onload = () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => save(URL.createObjectURL(blob), `${data.name}.png`));
      };
      image.src = url;
    };
  }
}
