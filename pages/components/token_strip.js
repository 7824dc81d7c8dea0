// Two lines of words, one for each model; the one that is pointed at colors all others by how much it looks at them.

const percent = (value) => (value >= 100 ? "100" : value >= 10 ? value.toFixed(0) : value.toFixed(1));

function summary(side, tokens, from) {
  const row = side.rows[from];
  const most = row.map((value, to) => [value, to]).sort((a, b) => b[0] - a[0]).slice(0, 3);
  const parts = most.filter(([value]) => value > 0).map(([value, to]) => `${tokens[to]} ${percent(value / 10)} %`);
  return `${side.name}: ${parts.join(", ") || "nothing else"}`;
}

export default function ({ data, parentElement }) {
  const strips = parentElement.querySelector(".strips");
  const spoken = parentElement.querySelector(".summary");
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
      button.append(token);
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
        button.dataset.share = row[to] >= 5 ? `${percent(row[to] / 10)}` : "";
        button.setAttribute("aria-pressed", to === from);
        button.setAttribute("aria-label", `${data.tokens[to]} ${percent(row[to] / 10)} percent`);
        button.tabIndex = to === chosen ? 0 : -1;
      });
    });
    const sides = data.sides.map((side) => summary(side, data.tokens, from));
    spoken.textContent = `${data.tokens[from]} looks most at: ${sides.join(" · ")}`;
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
