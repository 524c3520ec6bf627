/* Draws a study's figures: "var:--token" in a figure becomes the token's present colour, in light and in dark. */
(() => {
  "use strict";
  const coloured = (value, style) => {
    if (typeof value === "string") return value.startsWith("var:") ? style.getPropertyValue(value.slice(4)).trim() : value;
    if (Array.isArray(value)) return value.map((each) => coloured(each, style));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, style)]));
    return value;
  };
  const draw = () => {
    const plots = JSON.parse(document.getElementById("plots").textContent);
    const style = getComputedStyle(document.documentElement);
    for (const place of document.querySelectorAll("[data-plot]")) {
      const { data, layout } = coloured(plots[place.dataset.plot], style);
      window.Plotly.react(place, data, layout, { displayModeBar: false, responsive: true });
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-download]");
    if (!button) return;
    const place = document.querySelector(`[data-plot="${button.dataset.of}"]`);
    window.Plotly.downloadImage(place, { format: button.dataset.download, filename: button.dataset.of, scale: 2 });
  });
  document.addEventListener("htmx:afterSwap", draw);
  document.addEventListener("themechange", draw);
  window.addEventListener("load", draw);
})();
