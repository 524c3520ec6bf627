// The builder: keeps what is typed on the server as a draft, and plays the preview. Without this script the form
// has a button that saves, and the preview is a picture.
"use strict";
(() => {
  const SAVE_AFTER_MS = 900;
  const TRY_AGAIN_MS = 5000;
  const GREY_MS = 1000;
  const LONGEST_MS = 4000; // of one part of the preview
  const form = document.querySelector("#form");
  const saved = document.querySelector("#saved");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  // --- the draft ---
  const SIGNED_OUT = "Not saved: you are signed out. Sign in in another tab and come back; what stands here stays.";
  const NO_ANSWER = "Not saved: no connection. It is tried again by itself; keep this page open.";
  const FAULT = "Not saved: the site failed just now. It is tried again by itself.";
  let timer = null;
  let savedAt = null;
  let saving = null;
  let failure = ""; // why the last try failed

  function texts() {
    const data = new FormData(form);
    data.delete("clips"); // a file is sent with the form alone
    return new URLSearchParams(data);
  }

  async function save() {
    window.clearTimeout(timer);
    await saving; // one after the other, or two would make two drafts
    saving = send().then((why) => {
      failure = why;
      if (failure) timer = window.setTimeout(save, TRY_AGAIN_MS);
      tell();
    });
    await saving;
  }

  // Returns why it was not saved, or "".
  async function send() {
    try {
      const answer = await fetch(saved.dataset.save, { method: "POST", body: texts(), redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 403) return SIGNED_OUT;
      if (!answer.ok) return FAULT;
      const kept = await answer.json();
      document.querySelector("#draft").value = kept.draft;
      window.history.replaceState(null, "", kept.address);
      savedAt = Date.now();
      return "";
    } catch {
      return NO_ANSWER;
    }
  }

  function tell() {
    saved.toggleAttribute("data-failed", failure !== "");
    if (failure && saved.textContent !== failure) {
      saved.setAttribute("role", "alert");
      saved.textContent = failure;
    }
    if (failure || savedAt === null) return;
    saved.removeAttribute("role"); // the time that passes is nothing to say aloud
    const seconds = Math.round((Date.now() - savedAt) / 1000);
    const ago = seconds < 2 ? "just now" : seconds < 60 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
    saved.textContent = `Saved ${ago}.`;
  }

  function touched(event) {
    if (event.target.name?.startsWith("preview_")) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(save, SAVE_AFTER_MS);
  }

  form.addEventListener("input", touched);
  form.addEventListener("change", touched);

  // While nothing can arrive, nothing is sent: the answer would be another page, without what was typed.
  const isCutOff = () => [SIGNED_OUT, NO_ANSWER].includes(failure);

  async function submitted(event) {
    window.clearTimeout(timer);
    if (!isCutOff()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    await save();
    if (isCutOff()) saved.scrollIntoView({ block: "center" });
    else form.requestSubmit(button);
  }
  form.addEventListener("submit", submitted, true); // before the upload begins
  window.addEventListener("beforeunload", (event) => { if (isCutOff()) event.preventDefault(); });
  window.setInterval(tell, 1000);

  // --- the questions that a template brings, as what stands in an empty field ---
  const words = JSON.parse(document.querySelector("#template-words").textContent);
  function placeholders() {
    const template = form.querySelector("[name=template]:checked")?.value ?? "naturalness";
    for (const [language, question] of Object.entries(words[template])) {
      const field = form.querySelector(language === "en" ? "[name=question]" : `[name=question_${language}]`);
      if (field) field.placeholder = question;
    }
  }
  form.addEventListener("change", placeholders);
  placeholders();

  // --- the preview: original, grey, changed; both at once; or one alone ---
  let turn = 0;

  function walk(stage, part) {
    const frames = Number(part === "original" ? stage.dataset.originalFrames : stage.dataset.frames);
    const moving = document.createElement("div");
    moving.className = "walking";
    moving.style.setProperty("--frames", Math.min(frames, 120));
    moving.style.backgroundImage = `url("${stage.dataset[`${part}Film`]}")`;
    return moving;
  }

  function clip(stage, part) {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, loop: true, autoplay: !calm.matches, src: stage.dataset[`${part}Clip`] });
    return video;
  }

  function show(stage, parts) {
    const make = stage.dataset.changedClip ? clip : walk;
    const walks = document.createElement("div");
    walks.className = "walks";
    walks.append(...parts.map((part) => make(stage, part)));
    stage.querySelector(".half, .walks")?.remove();
    stage.prepend(walks);
  }

  async function play(stage) {
    const mine = ++turn;
    const parts = stage.dataset.order.split(" ");
    if (parts.length === 1) return show(stage, parts[0] === "both" ? ["original", "changed"] : parts);
    const marks = stage.parentElement.querySelectorAll(".watched span");
    const tag = stage.querySelector(".tag");
    if (calm.matches) return show(stage, ["changed"]);
    while (mine === turn && stage.isConnected) {
      for (const [index, part] of parts.entries()) {
        show(stage, [part]);
        tag.textContent = part === "original" ? "Original walk" : "Changed walk";
        marks.forEach((mark, at) => mark.classList.toggle("now", at <= index));
        await pause(Math.min(LONGEST_MS, 2 * 40 * Number(stage.dataset.frames)));
        if (mine !== turn || !stage.isConnected) return;
        if (index + 1 < parts.length) {
          stage.querySelector(".walks").hidden = true;
          tag.textContent = "";
          stage.classList.add("grey");
          await pause(GREY_MS);
          stage.classList.remove("grey");
        }
      }
    }
  }

  const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  function start() {
    const stage = document.querySelector("#stage");
    if (stage) play(stage);
  }
  document.addEventListener("htmx:afterSettle", start);
  start();
})();
