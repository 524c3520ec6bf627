// Scores on their way: each waits on the device, under a key of its own, until the server has answered for it.
// One key a position, so that two tabs never write over each other's scores; the first one of a position stays.
import { call, persist } from "./connection.js";
import { store } from "./store.js";

export class Queue {
  constructor(rater) {
    this.rater = rater;
    this.start = `gaitmos-score-${rater}-`;
    this.sending = false;
    this.settled = () => {}; // called with each score and the server's answer
  }

  key = (position) => `${this.start}${position}`;

  // The scores that wait, in the order in which they were given.
  waiting() {
    const items = store.keys(this.start).map((key) => store.get(key));
    return items.filter(Boolean).sort((a, b) => a.at - b.at || a.position - b.position);
  }

  positions = () => this.waiting().map((item) => item.position);

  // Returns the score that was kept for this position before, or null.
  add(item) {
    const kept = store.get(this.key(item.position));
    if (!kept) store.set(this.key(item.position), { ...item, at: Date.now() });
    return kept?.score ?? null;
  }

  clear() {
    for (const key of store.keys(this.start)) store.remove(key);
  }

  // Another tab of this device has given or sent a score: its position, or null.
  positionOf(event) {
    return event.key?.startsWith(this.start) ? Number(event.key.slice(this.start.length)) : null;
  }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting().length) {
      const item = this.waiting()[0];
      const answer = await persist(() => this.put(item));
      store.remove(this.key(item.position));
      this.settled(item, answer);
    }
    this.sending = false;
  }

  put({ position, score, playback, presentation }) {
    const sent = { ...playback, sent_at: new Date().toISOString() }; // tells how far off this device's clock is
    return call("PUT", `raters/${this.rater}/presentations/${position}/rating`, { score, playback: sent, presentation });
  }
}
