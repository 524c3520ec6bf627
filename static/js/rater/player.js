// Plays the clips of a pair in turn, grey between them, and says when all were watched or one can't be.
// A hidden page pauses and shows that clip from its start again; reduced motion waits for Play before each clip.
import { Evidence } from "./evidence.js";
import { announce, byId, find } from "./page.js";
import { hint } from "./scale.js";
import { t } from "./words.js";

const STUCK_MS = 15000; // a loaded clip that has not moved for so long does not play here
const OPENING_MS = 3000; // to learn a clip's length
const MOST_RETRIES = 2; // of a clip that ended unwatched

const stage = find(".trial .stage");
const videos = Object.fromEntries([...document.querySelectorAll("video[data-clip]")].map((each) => [each.dataset.clip, each]));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export const player = {
  phase: "idle",
  evidence: null,
  allPlayed: () => {},
  failed: () => {}, // called with the reason
};
let names = [], index = 0, gapSeconds = 1, wasGrey = false, showing = false, timer = 0, watch = 0, focused = false, turn = 0;
const video = () => videos[names[index]];

// Shows a pair; `before` is its evidence where it was watched earlier, `title` and `said` what is announced with it.
export async function showClips(pair, { before, title, said }) {
  const mine = (turn += 1);
  names = Object.keys(pair.videos);
  showing = true;
  gapSeconds = pair.gap_seconds;
  player.evidence = new Evidence(names, before);
  for (const [name, each] of Object.entries(videos)) {
    if (pair.videos[name]) each.src = pair.videos[name];
    else each.removeAttribute("src");
    each.load();
    markWatched(name);
  }
  present(0);
  await Promise.all(names.map((name) => opened(videos[name])));
  if (mine !== turn) return;
  if (player.evidence.allWatched()) showLastFrame();
  else playClip(0, { title, said });
}

// Resolves when the clip's length is known; one that never opens is left to the watch for standstill.
function opened(each) {
  if (each.readyState >= HTMLMediaElement.HAVE_METADATA) return Promise.resolve();
  return new Promise((resolve) => {
    each.addEventListener("loadedmetadata", resolve, { once: true });
    setTimeout(resolve, OPENING_MS);
  });
}

// After a reload the pair was watched already: the scale is open at once.
function showLastFrame() {
  const last = videos[names.at(-1)];
  last.currentTime = Math.max(last.duration - 0.05, 0);
  present(names.length - 1);
  finish();
}

function present(which) {
  index = which;
  for (const [name, each] of Object.entries(videos)) each.classList.toggle("away", name !== names[index]);
  const tag = find(".tag", stage);
  tag.textContent = t(`clips.${names[index]}_walk`);
  tag.hidden = names.length === 1; // one walk alone needs no name
  stage.classList.remove("gap");
}

function playClip(which, { title = "", said = "" } = {}) {
  present(which);
  const clip = t(`clips.${names[index]}_walk`);
  const length = t("trial.seconds", { count: rounded(video().duration || 0) });
  announce(`${said}${title ? t("trial.begins", { title, clip, length }) : t("trial.clip", { clip })}`);
  if (byId("scale").disabled) hint(t(index === 0 ? "trial.opens_first" : "trial.opens_last"));
  video().currentTime = 0;
  if (document.hidden) setPhase("interrupted");
  else if (calm.matches) setPhase("asked");
  else run();
}

const rounded = (seconds) => Math.round(seconds * 10) / 10;

async function run() {
  setPhase("playing");
  player.evidence.begins();
  try {
    await video().play();
  } catch (error) {
    if (error.name === "NotAllowedError" && player.phase === "playing") setPhase("asked");
  }
}

function setPhase(phase) {
  player.phase = phase;
  clearTimeout(timer);
  clearTimeout(watch);
  if (phase === "playing") watchForStandstill();
  stage.classList.toggle("gap", phase === "gap");
  const wanted = { playing: "pause", paused: "play", asked: "play", done: "replay" }[phase];
  const buttons = [...stage.querySelectorAll("[data-action]")];
  focused ||= buttons.some((button) => button === document.activeElement);
  for (const button of buttons) button.hidden = button.dataset.action !== wanted;
  const button = buttons.find((each) => !each.hidden);
  if (button && focused) {
    button.focus();
    focused = false;
  }
  if (wanted === "play") find(".play span", stage).textContent = phase === "paused" ? t("trial.go_on") : t(`clips.play_${names[index]}`);
}

