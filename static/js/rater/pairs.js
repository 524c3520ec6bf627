// Pairs, loaded ahead of the one that is shown, clips and all: rating goes on for a while without a network.
import { call, PATIENCE_MS, persist } from "./connection.js";
import { language } from "./words.js";

const AHEAD = 3; // pairs beyond the one that is shown
const CLIP_TRIES = 5;
const AWAY = [429, 502, 503, 504]; // the server is, not the clip
const OLD_ADDRESS = 410;

export class Pairs {
  constructor(rater) {
    this.path = (rest) => `raters/${rater}/presentations/${rest}?lang=${language}`;
    this.loading = new Map(); // position -> {promise, done}
  }

  load(position) {
    if (!this.loading.has(position)) {
      const entry = { done: false, promise: this.fetchPair(position) };
      const settled = () => { entry.done = true; };
      entry.promise.then(settled, settled);
      this.loading.set(position, entry);
    }
    return this.loading.get(position);
  }

  loadAhead(positions) {
    for (const position of positions.slice(0, AHEAD + 1)) this.load(position);
  }

  // Rejects with {status}, or with {reason, pair} when a clip can't be had.
  async fetchPair(position) {
    const answer = await persist(() => call("GET", this.path(position)));
    if (answer.status !== 200) throw { status: answer.status };
    const pair = { ...answer.body, videos: {} };
    for (const [name, address] of Object.entries(pair.clips)) pair.videos[name] = await fetchClip(pair, name, address);
    return pair;
  }

  drop(position) {
    this.loading.get(position)?.promise.then(release, () => {});
    this.loading.delete(position);
  }

  clear() {
    for (const position of [...this.loading.keys()]) this.drop(position);
  }

  report(position, presentation, reason) {
    const body = { reason: String(reason).slice(0, 200), presentation };
    return persist(() => call("POST", this.path(`${position}/problem`), body));
  }
}

async function fetchClip(pair, name, address) {
  let tries = 0;
  const answer = await persist(async () => {
    const { status, blob } = await download(address);
    if (blob || status === OLD_ADDRESS || AWAY.includes(status)) return { status, blob };
    tries += 1;
    return { status: tries < CLIP_TRIES ? status : 400, was: status };
  });
  if (answer.blob) return URL.createObjectURL(answer.blob);
  if (answer.status === OLD_ADDRESS) throw { status: OLD_ADDRESS }; // the device slept: the pair tells a new one
  throw { reason: `${name} clip answered ${answer.was}`, pair };
}

// A clip may come slowly; one of which nothing comes any more is given up, to be asked for anew.
async function download(address) {
  const stop = new AbortController();
  let patience = 0;
  const goesOn = () => {
    clearTimeout(patience);
    patience = setTimeout(() => stop.abort(), PATIENCE_MS);
  };
  goesOn();
  try {
    const response = await fetch(address, { credentials: "omit", signal: stop.signal });
    return { status: response.status, blob: response.ok ? await wholeClip(response, goesOn) : null };
  } finally {
    clearTimeout(patience);
  }
}

async function wholeClip(response, goesOn) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!type.startsWith("video/")) throw new TypeError(`not the clip but ${type}`); // a sign-in page of the network's
  const parts = [], reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type });
    parts.push(value);
    goesOn();
  }
}

const release = (pair) => Object.values(pair.videos).forEach((url) => URL.revokeObjectURL(url));
