// The page of a student: asks for a text, and shows what the student makes of it while somebody types.

import { load, softmax } from "./student.js";

const byId = (id) => document.getElementById(id);
const RECENT = 15;

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function bars(shares, labels, ordered = true, grades = null) {
  const order = grades ?? shares.map((share, i) => i);
  if (ordered && !grades) order.sort((a, b) => shares[b] - shares[a]);
  const top = shares.indexOf(Math.max(...shares));
  return order.map((i) => {
    const fill = element("div", { className: "fill" });
    fill.style.width = `${100 * shares[i]}%`;
    return element(
      "div",
      { className: i !== top || !ordered ? "bar" : "bar first" },
      element("span", { className: "name", textContent: labels[i] }),
      element("div", { className: "track" }, fill),
      element("span", { className: "share", textContent: percent(shares[i]) }),
    );
  });
}

const draw = {
  labels({ logits }, { problem, labels, order }) {
    if (problem === "regression") return [element("p", { className: "big", textContent: logits[0].toFixed(2) })];
    if (problem === "multi_label_classification") return bars(logits.map((z) => 1 / (1 + Math.exp(-z))), labels);
    return bars(softmax(logits, Number(byId("temperature").value)), labels, true, order);
  },
  tags: ({ words }) => [
    element("p", { className: "words" }, ...words.flatMap(({ word, tag }) => [
      tag && tag !== "O"
        ? element("span", { className: "tag" }, word, element("small", { textContent: tag }))
        : element("span", { textContent: word }),
      " ",
    ])),
  ],
  answer: ({ text, score, nothing }, { may_be_empty }) => [
    element("p", { className: "big", textContent: text || "no answer" }),
    element("p", {
      className: "soft",
      textContent: `score of the best span: ${score.toFixed(1)}` + (may_be_empty ? `; of there being no answer: ${nothing.toFixed(1)}` : ""),
    }),
  ],
  vector: ({ cosine }) => [
    element("p", { className: "big", textContent: cosine.toFixed(3) }),
    element("p", { className: "soft", textContent: "cosine of the two vectors; 1: the same direction" }),
  ],
  words: ({ masks }, { mask_token }) =>
    masks.length
      ? masks.flatMap((words) => bars(words.map(({ share }) => share), words.map(({ word }) => word)))
      : [element("p", { className: "soft", textContent: `Put ${mask_token} where a word is to be found.` })],
};

function ask(about, onInput) {
  const fields = about.segments.map((segment, i) => {
    const field = element("textarea", { id: `text${i}`, value: about.example[i] ?? "" });
    field.addEventListener("input", onInput);
    byId("ask").append(element("label", { htmlFor: field.id, textContent: segment }), field);
    return field;
  });
  if (about.kind === "labels" && about.problem === "single_label_classification") {
    const slider = element("input", { type: "range", id: "temperature", min: "0.1", max: "10", step: "0.1", value: "1" });
    const told = element("label", { htmlFor: slider.id, textContent: "Temperature 1.0" });
    slider.addEventListener("input", () => {
      told.textContent = `Temperature ${Number(slider.value).toFixed(1)}`;
      onInput();
    });
    byId("ask").append(told, slider);
  }
  return fields;
}

async function main() {
  const tell = (size, total) => {
    byId("state").textContent = `Loading the model: ${(size / 1e6).toFixed(1)} MB${total ? ` of ${(total / 1e6).toFixed(1)} MB` : ""}…`;
  };
  const student = await load(new URL(".", import.meta.url), tell);
  const { about } = student;
  document.title = about.title;
  byId("title").textContent = about.title;
  byId("about").textContent = about.subtitle;
  byId("facts").append(...about.facts.map((fact) => element("li", { textContent: fact })));
  byId("ask").addEventListener("submit", (event) => event.preventDefault());

  let busy = false;
  let waiting = false;
  const times = [];
  const update = async () => {
    waiting = true;
    if (busy) return; // whoever answers looks again afterwards
    busy = true;
    while (waiting) {
      waiting = false;
      const texts = fields.map((field) => field.value);
      if (texts.some((text) => !text.trim())) {
        byId("answer").replaceChildren(element("p", { className: "soft", textContent: "Type a text." }));
        continue;
      }
      const answer = await student.answer(...texts);
      times.push(answer.ms);
      if (times.length > RECENT) times.shift();
      const median = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
      byId("answer").replaceChildren(...draw[about.kind](answer, about));
      byId("speed").textContent =
        `${median.toFixed(1)} ms on this device, median of ${times.length}.` + (answer.cut ? " The end of the text was cut off." : "");
    }
    busy = false;
    document.body.dataset.state = "answered";
  };
  const fields = ask(about, update);
  window.student = student;
  await update();
}

main().catch((error) => {
  byId("state").textContent = `The student cannot run here: ${error.message}`;
  document.body.dataset.state = "failed";
});
