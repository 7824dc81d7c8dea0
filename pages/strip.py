"""Two lines of words, one for each model: point at a word, or move to it with the keyboard, and see where it looks.

Reads: the maps it is given. Writes: nothing; all of it happens in the browser.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

_HTML = """
<div class="strips"></div>
<p class="said" aria-live="polite"></p>
"""

_CSS = """
.strip { margin: 0 0 0.6rem; }
.name { font-weight: 600; display: block; margin-bottom: 0.15rem; }
.words { display: flex; flex-wrap: wrap; gap: 0.2rem; }
button {
  font: inherit; line-height: 1.25; color: var(--st-text-color); cursor: pointer; border-radius: 4px;
  border: 1px solid transparent; padding: 0.1rem 0.3rem 0.05rem; text-align: center;
  background: color-mix(in srgb, var(--color) calc(var(--share) * 62%), transparent);
}
button small { display: block; font-size: 0.68rem; min-height: 0.9rem; opacity: 0.85; }
button[aria-pressed="true"] { border-color: var(--st-text-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.special { font-style: italic; }
.said { margin: 0.3rem 0 0; min-height: 3em; }
"""

_JS = """
const percent = (value) => (value >= 100 ? "100" : value >= 10 ? value.toFixed(0) : value.toFixed(1));

function summary(side, tokens, from) {
  const row = side.rows[from];
  const most = row.map((value, to) => [value, to]).sort((a, b) => b[0] - a[0]).slice(0, 3);
  const parts = most.filter(([value]) => value > 0).map(([value, to]) => `${tokens[to]} ${percent(value / 10)} %`);
  return `${side.name}: ${parts.join(", ") || "nothing else"}`;
}

export default function ({ data, parentElement }) {
  const strips = parentElement.querySelector(".strips");
  const said = parentElement.querySelector(".said");
  strips.replaceChildren();
  const words = data.sides.map((side) => {
    const strip = strips.appendChild(document.createElement("div"));
    strip.className = "strip";
    strip.style.setProperty("--color", side.color);
    strip.setAttribute("role", "group");
    strip.setAttribute("aria-label", `${side.name}: the words of the text`);
    const name = strip.appendChild(document.createElement("span"));
    name.className = "name";
    name.textContent = side.name;
    const line = strip.appendChild(document.createElement("div"));
    line.className = "words";
    return data.tokens.map((token, i) => {
      const button = line.appendChild(document.createElement("button"));
      button.type = "button";
      button.append(token, document.createElement("small"));
      button.classList.toggle("special", data.special[i]);
      return button;
    });
  });

  let chosen = Math.min(data.first, data.tokens.length - 1);
  function show(from) {
    // Both models by the same measure, so that they can be compared.
    const most = Math.max(1, ...data.sides.flatMap((side) => side.rows[from]));
    data.sides.forEach((side, s) => {
      const row = side.rows[from];
      words[s].forEach((button, to) => {
        button.style.setProperty("--share", Math.sqrt(row[to] / most));
        button.lastChild.textContent = row[to] >= 5 ? `${percent(row[to] / 10)}` : "";
        button.setAttribute("aria-pressed", to === from);
        button.setAttribute("aria-label", `${data.tokens[to]}, looked at with ${percent(row[to] / 10)} percent`);
        button.tabIndex = to === chosen ? 0 : -1;
      });
    });
    const sides = data.sides.map((side) => summary(side, data.tokens, from));
    said.textContent = `${data.tokens[from]} looks most at: ${sides.join(" · ")}`;
  }
  function choose(to, focused) {
    chosen = (to + data.tokens.length) % data.tokens.length;
    show(chosen);
    focused?.[chosen].focus();
  }
  words.forEach((line) => line.forEach((button, i) => {
    button.onmouseenter = () => show(i);
    button.onmouseleave = () => show(chosen);
    button.onfocus = () => choose(i);
    button.onclick = () => choose(i);
    button.onkeydown = (event) => {
      const moves = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: data.tokens.length - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      choose(moves[event.key], line);
    };
  }));
  show(chosen);
}
"""

_mount = st.components.v2.component("distil_lab.strip", html=_HTML, css=_CSS, js=_JS)


def looks(
    tokens: Sequence[str],
    special: Sequence[bool],
    sides: Sequence[tuple[str, str, np.ndarray]],
    *,
    key: str,
    first: int = 0,
) -> None:
    """Show the words of a text once for each model; the one pointed at colors all others by how much it looks at them.

    Args:
        tokens: As people read them.
        special: Which of them frame the text.
        sides: Name, color and map of each model; a map is ``(tokens, tokens)`` of shares.
        key: Of the widget.
        first: The token that is pointed at until somebody points at another.
    """
    _mount(
        key=key,
        data={
            "tokens": list(tokens),
            "special": list(special),
            "sides": [
                {"name": name, "color": color, "rows": np.rint(1000 * shares).astype(int).tolist()}
                for name, color, shares in sides
            ],
            "first": first,
        },
    )
