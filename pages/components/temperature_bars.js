// Both models' distributions, softened in the browser while the pointer moves. Python hears of it once: when the
// pointer or the key is let go.

const LOW = 0.1;
const HIGH = 20;
const TICKS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 20];
const ROUND = [0.5, 1, 2, 4, 8]; // The thumb sticks a little to these.
const STICKY_PX = 5;
const STEP = 2 ** 0.125; // of an arrow key; eight double the temperature
const MOST = 13; // rows of bars; where there are more labels, the last row stands for all others
const POINTS = 120;
const SIDES = ["teacher", "student"];
const NAMES = { teacher: "Teacher", student: "Student" };

const placeOf = (t) => Math.log(t / LOW) / Math.log(HIGH / LOW);
const within = (t) => Math.min(Math.max(t, LOW), HIGH);

/** log softmax(z / T), shifted by the largest logit first: nothing overflows, and a share of 0 has a logarithm. */
function soften(logits, t) {
  const top = Math.max(...logits);
  const scaled = logits.map((z) => (z - top) / t);
  const logSum = Math.log(scaled.reduce((sum, s) => sum + Math.exp(s), 0));
  return scaled.map((s) => s - logSum);
}

/** What never happens counts nothing, however far away its logarithm is. */
const meanUnder = (shares, values) => shares.reduce((sum, p, i) => sum + (p > 0 ? p * values[i] : 0), 0);

/** All that is shown at a temperature, unrounded. */
function measure(logits, t) {
  const logs = { teacher: soften(logits.teacher, t), student: soften(logits.student, t) };
  const found = {};
  for (const side of SIDES) {
    const shares = logs[side].map(Math.exp);
    const top = shares.indexOf(Math.max(...shares));
    const outside = shares.reduce((sum, p, i) => sum + (i === top ? 0 : p), 0);
    found[side] = { shares, outside, entropy: Math.max(0, -meanUnder(shares, logs[side])) };
  }
  const gaps = logs.teacher.map((log, i) => log - logs.student[i]);
  found.kl = Math.max(0, meanUnder(found.teacher.shares, gaps));
  found.weighted = t * t * found.kl;
  return found;
}

const minus = (text) => text.replace("-", "\u2212");
const percent = (share) => (share > 0 && share < 0.0005 ? "<0.1 %" : `${(100 * share).toFixed(1)} %`);
const signed = (value) => minus(value.toFixed(Math.abs(value) < 99.995 ? 2 : 0));
const degrees = (t) => (t < 10 ? t.toFixed(2) : t.toFixed(1));
function small(value) {
  if (value === 0 || value >= 0.01) return value.toFixed(3);
  return value < 1e-6 ? minus(value.toExponential(1)) : value.toPrecision(2);
}

function make(tag, classes, parent, text) {
  const element = document.createElement(tag);
  element.className = classes;
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

function makeSvg(tag, attributes, parent) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.appendChild(element);
  return element;
}

class Live {
  constructor(root) {
    this.root = root;
    this.slider = root.querySelector(".slider");
    this.thumb = root.querySelector(".thumb");
    this.value = root.querySelector(".value");
    this.t = null;
    this.given = null; // what Python said last
    this.told = null; // what Python was told last
    this.echoes = []; // what Python was told and has not sent back yet
    this.dragging = false;
    root.measure = (t) => measure(this.logits, t);
    root.show = (t) => this.draw(t);
    for (const tick of TICKS) {
      const mark = make("span", "tick", root.querySelector(".ticks"), String(tick));
      mark.style.left = `${100 * placeOf(tick)}%`;
    }
    this.listen(this.slider, root.querySelector(".rail"));
    this.listen(root.querySelector(".plots"), root.querySelector(".plots"));
    this.slider.onkeydown = (event) => this.press(event);
    this.slider.onkeyup = () => this.tell();
    this.slider.onblur = () => this.tell();
  }

