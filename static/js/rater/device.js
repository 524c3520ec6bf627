// The device check: a small clip is fetched and played, the screen measured. Nothing but the findings is told.
import { byId, element } from "./page.js";
import { t } from "./words.js";

const LEAST_SCREEN = 320; // pixels
const SLOW = 40; // kilobytes a second: a 10 s clip then takes longer than it plays
const PATIENCE_MS = 8000;

// Resolves to what was found: `plays` is null where it is not known (no connection, no answer).
export async function checkDevice(address) {
  const list = byId("checks");
  list.replaceChildren(line(null, t("device.trying")));
  const loaded = await loadSample(address);
  const plays = loaded.url ? await playSample(loaded.url) : null;
  if (loaded.url) URL.revokeObjectURL(loaded.url);
  const large = Math.min(screen.width, screen.height) >= LEAST_SCREEN;
  const found = { plays, speed: loaded.speed, large };
  list.replaceChildren(...lines(found));
  return found;
}

function lines({ plays, speed, large }) {
  const connected = speed === null ? [false, t("device.offline")] : speed < SLOW ? [false, t("device.connection_slow")] : [true, t("device.connection")];
  const playing = plays === null ? [] : [line(plays, t(plays ? "device.plays" : "device.plays_not"))];
  return [...playing, line(large, t(large ? "device.screen" : "device.screen_small")), line(...connected)];
}

async function loadSample(address) {
  const start = performance.now();
  try {
    const response = await fetch(address, { cache: "no-store", credentials: "omit" });
    const blob = await response.blob();
    if (!response.ok) return { url: null, speed: null };
    const seconds = Math.max(performance.now() - start, 1) / 1000;
    return { url: URL.createObjectURL(blob), speed: Math.round(blob.size / 1000 / seconds) };
  } catch {
    return { url: null, speed: null };
  }
}

// True once a picture has moved, false on a format this browser can't play, null when neither happens in time.
function playSample(url) {
  const video = element("video", { muted: "", playsinline: "", preload: "auto" });
  video.muted = true;
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), PATIENCE_MS);
    video.addEventListener("error", () => resolve(false));
    video.addEventListener("timeupdate", () => video.currentTime > 0 && resolve(true));
    video.addEventListener("loadeddata", () => document.hidden && resolve(true)); // hidden pages play nothing
    video.src = url;
    video.play().catch((error) => error.name === "NotSupportedError" && resolve(false));
  }).finally(() => video.removeAttribute("src"));
}

function line(fine, text) {
  const item = element("li", fine === false ? { class: "not" } : {});
  if (fine !== null) item.innerHTML = `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${fine ? "m3 8.5 3.2 3.2L13 4.8" : "M8 2 1.8 13.5h12.4zM8 6.5v3.4M8 11.7v.1"}"/></svg>`;
  item.append(text);
  return item;
}