function watchForStandstill() {
  const before = video().currentTime;
  watch = setTimeout(() => {
    if (player.phase !== "playing") return;
    if (video().currentTime === before) player.failed(`${names[index]} clip does not move`);
    else watchForStandstill();
  }, STUCK_MS);
}

export function stop() {
  turn += 1;
  showing = false;
  setPhase("idle");
  for (const each of Object.values(videos)) each.pause();
}

export function togglePlay() {
  if (player.phase === "playing") {
    setPhase("paused");
    video().pause();
  } else if (player.phase === "paused" || player.phase === "asked") run();
}

export function replay() {
  if (player.phase !== "done") return;
  player.evidence.kept.replays += 1;
  playClip(0);
}

function clipEnded(name) {
  if (player.phase !== "playing" || names[index] !== name) return;
  const { evidence } = player;
  evidence.clipEnded(name, videos[name]);
  markWatched(name);
  if (!evidence.isWatched(name)) playAgain(name);
  else if (index + 1 < names.length) grey();
  else finish();
}

function playAgain(name) {
  player.evidence.kept.retries += 1;
  const fraction = player.evidence.kept.clips[name];
  if (player.evidence.kept.retries > MOST_RETRIES) player.failed(`only ${fraction} of the ${name} clip could be watched`);
  else playClip(index);
}

function grey() {
  setPhase("gap");
  hint(t("trial.next_clip"));
  timer = setTimeout(() => playClip(index + 1), gapSeconds * 1000);
}

function finish() {
  setPhase("done");
  player.allPlayed();
}

export function visibilityChanged() {
  if (document.hidden && ["playing", "gap"].includes(player.phase)) {
    wasGrey = player.phase === "gap";
    player.evidence.hides();
    setPhase("interrupted");
    video().pause();
  } else if (!document.hidden && player.phase === "interrupted") {
    player.evidence.shows();
    if (wasGrey) grey();
    else playClip(index);
    wasGrey = false;
  }
}

// The line under the clips: how much of each was watched.
function markWatched(name) {
  const line = find(`[data-watched="${name}"]`);
  line.hidden = !names.includes(name);
  if (line.hidden) return;
  const length = Number.isFinite(videos[name].duration) ? videos[name].duration : 0;
  const watched = player.evidence.isWatched(name);
  const fraction = watched ? 1 : length ? Math.min(videos[name].currentTime / length, 1) : 0;
  line.classList.toggle("is-watched", watched);
  find("span span", line).textContent = `${t(`clips.${name}`)} · ${told(watched, fraction, length)}`;
  find("progress", line).value = fraction;
}

function told(watched, fraction, length) {
  if (watched) return t("trial.watched");
  if (!length) return t("trial.loading");
  const places = { seconds: Math.round(fraction * length), length: rounded(length) };
  return t(fraction > 0 ? "trial.played" : "trial.length", places);
}

for (const [name, each] of Object.entries(videos)) {
  const current = () => names[index] === name && player.phase === "playing";
  each.addEventListener("timeupdate", () => player.evidence && markWatched(name));
  each.addEventListener("loadedmetadata", () => player.evidence && markWatched(name));
  each.addEventListener("ended", () => clipEnded(name));
  each.addEventListener("waiting", () => current() && player.evidence.waits());
  each.addEventListener("playing", () => current() && player.evidence.plays());
  each.addEventListener("error", () => {
    if (each.hasAttribute("src") && showing) player.failed(`${name} clip: ${each.error?.message || `error ${each.error?.code}`}`);
  });
}
window.addEventListener("blur", () => {
  if (["playing", "gap"].includes(player.phase)) player.evidence.kept.focus_losses += 1;
});