  listen(target, scale) {
    const follow = (event) => {
      const box = (target === this.slider ? scale : this.area).getBoundingClientRect();
      const x = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      let t = LOW * (HIGH / LOW) ** x;
      const near = ROUND.find((round) => Math.abs(placeOf(round) - x) * box.width < STICKY_PX);
      t = near ?? within(Number(t.toPrecision(3)));
      if (t !== this.t) this.draw(t);
    };
    target.onpointerdown = (event) => {
      if (event.button !== 0) return;
      target.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.slider.focus({ preventScroll: true });
      follow(event);
      event.preventDefault();
    };
    target.onpointermove = (event) => this.dragging && target.hasPointerCapture(event.pointerId) && follow(event);
    target.onpointerup = target.onpointercancel = () => {
      if (!this.dragging) return;
      this.dragging = false;
      this.tell();
    };
  }

  press(event) {
    const moves = {
      ArrowRight: (t) => t * STEP,
      ArrowUp: (t) => t * STEP,
      ArrowLeft: (t) => t / STEP,
      ArrowDown: (t) => t / STEP,
      PageUp: (t) => t * 2,
      PageDown: (t) => t / 2,
      Home: () => LOW,
      End: () => HIGH,
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    // From 1 the arrows reach 2, 4 and 8 exactly, whatever the rounding.
    const next = within(move(this.t));
    const near = ROUND.find((round) => Math.abs(Math.log(next / round)) < Math.log(STEP) / 2);
    const passed = near !== undefined && (near - this.t) * (next - this.t) > 0;
    this.draw(passed ? near : Number(next.toPrecision(3)));
  }

  tell() {
    if (this.t === this.told) return;
    this.told = this.t;
    this.echoes.push(this.t);
    this.root.dataset.sent = Number(this.root.dataset.sent) + 1;
    this.send(this.t);
  }

  /** Take what Python has sent; only what has changed is built again. */
  update({ data, setStateValue }) {
    this.send = (t) => setStateValue("temperature", t);
    const { value, ...shown } = data;
    const content = JSON.stringify(shown);
    if (content !== this.content) {
      this.content = content;
      this.build(shown);
    }
    // An echo comes late: the temperature may have moved on since.
    const echo = this.echoes.indexOf(value);
    if (echo >= 0) this.echoes.splice(0, echo + 1);
    else if (value !== this.given && !this.dragging) this.t = this.told = value;
    this.given = value;
    this.draw(this.t);
  }

  build({ labels, teacher, student, gold, curves, noun, order: graded, logit }) {
    this.noun = noun;
    this.root.querySelector(".curves .title").textContent = `Share of each ${noun} over all temperatures`;
    this.root.querySelector(".formula .logit").title = logit;
    this.root.querySelector(".sum").textContent = `÷ sum over all ${noun}s`;
    this.labels = labels;
    this.logits = { teacher, student };
    this.gold = gold;
    this.curves = curves;
    this.tops = { teacher: Math.max(...teacher), student: Math.max(...student) };
    // The order stays while the temperature moves: that of the grades, or the teacher's, which no temperature changes.
    const order = graded ?? labels.map((_, i) => i).sort((a, b) => teacher[b] - teacher[a]);
    const top = teacher.indexOf(this.tops.teacher);
    // Whatever the student says, and what is right, is not to be hidden among the others.
    const first = [...new Set([top, student.indexOf(this.tops.student), gold ?? top, ...order])];
    const kept = new Set(first.slice(0, order.length > MOST ? MOST - 1 : MOST));
    const alone = order.filter((i) => kept.has(i));
    this.groups = alone.map((i) => [i]);
    const rest = order.filter((i) => !kept.has(i));
    if (rest.length) this.groups.push(rest);
    this.buildNumbers();
    this.buildRows();
    this.root.classList.toggle("plain", !curves);
    if (curves) this.buildCurves();
    this.buildFormula();
    this.choose(this.groups.findIndex((group) => group.includes(top)));
  }

  nameOf(group) {
    return group.length === 1 ? this.labels[group[0]] : `${group.length} others`;
  }

  buildNumbers() {
    const panel = this.root.querySelector(".numbers");
    panel.replaceChildren();
    const tile = (title, unit, keys, help) => {
      const box = make("div", "tile", panel);
      box.title = help;
      make("div", "what", box, title);
      const values = make("div", "values", box);
      return keys.map((key) => {
        const pair = make("span", `number ${key}`, values);
        if (NAMES[key]) make("span", "of", pair, NAMES[key]);
        const shown = make("b", "", pair);
        shown.dataset.number = key;
        make("span", "unit", pair, unit);
        return shown;
      });
    };
    const most = Math.log(this.labels.length).toFixed(2);
    this.numbers = {
      entropy: tile("Entropy", "nats", SIDES, `How undecided: 0 is certain, ${most} nats is all ${this.noun}s alike.`),
      outside: tile(`Outside the top ${this.noun}`, "", SIDES, `What all other ${this.noun}s get together.`),
      kl: tile("KL(teacher ‖ student)", "nats", ["kl"], "What is lost when the student stands for the teacher."),
      weighted: tile("T² · KL", "nats", ["weighted"], "The same as the loss weighs it."),
    };
  }

  buildRows() {
    const rows = this.root.querySelector(".rows");
    rows.replaceChildren();
    this.rows = this.groups.map((group, i) => {
      const row = make("button", "row", rows);
      row.type = "button";
      const parts = {};
      const side = (name) => {
        const half = make("span", `half ${name}`, row);
        parts[name] = { bar: make("span", "bar", half), text: make("span", "share", half) };
      };
      side("teacher");
      const right = group.length === 1 && group[0] === this.gold;
      const name = this.nameOf(group);
      // A long name such as card_payment_fee may break behind its underscores.
      const label = make("span", right ? "label gold" : "label", row, `${right ? "\u25C6 " : ""}${name.replaceAll("_", "_\u200B")}`);
      label.title = name;
      side("student");
      row.onpointerenter = row.onfocus = row.onclick = () => this.choose(i);
      return { row, ...parts };
    });
  }

  buildCurves() {
    const plots = this.root.querySelector(".plots");
    plots.replaceChildren();
    this.lines = {};
    this.dots = {};
    const temperatures = Array.from({ length: POINTS + 1 }, (_, k) => LOW * (HIGH / LOW) ** (k / POINTS));
    for (const side of SIDES) {
      const plot = make("div", `plot ${side}`, plots);
      for (const level of [100, 50, 0]) make("span", `level at${level}`, plot, `${level} %`);
      const svg = makeSvg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, plot);
      for (const y of [0, 50, 100]) makeSvg("line", { x1: 0, x2: 100, y1: y, y2: y, class: "grid" }, svg);
      for (const t of TICKS) {
        const x = 100 * placeOf(t);
        makeSvg("line", { x1: x, x2: x, y1: 0, y2: 100, class: "grid" }, svg);
      }
      const shares = temperatures.map((t) => soften(this.logits[side], t).map(Math.exp));
      this.lines[side] = this.labels.map((_, i) => {
        const points = shares.map((p, k) => `${((100 * k) / POINTS).toFixed(2)},${(100 - 100 * p[i]).toFixed(2)}`);
        return makeSvg("polyline", { points: points.join(" ") }, svg);
      });
      this.dots[side] = make("div", "dot", plot);
      make("span", "name", plot, NAMES[side]);
    }
    this.area = make("div", "area", plots);
    this.cursor = make("div", "cursor", this.area);
    const axis = make("div", "axis", plots);
    for (const t of TICKS) make("span", "tick", axis, String(t)).style.left = `${100 * placeOf(t)}%`;
    make("div", "axis-title", plots, "Temperature (log scale)");
  }

