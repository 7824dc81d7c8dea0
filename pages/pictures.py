"""Pictures of charts: two small buttons that save the chart beside them as PNG or SVG, drawn by the browser.

Reads: nothing. Writes: a file on the computer of whoever presses the button.
"""

import streamlit as st

_HTML = """<button type="button" data-as="png">PNG</button><button type="button" data-as="svg">SVG</button>"""

_CSS = """
button {
  font: inherit; color: var(--st-text-color); background: transparent; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  padding: 0.3rem 0.8rem; margin-right: 0.5rem;
}
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""

# A chart of plotly is several SVG images on top of one another; together they are the picture.
_JS = """
function picture(chart, background) {
  const layers = [...chart.querySelectorAll("svg.main-svg")];
  const { width, height } = layers[0].getBoundingClientRect();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
    svg.setAttribute(name, value);
  const paper = svg.appendChild(document.createElementNS(svg.namespaceURI, "rect"));
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: background }))
    paper.setAttribute(name, value);
  for (const layer of layers) svg.append(...layer.cloneNode(true).childNodes);
  svg.querySelectorAll(".hoverlayer > *, .drag, .draglayer").forEach((node) => node.remove());
  return { text: new XMLSerializer().serializeToString(svg), width, height };
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
      const chart = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`);
      if (!chart) return;
      const { text, width, height } = picture(chart, background);
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
"""

_mount = st.components.v2.component("distil_lab.pictures", html=_HTML, css=_CSS, js=_JS)


def buttons(chart: str) -> None:
    """Offer to save a chart as PNG or SVG; ``chart`` is the key under which the page shows it."""
    _mount(key=f"{chart}.picture", data={"chart": chart.replace(".", "-"), "name": chart})
