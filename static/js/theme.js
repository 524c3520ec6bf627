// Sets the theme before the first paint: the reader's choice where there is one, the system's otherwise. Also
// says that scripts run. Loaded in the head without defer, since a page that first shows in the wrong colours
// flashes.
"use strict";
(() => {
  const KEY = "gaitmos-theme"; // "light", "dark", or nothing for the system's
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      const theme = localStorage.getItem(KEY);
      return theme === "light" || theme === "dark" ? theme : "auto";
    } catch {
      return "auto"; // storage may be forbidden; the page must still show
    }
  }

  function show() {
    const choice = chosen();
    document.documentElement.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }

  function choose(theme) {
    try {
      if (theme === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // without storage the choice lasts as long as the page does not change
    }
    show();
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  document.documentElement.classList.add("scripted");
  show();
  dark.addEventListener("change", () => {
    show();
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (button) choose(button.dataset.themeChoice);
  });
})();