  buildFormula() {
    const body = this.root.querySelector(".formula tbody");
    body.replaceChildren();
    this.cells = {};
    for (const side of SIDES) {
      const row = make("tr", side, body);
      make("th", "", row, NAMES[side]).scope = "row";
      this.cells[side] = ["logit", "scaled", "raised", "sum", "share"].map((name) => make("td", name, row));
      make("span", "step", this.cells[side][2], "");
      make("span", "", this.cells[side][2], "");
    }
  }

  /** Explain another label: the one that is pointed at, focused or tapped. */
  choose(i) {
    this.chosen = i;
    this.rows.forEach(({ row }, k) => row.classList.toggle("chosen", k === i));
    if (this.curves) {
      for (const side of SIDES) {
        this.lines[side].forEach((line, k) => line.classList.toggle("chosen", this.groups[i].includes(k)));
      }
    }
    if (this.t !== null) this.explain(measure(this.logits, this.t));
  }

  explain(found) {
    const group = this.groups[this.chosen];
    const caption = this.root.querySelector(".formula caption");
    caption.textContent = `How \u201C${this.nameOf(group)}\u201D gets its share at T = ${degrees(this.t)}`;
    for (const side of SIDES) {
      const share = group.reduce((sum, i) => sum + found[side].shares[i], 0);
      const sum = this.logits[side].reduce((total, z) => total + Math.exp((z - this.tops[side]) / this.t), 0);
      const [logit, scaled, raised, total, end] = this.cells[side];
      if (group.length === 1) {
        const z = this.logits[side][group[0]];
        logit.textContent = signed(z);
        scaled.textContent = signed(z / this.t);
        const shifted = (z - this.tops[side]) / this.t;
        raised.firstChild.textContent = `exp(${signed(shifted)}) = `;
        raised.lastChild.textContent = small(Math.exp(shifted));
      } else {
        logit.textContent = scaled.textContent = "\u2013";
        raised.firstChild.textContent = "together ";
        raised.lastChild.textContent = small(share * sum);
      }
      total.textContent = `÷ ${sum.toFixed(3)}`;
      end.textContent = percent(share);
      if (this.curves) {
        const dot = this.dots[side];
        dot.hidden = group.length > 1;
        dot.style.left = `${100 * placeOf(within(this.t))}%`;
        dot.style.top = `${100 - 100 * share}%`;
      }
    }
  }

