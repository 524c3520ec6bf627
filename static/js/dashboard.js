// Draws a study's figures. A string "var:--name" in a figure stands for that token's computed value, so that one
// figure serves light and dark. Plots stay in place while htmx swaps what is around them (hx-preserve).
"use strict";
(() => {
  const NARROW = 460; // px, below which every second view angle is named
  const ROOM = 6; // so many view angles have room even there
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

  // A phone has room for every second of many view angles and its walker, and for what a figure says of narrow places.
  function fitted(layout, narrow, width) {
    if (width >= NARROW) return layout;
    const found = merged(layout, narrow ?? {});
    const axis = found.xaxis;
    if (axis?.tickmode !== "array" || axis.type !== "linear" || axis.tickvals.length <= ROOM) return found;
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
    const { data, layout, page, narrow } = resolved(figure, style);
    const first = !target.classList.contains("js-plotly-plot");
    window.Plotly.react(target, data, fitted(merged(layout, page ?? {}), narrow, target.clientWidth), CONFIG);
    if (first && LINKED.includes(key)) link(key, target);
  }

  function figures() {
    const stored = ["plots", "depth-plots"].map((id) => document.getElementById(id)).filter(Boolean);
    return Object.assign({}, ...stored.map((each) => JSON.parse(each.textContent)));
  }

  function draw() {
    if (!window.Plotly) return;
    const style = getComputedStyle(document.documentElement);
    for (const [key, figure] of Object.entries(figures())) drawOne(key, figure, style);
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
    const page = document.getElementById("dash");
    opened = [...page.querySelectorAll("details[open]")].map((each) => each.id);
    focused = page.contains(document.activeElement) ? document.activeElement.id : null;
  }

  function restore() {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    draw();
    announce();
  }

  // --- new votes, said aloud, but not every few seconds ---
  const SILENCE_MS = 30000;
  let said = null;
  let saidAt = 0;

  function announce() {
    const now = document.getElementById("live")?.dataset.said;
    if (said !== null && now !== said && performance.now() - saidAt < SILENCE_MS) return;
    if (said !== null && now !== said) {
      document.getElementById("announcer").textContent = now;
      saidAt = performance.now();
    }
    said = now;
  }

  // --- a picture for elsewhere: with its own legend, on a ground, as wide as a wide page shows it ---
  const PICTURE_WIDTH = 720;

  function pictured(key) {
    const style = getComputedStyle(document.documentElement);
    const { data, layout } = resolved(figures()[key], style);
    const ground = style.getPropertyValue("--surface").trim();
    return { data, layout: { ...layout, width: PICTURE_WIDTH, paper_bgcolor: ground, plot_bgcolor: ground } };
  }

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", restore);
  document.addEventListener("themechange", draw);
  document.addEventListener("DOMContentLoaded", () => {
    draw();
    announce();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-picture]");
    if (!button) return;
    const { picture, of, name } = button.dataset;
    window.Plotly.downloadImage(pictured(of), { format: picture, filename: name, scale: 2, width: PICTURE_WIDTH, height: figures()[of].layout.height });
  });
})();
