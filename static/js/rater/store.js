// What stays on the device: localStorage where it is allowed (it may not be in another site's frame), memory else.
const memory = new Map();

export const store = {
  lasting: true, // false once something could not be written: leaving the page then asks first
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? memory.get(key) ?? null;
    } catch {
      return memory.get(key) ?? null;
    }
  },
  set(key, value) {
    memory.set(key, value);
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      this.lasting = false;
    }
  },
  keys(start) {
    const kept = [...memory.keys()];
    try {
      kept.push(...Object.keys(localStorage));
    } catch {
      // memory is all there is
    }
    return [...new Set(kept)].filter((key) => key.startsWith(start));
  },
  remove(key) {
    memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      this.lasting = false;
    }
  },
};
