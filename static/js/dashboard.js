// Draws a study's figures. A string "var:--name" in a figure stands for that token's computed value, so that one
// figure serves light and dark. Plots stay in place while htmx swaps what is around them (hx-preserve).
"use strict";
(() => {
  const NARROW = 460; // px, below which every second view angle is named
  const LINKED = ["mos-by-view-angle", "success-rate-by-view-angle"];
  const CONFIG = { displayModeBar: false, responsive: true };
  const place = (key) => document.getElementById(`plot-${key}`);

  // --- figures with tokens -> figures with values ---
  function resolved(value, style) {
    if (typeof value === "string") return value.startsWith("var:") ? style.getPropertyValue(value.slice(4)).trim() : value;
    if (Array.isArray(value)) return value.map((each) => resolved(each, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, style)]));
  }

  // A phone has room for every second view angle and its walker, and for what a figure says of narrow places.
  function fitted(layout, narrow, width) {
    if (width >= NARROW) return layout;
    const found = merged(layout, narrow ?? {});
    const axis = found.xaxis;
    if (axis?.tickmode !== "array" || axis.type !== "linear") return found;
    const kept = axis.tickvals.filter((_, index) => index % 2 === 0);
    found.xaxis = { ...axis, tickvals: kept, ticktext: axis.ticktext.filter((_, index) => index % 2 === 0) };
    found.shapes = found.shapes?.filter((shape) => shape.name !== "walker" || kept.includes(shape.xanchor));
    return found;
  }

  function merged(below, above) {
    const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
    const both = Object.entries(above).map(([key, each]) => [key, plain(each) && plain(below[key]) ? merged(below[key], each) : each]);
    return { ...below, ...Object.fromEntries(both) };
  }

  function drawOne(key, figure, style) {
    const target = place(key);
    if (!target) return;
    const { data, layout, narrow } = resolved(figure, style);
    const first = !target.classList.contains("js-plotly-plot");
    window.Plotly.react(target, data, fitted(layout, narrow, target.clientWidth), CONFIG);
    if (first && LINKED.includes(key)) link(key, target);
  }

  function draw() {
    const stored = document.getElementById("plots");
    if (!stored || !window.Plotly) return;
    const style = getComputedStyle(document.documentElement);
    for (const [key, figure] of Object.entries(JSON.parse(stored.textContent))) drawOne(key, figure, style);
  }

  // --- pointing at a view angle in one answer points at it in the other ---
  let linking = false;

  function link(key, target) {
    const other = () => place(LINKED.find((each) => each !== key));
    const quietly = (work) => {
      if (linking || !other()?.data) return;
      linking = true;
      try {
        work(other());
      } finally {
        linking = false;
      }
    };
    target.on("plotly_hover", (event) => {
      const angle = event.points[0].customdata;
      quietly((twin) => window.Plotly.Fx.hover(twin, pointsAt(twin, angle)));
    });
    target.on("plotly_unhover", () => quietly((twin) => window.Plotly.Fx.hover(twin, [])));
  }

  function pointsAt(target, angle) {
    return target.data.flatMap((trace, curveNumber) => {
      const pointNumber = (trace.customdata ?? []).indexOf(angle);
      return pointNumber < 0 ? [] : [{ curveNumber, pointNumber }];
    });
  }

  // --- what a swap must not take away: open tables and the focus ---
  let opened = [];
  let focused = null;

  function remember() {
    opened = [...document.querySelectorAll("#live details[open]")].map((each) => each.id);
    focused = document.activeElement?.closest("#live")?.contains(document.activeElement) ? document.activeElement.id : null;
  }

  function restore() {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    draw();
  }

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", restore);
  document.addEventListener("themechange", draw);
  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-picture]");
    if (!button) return;
    const { picture, of, name } = button.dataset;
    window.Plotly.downloadImage(place(of), { format: picture, filename: name, scale: 2 });
  });
})();
