// Sends a chosen archive in parts before its form is submitted. After a lost connection, or when the same file is
// chosen again, it goes on where it stood. Without this script the form sends the file whole.
"use strict";
(() => {
  const form = document.querySelector("form[data-uploads]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const token = form.querySelector("input[name=upload]");
  const panel = form.querySelector("[data-upload]");
  const bar = panel.querySelector("progress");
  const says = panel.querySelector("[data-upload-says]");
  const LONGEST_PAUSE = 30_000; // ms between tries
  let sending = false;

  class Refused extends Error {}

  const fingerprint = (file) => `${file.lastModified}-${file.size}`;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const shown = (bytes) =>
    bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;

  function show(received, size, words, refused = false) {
    panel.hidden = false;
    bar.hidden = refused;
    panel.classList.toggle("err", refused);
    says.setAttribute("role", refused ? "alert" : "status");
    bar.value = (100 * received) / size;
    says.textContent = words || `${shown(received)} of ${shown(size)} sent. Keep this page open.`;
  }

  async function ask(address, options) {
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, ...options.headers };
    const answer = await fetch(address, { ...options, headers, redirect: "manual" });
    if (answer.type === "opaqueredirect") throw new Refused("You are no longer signed in. What was sent is kept: sign in in another tab, then press the button again.");
    const said = await answer.json().catch(() => null); // something between may answer in its own way
    if (answer.status === 409 && said) return said;
    if (answer.status >= 400 && answer.status < 500) throw new Refused(said?.detail || "The upload was refused.");
    if (!answer.ok || !said) throw new Error("not now");
    return said;
  }

  // Repeats until it is answered; only a refusal ends it.
  async function insist(work, file, received) {
    for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof Refused) throw error;
        show(received, file.size, "The connection is lost. What was sent is kept; trying again.");
        await pause(wait);
      }
    }
  }

  async function send(file) {
    const about = JSON.stringify({ name: file.name, size: file.size, fingerprint: fingerprint(file) });
    const begun = await insist(() => ask(form.dataset.uploads, { method: "POST", body: about }), file, 0);
    const address = `${form.dataset.uploads}${begun.upload}/`;
    let received = begun.received;
    while (received < file.size) {
      show(received, file.size);
      const options = {
        method: "PATCH",
        headers: { "Upload-Offset": String(received), "Content-Type": "application/octet-stream" },
        body: file.slice(received, received + begun.part_bytes),
      };
      received = (await insist(() => ask(address, options), file, received)).received;
    }
    show(file.size, file.size, "Sent. One moment …");
    return begun.upload;
  }

  form.addEventListener("submit", async (event) => {
    const file = input.files[0];
    if (sending) return event.preventDefault(); // pressed again meanwhile
    if (!file) return;
    event.preventDefault();
    sending = true;
    const button = event.submitter; // which of several decides what becomes of the form
    try {
      token.value = await send(file);
      input.value = "";
      sending = false;
      form.requestSubmit(button);
    } catch (error) {
      show(0, 1, error.message, true);
    } finally {
      sending = false;
    }
  });

  window.addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });
})();
