// What a rater's browser tells the page: clicks on actions, the network, leaving and coming back.
import { setLost } from "./connection.js";

export function listen(actions, { visibility, online, isUnsafeToLeave }) {
  document.addEventListener("click", (event) => actions[event.target.closest("[data-action]")?.dataset.action]?.());
  document.addEventListener("visibilitychange", visibility);
  window.addEventListener("offline", () => setLost("offline"));
  window.addEventListener("online", online);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // the back button's old copy
  window.addEventListener("beforeunload", (event) => { if (isUnsafeToLeave()) event.preventDefault(); });
}
