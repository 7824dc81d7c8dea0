// A student in a page: its tokenizer, its model, and what it puts out for a text. Nothing leaves the page's own origin.

/** Load everything from the folder at `base`: what the student is, its tokenizer and its model. */
export async function load(base, tell = () => {}) {
  const at = (name) => new URL(name, base).href;
  const json = async (name) => (await fetch(at(name))).json();
  const [about, words, settings] = await Promise.all(["student.json", "tokenizer.json", "tokenizer_config.json"].map(json));
  const [ort, { Tokenizer }] = await Promise.all([
    import(at("runtime/ort.wasm.min.mjs")),
    import(at("runtime/tokenizers.min.mjs")),
  ]);
  ort.env.wasm.wasmPaths = at("runtime/");
  ort.env.wasm.numThreads = 1; // more of them need headers that static servers do not send
  const session = await ort.InferenceSession.create(await bytes(at("model.onnx"), tell), { executionProviders: ["wasm"] });
  const student = new Student(about, new Tokenizer(words, settings), session, ort);
  await student.run(student.encode("")); // the first time takes longer than all others
  return student;
}

async function bytes(address, tell) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the model cannot be loaded (${response.status})`);
  const total = Number(response.headers.get("content-length")) || 0;
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    tell(size, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export class Student {
  constructor(about, tokenizer, session, ort) {
    Object.assign(this, { about, tokenizer, session, ort });
  }

  /** The pieces of a text, without what stands at its ends. */
  pieces(text) {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /**
   * Token ids of a text or of two, cut as in the lab, and which segment each belongs to; `starts` are of the segments.
   * Of the second segment, `skipped` pieces are left out before those that are read.
   */
  encode(first, second = null, skipped = 0) {
    const whole = this.tokenizer.encode(first, { text_pair: second, return_token_type_ids: true });
    const parts = second === null ? [this.pieces(first)] : [this.pieces(first), this.pieces(second)];
    const n = whole.ids.length;
    // One token stands at each end; between two segments there may be one or two.
    const between = parts.length - 1 && n - parts[0].length - parts[1].length - 2;
    const left = [0, skipped];
    const lengths = shortened(
      parts.map((part, k) => part.length - left[k]), this.about.max_length - between - 2, this.about.kind === "answer");
    const starts = [1, 1 + parts[0].length + between];
    const keep = whole.ids.map((_, i) => parts.every((part, k) => {
      const place = i - starts[k];
      return place < 0 || place >= part.length || (place >= left[k] && place < left[k] + lengths[k]);
    }));
    const kept = (values) => values.filter((_, i) => keep[i]);
    return {
      ids: kept(whole.ids),
      types: kept(whole.token_type_ids ?? whole.ids.map(() => 0)),
      starts: [1, 1 + lengths[0] + between],
      lengths,
      cut: n - skipped > this.about.max_length,
    };
  }

  /** A question and its context, in parts that overlap where the context is long; `cut` where a part has no room. */
  parts(question, context) {
    const rows = [this.encode(question, context)];
    for (let skipped = 0, row = rows[0]; row.cut && row.lengths[1] > this.about.overlap; ) {
      skipped += row.lengths[1] - this.about.overlap;
      rows.push((row = this.encode(question, context, skipped)));
    }
    return rows;
  }

  /** What the model puts out for one row of token ids: its numbers by the name of the output, with their shape. */
  async run({ ids, types }) {
    const tensor = (values) =>
      new this.ort.Tensor("int64", BigInt64Array.from(values, (value) => BigInt(value)), [1, values.length]);
    const feeds = { input_ids: tensor(ids), attention_mask: tensor(ids.map(() => 1)), token_type_ids: tensor(types) };
    const begin = performance.now();
    const outputs = await this.session.run(Object.fromEntries(this.session.inputNames.map((name) => [name, feeds[name]])));
    const ms = performance.now() - begin;
    return { ms, outputs: Object.fromEntries(Object.entries(outputs).map(([name, { data, dims }]) => [name, { data, dims }])) };
  }

  /** The answer to a text or two, as the kind of the student has it. */
  async answer(first, second = null) {
    const { kind } = this.about;
    if (kind === "vector") return this.likeness(first, second);
    if (kind === "answer") return this.found(first, second);
    const encoded = kind === "tags" ? this.words(first) : this.encode(first, second);
    const { ms, outputs } = await this.run(encoded);
    const read = { labels: readLabels, tags: readTags, words: readWords }[kind];
    return { ms, cut: encoded.cut, ...read(this, outputs, encoded) };
  }

  /** A text as its words between spaces, each with the place of its first piece. */
  words(text) {
    const words = text.split(/\s+/).filter(Boolean);
    const ends = this.tokenizer.encode("", {}).ids;
    const ids = [ends[0]];
    const firsts = [];
    let cut = false;
    for (const [i, word] of words.entries()) {
      const pieces = this.pieces(i ? ` ${word}` : word);
      const room = this.about.max_length - 1 - ids.length;
      cut ||= pieces.length > room;
      firsts.push(pieces.length && room > 0 ? ids.length : null);
      ids.push(...pieces.slice(0, Math.max(room, 0)));
    }
    ids.push(ends[ends.length - 1]);
    return { ids, types: ids.map(() => 0), words, firsts, cut };
  }

  /** The best span of all parts of a context, or none where there may be none and that has a higher score. */
  async found(question, context) {
    const { max_tokens, may_be_empty } = this.about;
    let [score, nothing, span, ms] = [-Infinity, Infinity, [], 0];
    const rows = this.parts(question, context);
    for (const { ids, types, starts, lengths } of rows) {
      const done = await this.run({ ids, types });
      const [begin, end] = [done.outputs.start_logits.data, done.outputs.end_logits.data];
      const stop = starts[1] + lengths[1];
      ms += done.ms;
      nothing = Math.min(nothing, begin[0] + end[0]);
      for (let first = starts[1]; first < stop; first++) {
        for (let last = first; last < Math.min(first + max_tokens, stop); last++) {
          if (begin[first] + end[last] > score) [score, span] = [begin[first] + end[last], ids.slice(first, last + 1)];
        }
      }
    }
    const none = !span.length || (may_be_empty && nothing > score);
    return { ms, score, nothing, cut: rows[rows.length - 1].cut, text: none ? "" : this.tokenizer.decode(span) };
  }

  async likeness(first, second) {
    const rows = [first, second].map((text) => this.encode(text));
    const answers = [];
    for (const row of rows) answers.push(await this.run(row));
    const [a, b] = answers.map(({ outputs }) => Array.from(outputs.sentence_embedding.data));
    const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    return {
      ms: answers[0].ms + answers[1].ms,
      cut: rows.some((row) => row.cut),
      cosine: dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
    };
  }
}

/** How many pieces of one or two segments are read: the longer one is cut first, or of an answer's always the second. */
function shortened(lengths, room, secondOnly) {
  if (lengths.length === 1) return [Math.min(lengths[0], room)];
  const [first, second] = lengths;
  if (first + second <= room) return lengths;
  if (secondOnly) return [first, Math.max(room - first, 0)];
  let low = Math.min(first, second);
  let high = Math.max(low, room - low);
  if (low + high > room) [low, high] = [Math.floor(room / 2), Math.ceil(room / 2)];
  return first > second ? [high, low] : [low, high];
}

/** Shares of a row of logits, softened by a temperature. */
export function softmax(logits, temperature = 1) {
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - highest) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const row = ({ data, dims }, i) => Array.from(data.slice(i * dims[2], (i + 1) * dims[2]));

function readLabels(student, { logits }) {
  return { logits: Array.from(logits.data) };
}

function readTags(student, { logits }, { words, firsts }) {
  const best = (values) => values.indexOf(Math.max(...values));
  const tag = (place) => (place === null ? null : student.about.labels[best(row(logits, place))]);
  return { words: words.map((word, i) => ({ word, tag: tag(firsts[i]) })) };
}

function readWords(student, { logits }, { ids }) {
  const mask = student.tokenizer.token_to_id(student.about.mask_token);
  const places = ids.flatMap((id, i) => (id === mask ? [i] : []));
  const likeliest = (place) => {
    const shares = softmax(row(logits, place));
    const order = shares.map((share, id) => [share, id]).sort((a, b) => b[0] - a[0]).slice(0, 5);
    return order.map(([share, id]) => ({ share, word: student.tokenizer.decode([id]).trim() }));
  };
  return { masks: places.map(likeliest) };
}
