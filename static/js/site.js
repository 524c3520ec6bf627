// What many pages share: copying, asking once, polling slowly when nobody looks, saying progress aloud.
"use strict";
(() => {
  const HIDDEN_POLL_MS = 10000;
  const announcer = () => document.getElementById("announcer");

  function say(text) {
    announcer().textContent = text;
  }

  // --- error summary: focused when the page comes back with errors ---
  document.addEventListener("DOMContentLoaded", () => document.querySelector("[data-focus]")?.focus());

  // --- copy: <button data-copy="text"> or data-copy-from="#id" ---
  async function copy(button) {
    const text = button.dataset.copy ?? document.querySelector(button.dataset.copyFrom).textContent.trim();
    const label = button.querySelector("[data-copy-label]") ?? button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(text);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Copying is not allowed here; select it instead"; // no secure context
    }
    say(label.textContent);
    window.setTimeout(() => (label.textContent = before), 2500);
  }

  // --- ask once: the first press changes the button's words, the second one sends the form ---
  function askOnce(event) {
    const button = event.submitter;
    if (!button?.dataset.ask || button.dataset.asked) return;
    // Nothing to confirm where a text is missing: the server says so in its own words.
    if ([...event.target.querySelectorAll("[required]")].some((input) => input.value === "")) return;
    event.preventDefault();
    const before = button.textContent;
    button.dataset.asked = "yes";
    button.textContent = button.dataset.ask;
    say(button.dataset.ask);
    const takeBack = () => {
      delete button.dataset.asked;
      button.textContent = before;
    };
    button.addEventListener("blur", takeBack, { once: true });
  }

  document.addEventListener("submit", askOnce);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-from]");
    if (button) copy(button);
  });

  // --- signed in anew in another tab: this page's forms go on with what that gave the browser ---
  function renewTokens() {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    if (token) document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
  }

  window.addEventListener("focus", renewTokens);
  document.addEventListener("submit", renewTokens, true); // before anybody reads the form

  // --- polling: every fragment polls at its own pace, but only each 10 s while the page is hidden ---
  const lastPoll = new WeakMap();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const fragment = event.target;
    if (!fragment.matches("[hx-trigger^='every']")) return;
    const since = performance.now() - (lastPoll.get(fragment) ?? -Infinity);
    if (document.hidden && since < HIDDEN_POLL_MS) event.preventDefault();
    else lastPoll.set(fragment, performance.now());
  });

  // --- progress: said aloud each 10 %, from whatever fragment carries data-percent ---
  let saidTenth = null;
  function sayProgress() {
    const bar = document.querySelector("[data-percent]");
    if (!bar) return;
    const tenth = Math.floor(Number(bar.dataset.percent) / 10);
    if (saidTenth !== null && tenth !== saidTenth) say(bar.dataset.said);
    saidTenth = tenth;
  }
  document.addEventListener("DOMContentLoaded", sayProgress);
  document.addEventListener("htmx:afterSettle", sayProgress);
})();
