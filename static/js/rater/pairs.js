// Pairs, loaded ahead of the one that is shown, clips and all: rating goes on for a while without a network.
import { call, persist } from "./connection.js";
import { language } from "./words.js";

const AHEAD = 3; // pairs beyond the one that is shown
const CLIP_TRIES = 5;

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
    const response = await fetch(address, { credentials: "omit" });
    if (response.ok) return { status: 200, blob: await response.blob() };
    tries += 1;
    return { status: tries < CLIP_TRIES ? response.status : 400, was: response.status };
  });
  if (answer.blob) return URL.createObjectURL(answer.blob);
  throw { reason: `${name} clip answered ${answer.was}`, pair };
}

const release = (pair) => Object.values(pair.videos).forEach((url) => URL.revokeObjectURL(url));
