// Plays a walk, or an original beside what became of it, from pictures of all frames: links with data-film.
// Without this script the link shows the frames side by side.
"use strict";
(() => {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function walk(address, { cells, seconds }, caption) {
    const moving = element("div", { class: "walking", role: "img", "aria-label": caption });
    moving.style.setProperty("--cells", cells);
    moving.style.setProperty("--seconds", seconds);
    moving.style.backgroundImage = `url("${address}")`;
    return element("figure", {}, moving, element("figcaption", {}, caption));
  }

  function player(link) {
    const { title, frames, cells, rate, film, pair, synthetic } = link.dataset;
    const played = { cells, seconds: frames / rate };
    const walks = element("div", { class: "walks" }, walk(link.href, played, pair ? "Original" : `${frames} frames`));
    if (pair) walks.append(walk(pair, played, film || "Changed"));
    const toggle = element("button", { class: "btn", type: "button" }, "Pause");
    const close = element("button", { class: "btn quiet", type: "button" }, "Close");
    const dialog = element(
      "dialog",
      { class: "player", "aria-label": title },
      element("header", {}, element("h2", {}, title), close),
      walks,
      element("footer", {}, element("span", {}, `${Number(rate)} frames a second${synthetic === undefined ? "" : " · synthetic walkers"}`), toggle),
    );
    const pause = (paused) => {
      dialog.classList.toggle("paused", paused);
      toggle.textContent = paused ? "Play" : "Pause";
    };
    pause(calm.matches);
    toggle.addEventListener("click", () => pause(!dialog.classList.contains("paused")));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    return dialog;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-film]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const dialog = player(link);
    document.body.append(dialog);
    dialog.showModal();
  });
})();