  draw(t) {
    this.t = t;
    const found = measure(this.logits, t);
    const place = `${100 * placeOf(within(t))}%`;
    this.thumb.style.left = place;
    this.value.textContent = degrees(t);
    this.slider.setAttribute("aria-valuenow", String(t));
    const top = found.teacher.shares.indexOf(Math.max(...found.teacher.shares));
    const said = SIDES.map((side) => `${side} ${percent(found[side].shares[top])}`).join(", ");
    this.slider.setAttribute("aria-valuetext", `${degrees(t)}; ${this.labels[top]}: ${said}`);
    this.groups.forEach((group, i) => {
      for (const side of SIDES) {
        const share = group.reduce((sum, k) => sum + found[side].shares[k], 0);
        const { bar, text } = this.rows[i][side];
        bar.style.width = `calc(${share} * (100% - 4rem))`;
        text.textContent = percent(share);
      }
    });
    SIDES.forEach((side, i) => {
      this.numbers.entropy[i].textContent = found[side].entropy.toFixed(3);
      this.numbers.outside[i].textContent = percent(found[side].outside);
    });
    this.numbers.kl[0].textContent = small(found.kl);
    this.numbers.weighted[0].textContent = small(found.weighted);
    if (this.curves) this.cursor.style.left = place;
    this.explain(found);
    this.root.dataset.temperature = String(t);
    this.root.dataset.redraws = Number(this.root.dataset.redraws) + 1;
  }
}

const alive = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".live");
  if (!alive.has(root)) alive.set(root, new Live(root));
  alive.get(root).update(component);
}
