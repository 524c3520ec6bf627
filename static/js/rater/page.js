// Small things every part of a rater's page needs.
export const find = (selector, within = document) => within.querySelector(selector);
export const byId = (id) => document.getElementById(id);

// What screen readers say next; the live region is polite, so lines come in order.
export function announce(text) {
  const status = byId("status");
  if (status) status.textContent = text;
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
