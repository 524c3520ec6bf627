// Whose page this is, and what is kept of it on this device: the queue of scores and the pair that is being scored.
import { byId } from "./page.js";
import { Pairs } from "./pairs.js";
import { Queue } from "./queue.js";
import { store } from "./store.js";

const told = byId("main").dataset;
const draftKey = `gaitmos-draft-${told.rater}`;
export const { rater, expires } = told;
export const pairSeconds = Number(told.pairSeconds);
export const me = `raters/${rater}`;
export const queue = new Queue(rater);
export const pairs = new Pairs(rater);

// What was watched and chosen of a pair, so that a reload costs neither.
export const draft = {
  of(pair) {
    const kept = store.get(draftKey);
    return kept?.presentation === pair.presentation ? kept : null;
  },
  keep: ({ presentation }, evidence, score) => store.set(draftKey, { presentation, evidence, score }),
  drop: () => store.remove(draftKey),
};

export function forgetDevice() {
  queue.clear();
  draft.drop();
  const own = store.keys(`gaitmos-study-${told.study}-`).filter((key) => store.get(key)?.rater === rater);
  own.forEach((key) => store.remove(key));
}
