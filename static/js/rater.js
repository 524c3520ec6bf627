// What a rater's browser does: consent on the way in, then pairs watched and scored, whatever the connection does.
// Pairs are loaded three ahead, scores wait in a queue on the device until the server has them, and a reload
// loses nothing. Every call goes to the API; the rater's token is the only credential.
"use strict";
(() => {
const AHEAD = 3; // pairs loaded beyond the one that is shown
const WATCHED = 0.95; // of each clip, before the scale opens
const STUCK_MS = 15000; // a loaded clip that has not moved for so long does not play here
const STALL_MS = 250;
const OFFLINE = "You’re offline.";
const BUSY = "The study doesn’t answer right now.";
const NAMES = { original: "Original", changed: "Changed" };

const main = document.getElementById("main");
const find = (selector, within = document) => within.querySelector(selector);
const status = document.getElementById("status");
const announce = (text) => { if (status) status.textContent = text; };
const plural = (count, one, many) => (count === 1 ? `1 ${one}` : `${count} ${many}`);
const seconds = (length) => plural(Math.round(length * 10) / 10, "second", "seconds");

/* ---------- what stays on the device ---------- */
const memory = new Map();
const store = {
  lasting: true,
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? memory.get(key) ?? null;
    } catch {
      return memory.get(key) ?? null;
    }
  },
  set(key, value) {
    memory.set(key, value);
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      this.lasting = false; // forbidden or full: leaving the page now asks first
    }
  },
  keys(start) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(start));
    } catch {
      return [...memory.keys()].filter((key) => key.startsWith(start));
    }
  },
  remove(key) {
    memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      this.lasting = false;
    }
  },
};

/* ---------- calls that wait for the connection ---------- */
const connection = { lost: "", owes: false, changed: () => {} }; // owes: to say that all scores are sent

function setLost(lost) {
  if (connection.lost === lost) return;
  connection.lost = lost; // "", or what to tell the rater
  connection.owes = lost !== "" || (connection.owes && queue().length > 0);
  connection.changed();
}

async function call(method, path, body) {
  const response = await fetch(`/api/v1/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
    keepalive: method === "PUT", // a score is on its way even if the page is closed now
    signal: AbortSignal.timeout?.(30000),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

// Waits so long, or until the browser says that it is online again.
function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
  });
}

// Tries until there is an answer that is not "try again later".
async function persist(attempt) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 15000)) {
    try {
      const answer = await attempt();
      if (answer.status < 500 && answer.status !== 429) {
        setLost("");
        return answer;
      }
      setLost(BUSY);
    } catch {
      setLost(OFFLINE); // no network, or an answer that broke off
    }
    await pause(wait);
  }
}

/* ---------- the way in ---------- */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function startPage() {
  const query = new URLSearchParams(location.search);
  const external = query.get("PROLIFIC_PID") || query.get("workerId") || undefined;
  const session = query.get("SESSION_ID") || query.get("assignmentId") || undefined;
  const key = `gaitmos-study-${main.dataset.study}-${external ?? ""}`;
  if (main.dataset.study && store.get(key)?.rater) await resume(key);
  if (main.dataset.state === "open") wayIn(key, { external_id: external, session_id: session });
}

// Who began on this device goes on where they stopped.
async function resume(key) {
  const address = `/r/${store.get(key).rater}/`;
  const link = document.getElementById("resume");
  find("a", link).href = address;
  try {
    const answer = await call("GET", `raters/${store.get(key).rater}`);
    if (answer.status === 200) location.replace(address);
    else if (answer.status === 404) store.remove(key);
  } catch {
    link.hidden = false;
  }
}

function wayIn(key, platform) {
  checkDevice();
  const form = document.getElementById("consent");
  const box = document.getElementById("agree");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (needsTick(box)) return;
    enrol(key, form, platform);
  });
  box.addEventListener("change", () => box.checked && needsTick(box));
}

function needsTick(box) {
  const error = document.getElementById("agree-error");
  error.hidden = box.checked;
  error.textContent = box.checked ? "" : "Please tick the box first: without your agreement nothing can be kept.";
  box.toggleAttribute("aria-invalid", false);
  if (!box.checked) {
    box.setAttribute("aria-invalid", "true");
    box.focus();
  }
  return !box.checked;
}

async function enrol(key, form, platform) {
  const refusal = document.getElementById("refusal");
  const kept = store.get(key) ?? { key: randomKey() };
  store.set(key, kept); // before the call: a lost answer must not cost a second seat
  refusal.hidden = true;
  find("button", form).setAttribute("aria-busy", "true");
  try {
    const answer = await call("POST", `studies/${main.dataset.study}/raters`, {
      consent: true,
      consent_version: form.dataset.version,
      idempotency_key: kept.key,
      locale: navigator.language?.slice(0, 16),
      device: { width: screen.width, height: screen.height, pixel_ratio: devicePixelRatio, touch: navigator.maxTouchPoints > 0 },
      ...platform,
    });
    if (answer.status === 200 || answer.status === 201) {
      store.set(key, { ...kept, rater: answer.body.rater });
      location.replace(`/r/${answer.body.rater}/`);
      return;
    }
    find("span", refusal).textContent = answer.body?.detail ?? "That did not work. Please try again in a moment.";
  } catch {
    find("span", refusal).textContent = "You’re offline. Nothing is lost: please press Start again when you’re back.";
  }
  find("button", form).removeAttribute("aria-busy");
  refusal.hidden = false;
}

function checkDevice() {
  const video = document.createElement("video");
  const plays = Boolean(video.canPlayType?.('video/mp4; codecs="avc1.4D401E"'));
  const large = Math.min(screen.width, screen.height) >= 320;
  const checks = [
    [plays, "Video plays here", "This browser can’t play the clips. Please try another one."],
    [large, "Screen is large enough", "This screen is small. A larger one shows the walks better."],
    [navigator.onLine, "You’re online", "You’re offline. Please connect before you start."],
  ];
  document.getElementById("checks").replaceChildren(...checks.map(([fine, good, bad]) => {
    const item = document.createElement("li");
    item.classList.toggle("not", !fine);
    item.innerHTML = `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${fine ? "m3 8.5 3.2 3.2L13 4.8" : "M8 2 1.8 13.5h12.4zM8 6.5v3.4M8 11.7v.1"}"/></svg>`;
    item.append(fine ? good : bad);
    return item;
  }));
}

/* ---------- rating: what is to do, what is kept ---------- */
const rater = main.dataset.rater;
const queueKey = `gaitmos-queue-${rater}`;
const draftKey = `gaitmos-draft-${rater}`;
const queue = () => store.get(queueKey) ?? [];
const me = (path = "") => `raters/${rater}${path}`;
let total = 0, saved = 0, todo = []; // how many pairs; scores at the server; positions without a score
let shown = null; // the pair on the screen
let sending = false, finishing = false, turn = 0;

async function ratePage() {
  prepareControls();
  view("loading");
  const answer = await persist(() => call("GET", me()));
  if (answer.status !== 200) return gone();
  takeProgress(answer.body);
  flush();
  document.getElementById("help-open").hidden = false;
  if (!todo.length) return finish();
  loadAhead();
  if (saved + queue().length === 0) view("instructions");
  else welcomeBack();
}

function takeProgress(progress) {
  const queued = queue().map((item) => item.position);
  total = progress.presentations;
  saved = progress.rated;
  todo = progress.remaining.filter((position) => !queued.includes(position));
  showProgress();
}

function welcomeBack() {
  const minutes = Math.ceil((todo.length * Number(main.dataset.pairSeconds)) / 60);
  const section = find('[data-view="welcome"]');
  const waiting = queue().length ? ` ${plural(queue().length, "more is", "more are")} being sent.` : "";
  const kept = `${saved} of ${plural(total, "score is", "scores are")} saved.${waiting}`;
  find("[data-text]", section).textContent = `${kept} About ${plural(minutes, "minute is", "minutes are")} left.`;
  announce(`Welcome back. ${kept}`);
  Object.assign(find("progress", section), { max: total, value: saved });
  find("button", section).textContent = `Go on with pair ${todo[0]}`;
  view("welcome");
}

function showProgress() {
  const done = total - todo.length;
  const bar = document.getElementById("progress");
  find("span", bar).textContent = `${Math.min(shown?.position ?? done + 1, total)} of ${total}`;
  Object.assign(find("progress", bar), { max: Math.max(total, 1), value: done });
  find("progress", bar).setAttribute("aria-label", `${done} of ${total} pairs rated`);
  find('#foot [data-text="saved"]').textContent = plural(saved, "score saved", "scores saved");
}

/* ---------- views ---------- */
let viewed = "";
function view(name, focus = true) {
  viewed = name;
  for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== name;
  document.getElementById("progress").hidden = ["done", "withdrawn", "gone", "instructions", "welcome"].includes(name) || !total;
  document.getElementById("foot").hidden = ["done", "withdrawn", "gone"].includes(name) || !total;
  const heading = find(`[data-view="${name}"] h1`);
  document.title = `${heading.textContent} · GaitMOS`;
  if (focus) heading.focus({ preventScroll: name === "trial" });
}

function gone() {
  if (viewed === "withdrawn") return;
  forget();
  view("gone");
}

function forget() {
  stop();
  turn += 1;
  todo = [];
  store.remove(queueKey);
  store.remove(draftKey);
  for (const key of store.keys(`gaitmos-study-${main.dataset.study}-`)) if (store.get(key)?.rater === rater) store.remove(key);
  document.getElementById("connection").hidden = true;
}

function notice(text) {
  const banner = document.getElementById("notice");
  banner.hidden = !text;
  find("span", banner).textContent = text;
}

let sentTimer = 0;
connection.changed = () => showConnection();
function showConnection(sent = false) {
  const banner = document.getElementById("connection");
  if (!banner) return;
  const count = queue().length;
  const kept = count ? ` ${plural(count, "score is", "scores are")} kept on this device and will be sent when ${connection.lost === BUSY ? "it’s" : "you’re"} back.` : " Nothing is lost.";
  clearTimeout(sentTimer);
  banner.hidden = !connection.lost && !sent;
  banner.classList.toggle("good", sent);
  find("span", banner).textContent = sent ? "All scores sent." : `${connection.lost}${kept}`;
  if (sent) sentTimer = setTimeout(() => { banner.hidden = true; }, 4000);
  if (viewed === "loading" && connection.lost && total) view("waiting");
}

/* ---------- pairs, loaded ahead ---------- */
const loader = new Map(); // position -> {promise, done}

function load(position) {
  if (!loader.has(position)) {
    const entry = { done: false };
    entry.promise = fetchPair(position);
    entry.promise.then(() => { entry.done = true; }, () => { entry.done = true; });
    loader.set(position, entry);
  }
  return loader.get(position);
}

function loadAhead() {
  for (const position of todo.slice(0, AHEAD + 1)) load(position);
}

async function fetchPair(position) {
  const answer = await persist(() => call("GET", me(`/presentations/${position}`)));
  if (answer.status !== 200) throw { status: answer.status };
  const pair = { ...answer.body, videos: {} };
  for (const [name, address] of Object.entries(pair.clips)) pair.videos[name] = await fetchClip(pair, name, address);
  return pair;
}

async function fetchClip(pair, name, address) {
  let failures = 0;
  const answer = await persist(async () => {
    const response = await fetch(address, { credentials: "omit" });
    if (response.ok) return { status: 200, blob: await response.blob() };
    failures += 1;
    return { status: failures > 4 ? 400 : response.status, was: response.status };
  });
  if (answer.blob) return URL.createObjectURL(answer.blob);
  throw { reason: `${name} clip answered ${answer.was}`, pair };
}

function drop(position) {
  loader.get(position)?.promise.then((pair) => Object.values(pair.videos).forEach((url) => URL.revokeObjectURL(url)), () => {});
  loader.delete(position);
}

async function nextPair(said = "") {
  const mine = (turn += 1);
  shown = null;
  if (!todo.length) return finish();
  loadAhead();
  const position = todo[0];
  const entry = load(position);
  if (!entry.done) view(connection.lost ? "waiting" : "loading");
  try {
    const pair = await entry.promise;
    if (mine === turn) showPair(pair, said);
  } catch (problem) {
    if (mine !== turn) return;
    if (problem.status === 404) return reconsider();
    shown = problem.pair ?? { position };
    cannotPlay(problem.reason ?? "could not be loaded");
  }
}

// A pair is not there any more: the server knows what is.
async function reconsider() {
  const answer = await persist(() => call("GET", me()));
  if (answer.status !== 200) return gone();
  loader.clear();
  takeProgress(answer.body);
  return nextPair();
}

/* ---------- playing ---------- */
const videos = Object.fromEntries([...document.querySelectorAll("video[data-clip]")].map((video) => [video.dataset.clip, video]));
const stage = find(".trial .stage");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const player = { phase: "idle", names: [], index: 0, timer: 0, watch: 0, evidence: null, focused: false };

async function showPair(pair, said) {
  const mine = turn;
  shown = pair;
  const draft = store.get(draftKey);
  const again = draft?.presentation === pair.presentation ? draft : null;
  player.names = Object.keys(pair.videos);
  player.evidence = again?.evidence ?? { clips: {}, stalls: 0, replays: 0, interruptions: 0, retries: 0, started_at: null };
  for (const [name, video] of Object.entries(videos)) {
    if (pair.videos[name]) video.src = pair.videos[name];
    else video.removeAttribute("src");
    video.load();
    markWatched(name);
  }
  find("h1", find('[data-view="trial"]')).textContent = `${pair.training ? "Practice pair" : "Pair"} ${pair.position} of ${total}`;
  drawScale(pair);
  showProgress();
  present(0);
  view("trial");
  window.scrollTo(0, 0);
  await Promise.all(player.names.map((name) => opened(videos[name])));
  if (mine !== turn) return;
  if (again && isWatched()) showLastFrame(again.score);
  else playClip(0, `${said}Pair ${pair.position} of ${total}. `);
}

// Resolves when the clip's length is known; one that never opens is left to the watch for standstill.
function opened(video) {
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) return Promise.resolve();
  return new Promise((resolve) => {
    video.addEventListener("loadedmetadata", resolve, { once: true });
    setTimeout(resolve, 3000);
  });
}

// After a reload the pair was watched already: the scale is open, with the choice that was made.
function showLastFrame(score) {
  const last = videos[player.names.at(-1)];
  last.currentTime = Math.max(last.duration - 0.05, 0);
  present(player.names.length - 1);
  bothPlayed();
  if (score) choose(score);
}

function present(index) {
  const name = player.names[index];
  player.index = index;
  for (const [other, video] of Object.entries(videos)) video.classList.toggle("away", other !== name);
  find(".tag", stage).textContent = `${NAMES[name]} walk`;
  stage.classList.remove("gap");
}

function playClip(index, said = "") {
  present(index);
  const name = player.names[index];
  const video = videos[name];
  const length = index === 0 && Number.isFinite(video.duration) ? `, ${seconds(video.duration)}` : "";
  announce(`${said}${NAMES[name]} walk${length}.`);
  if (scale.disabled) hint(index === 0 ? "Opens when both walks have played." : "Opens when the changed walk has played.");
  video.currentTime = 0;
  if (document.hidden) setPhase("interrupted");
  else if (calm.matches) setPhase("asked");
  else run();
}

async function run() {
  const video = videos[player.names[player.index]];
  setPhase("playing");
  player.evidence.started_at ??= new Date().toISOString();
  try {
    await video.play();
  } catch (error) {
    if (error.name === "NotAllowedError" && player.phase === "playing") setPhase("asked");
  }
}

function setPhase(phase) {
  player.phase = phase;
  clearTimeout(player.timer);
  clearTimeout(player.watch);
  if (phase === "playing") watchForStandstill();
  stage.classList.toggle("gap", phase === "gap");
  const wanted = { playing: "pause", paused: "play", asked: "play", done: "replay" }[phase];
  const buttons = [...stage.querySelectorAll("[data-action]")];
  player.focused ||= buttons.some((button) => button === document.activeElement);
  for (const button of buttons) button.hidden = button.dataset.action !== wanted;
  const button = buttons.find((each) => !each.hidden);
  if (button && player.focused) {
    button.focus();
    player.focused = false;
  }
  if (wanted === "play") find(".play span", stage).textContent = phase === "paused" ? "Go on" : `Play the ${player.names[player.index]} walk`;
}

function watchForStandstill() {
  const video = videos[player.names[player.index]];
  const before = video.currentTime;
  player.watch = setTimeout(() => {
    if (player.phase !== "playing") return;
    if (video.currentTime === before) cannotPlay(`${player.names[player.index]} clip does not move`);
    else watchForStandstill();
  }, STUCK_MS);
}

function stop() {
  setPhase("idle");
  for (const video of Object.values(videos)) video.pause();
}

function togglePlay() {
  const video = videos[player.names[player.index]];
  if (player.phase === "playing") {
    setPhase("paused");
    video.pause();
  } else if (player.phase === "paused" || player.phase === "asked") run();
}

function replay() {
  if (player.phase !== "done") return;
  player.evidence.replays += 1;
  keepDraft();
  playClip(0);
}

function watchedFraction(video) {
  let sum = 0;
  for (let part = 0; part < video.played.length; part += 1) sum += video.played.end(part) - video.played.start(part);
  return video.duration ? Math.min(sum / video.duration, 1) : 0;
}

const isWatched = () => player.names.length > 0 && player.names.every((name) => player.evidence.clips[name] >= WATCHED);

function markWatched(name) {
  const video = videos[name];
  const line = find(`[data-watched="${name}"]`);
  line.hidden = !player.names.includes(name);
  const kept = player.evidence?.clips[name] ?? 0;
  const length = Number.isFinite(video.duration) ? video.duration : 0;
  const fraction = Math.max(kept, length ? Math.min(video.currentTime / length, 1) : 0);
  line.classList.toggle("is-watched", kept >= WATCHED);
  const told = kept >= WATCHED ? "watched" : fraction > 0 ? `${Math.round(fraction * length)} of ${Math.round(length * 10) / 10} s` : length ? `${Math.round(length * 10) / 10} s` : "loading";
  find("span span", line).textContent = `${NAMES[name]} · ${told}`;
  find("progress", line).value = kept >= WATCHED ? 1 : fraction;
}

function clipEnded(name) {
  if (player.phase !== "playing" || player.names[player.index] !== name) return;
  player.waitingSince = 0;
  const { clips } = player.evidence;
  clips[name] = Math.max(clips[name] ?? 0, Math.round(watchedFraction(videos[name]) * 1000) / 1000);
  markWatched(name);
  if (clips[name] < WATCHED) {
    player.evidence.retries += 1;
    if (player.evidence.retries > 2) cannotPlay(`only ${clips[name]} of the ${name} clip could be watched`);
    else playClip(player.index);
  } else if (player.index + 1 < player.names.length) grey();
  else bothPlayed();
}

// Browsers report a short wait at a clip's end as well; only what an eye would notice is a stall.
function countStall() {
  if (player.waitingSince && performance.now() - player.waitingSince > STALL_MS) player.evidence.stalls += 1;
  player.waitingSince = 0;
}

function grey() {
  setPhase("gap");
  hint(`Next: the ${player.names[player.index + 1]} walk.`);
  player.timer = setTimeout(() => playClip(player.index + 1), shown.gap_seconds * 1000);
}

function bothPlayed() {
  setPhase("done");
  openScale();
  keepDraft();
}

function visibilityChanged() {
  if (viewed !== "trial") return;
  if (document.hidden && ["playing", "gap"].includes(player.phase)) {
    player.wasGrey = player.phase === "gap";
    player.evidence.interruptions += 1;
    setPhase("interrupted");
    videos[player.names[player.index]].pause();
  } else if (!document.hidden && player.phase === "interrupted") {
    if (player.wasGrey) grey();
    else playClip(player.index);
    player.wasGrey = false;
  }
}

/* ---------- the scale ---------- */
const form = document.getElementById("score");
const scale = find(".scale");
const chosen = () => Number(find("input:checked", scale)?.value) || null;
const hint = (text) => { document.getElementById("scale-hint").textContent = text; };
const label = (score) => shown.scale.find((entry) => entry.score === score).label.toLowerCase();

function drawScale(pair) {
  document.getElementById("question").textContent = pair.question;
  find("legend", scale).textContent = pair.question;
  for (const old of scale.querySelectorAll("label")) old.remove();
  for (const { score, label: text } of pair.scale) {
    const choice = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "score", value: score });
    const digit = Object.assign(document.createElement("b"), { textContent: score });
    choice.append(input, digit, Object.assign(document.createElement("span"), { textContent: text }));
    scale.append(choice);
  }
  scale.disabled = true;
  scale.classList.add("closed");
  saveButton().setAttribute("aria-disabled", "true");
}

const saveButton = () => find('[type="submit"]', form);

function openScale() {
  const [first, last] = [shown.scale[0], shown.scale.at(-1)];
  scale.disabled = false;
  scale.classList.remove("closed");
  const range = `${first.score} ${first.label.toLowerCase()} to ${last.score} ${last.label.toLowerCase()}`;
  if (!chosen()) hint(`Choose from ${range}.`);
  announce(`Both have played. Choose ${range}.`);
}

function choose(score, focus = false) {
  const input = find(`input[value="${score}"]`, scale);
  if (scale.disabled || !input) return;
  input.checked = true;
  if (focus) input.focus();
  saveButton().setAttribute("aria-disabled", "false");
  hint("It can be changed until it is saved.");
  keepDraft();
  announce(`${score}, ${label(score)}, chosen. Enter saves.`);
}

function keepDraft() {
  store.set(draftKey, { presentation: shown.presentation, evidence: player.evidence, score: chosen() });
}

function save() {
  if (viewed !== "trial" || scale.disabled) return;
  const score = chosen();
  if (!score) {
    hint("Choose a score first.");
    announce("Choose a score first.");
    return;
  }
  const { clips, ...rest } = player.evidence;
  const playback = { ...rest, clips, watched_fraction: Math.min(...Object.values(clips)) };
  const { position } = shown;
  store.set(queueKey, [...queue().filter((item) => item.position !== position), { position, score, playback }]);
  store.remove(draftKey);
  stop();
  notice("");
  todo = todo.filter((other) => other !== position);
  drop(position);
  if (connection.lost) showConnection();
  flush();
  nextPair("Saved. ");
}

/* ---------- scores on their way to the server ---------- */
async function flush() {
  if (sending) return;
  sending = true;
  while (queue().length) {
    const item = queue()[0];
    const { score, playback } = item;
    const answer = await persist(() => call("PUT", me(`/presentations/${item.position}/rating`), { score, playback }));
    store.set(queueKey, queue().filter((other) => other.position !== item.position));
    settle(item, answer);
  }
  sending = false;
  if (connection.owes && !connection.lost) showConnection(true);
  connection.owes = connection.lost !== "";
  if (finishing) finish();
}

function settle(item, answer) {
  if (answer.status === 404) return gone();
  if (answer.status === 200 || answer.status === 201) saved += 1;
  else if (answer.status === 409 && answer.body?.kept) {
    saved += 1;
    notice(`Pair ${item.position} was saved before with ${answer.body.kept}. That score stays.`);
  } else {
    notice(`The score for pair ${item.position} was not taken: ${answer.body?.detail ?? "please watch it again"} The pair comes once more.`);
    todo = [...todo, item.position];
  }
  if (connection.lost) showConnection();
  return showProgress();
}

// The last page appears only when the server has everything.
async function finish() {
  finishing = true;
  if (viewed !== "loading" && viewed !== "waiting") view(connection.lost ? "waiting" : "loading");
  if (sending || queue().length) return;
  finishing = false;
  const answer = await persist(() => call("GET", me()));
  if (answer.status !== 200) return gone();
  takeProgress(answer.body);
  if (todo.length) return nextPair();
  const section = find('[data-view="done"]');
  find("[data-text]", section).textContent = `All ${plural(saved, "score has", "scores have")} arrived.`.replace("All 1", "Your");
  const code = find(".code", section);
  code.textContent = answer.body.completion_code ?? "";
  code.hidden = document.getElementById("code-label").hidden = !answer.body.completion_code;
  return view("done");
}

/* ---------- clips that won't play ---------- */
async function cannotPlay(reason) {
  const { position, presentation } = shown;
  const mine = (turn += 1);
  stop();
  store.remove(draftKey);
  drop(position);
  view("loading");
  const answer = await persist(() => call("POST", me(`/presentations/${position}/problem`), { reason: String(reason).slice(0, 200), presentation }));
  if (mine !== turn) return;
  if (answer.status === 404) return reconsider();
  const replaced = answer.status === 200;
  if (replaced) load(position);
  else todo = todo.filter((other) => other !== position);
  const section = find('[data-view="trouble"]');
  find("[data-text]", section).textContent = replaced
    ? "We’ve recorded that and picked another pair for you. None of your scores are affected."
    : "We’ve recorded that. No other pair like it is left, so it’s left out. None of your scores are affected.";
  find("button", section).textContent = replaced ? "Play the other pair" : "Go on";
  view("trouble");
}

/* ---------- controls ---------- */
const actions = {
  begin: () => nextPair(),
  "after-trouble": () => nextPair(),
  play: togglePlay,
  pause: togglePlay,
  replay,
  withdraw: () => openDialog("withdraw"),
  erase,
};

function openDialog(id) {
  if (player.phase === "playing") togglePlay();
  const dialog = document.getElementById(id);
  find(".error", dialog)?.setAttribute("hidden", "");
  dialog.showModal();
}

async function erase() {
  const dialog = document.getElementById("withdraw");
  try {
    const answer = await call("DELETE", me());
    if (answer.status !== 204 && answer.status !== 404) throw answer;
    forget();
    dialog.close();
    view("withdrawn");
  } catch {
    const error = find(".error", dialog);
    error.hidden = false;
    error.textContent = "That did not work: the server can’t be reached. Nothing was erased; please try again.";
  }
}

function pressed(event) {
  if (viewed !== "trial" || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
  if (!document.getElementById("keys-on").checked) return;
  const isButton = event.target.closest("button, a");
  const isRadio = event.target.matches("input[type=radio]");
  const digit = shown?.scale.find((entry) => String(entry.score) === event.key)?.score;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (digit) {
    if (event.repeat) return;
    if (chosen() === digit) save();
    else choose(digit);
  } else if (event.key === "Enter" && !isButton) {
    if (!event.repeat) save();
  } else if (event.key.toLowerCase() === "r") replay();
  else if (event.key === " " && !isButton && !isRadio) togglePlay();
  else if (step && !isRadio && !scale.disabled && !event.shiftKey) stepChoice(step);
  else return;
  event.preventDefault();
}

function stepChoice(step) {
  const scores = shown.scale.map((entry) => entry.score);
  const from = chosen() === null ? (step > 0 ? -1 : scores.length) : scores.indexOf(chosen());
  choose(scores[(from + step + scores.length) % scores.length], true);
}

function prepareControls() {
  for (const link of document.querySelectorAll("[data-data-link]")) Object.assign(link, { href: `/api/v1/${me("/data")}`, download: "what-is-stored.json" });
  find('[data-text="link"]').textContent = location.href;
  document.addEventListener("click", (event) => actions[event.target.closest("[data-action]")?.dataset.action]?.());
  document.addEventListener("keydown", pressed);
  document.addEventListener("visibilitychange", visibilityChanged);
  document.getElementById("help-open").addEventListener("click", () => openDialog("help"));
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  scale.addEventListener("change", (event) => choose(Number(event.target.value)));
  for (const [name, video] of Object.entries(videos)) {
    video.addEventListener("timeupdate", () => markWatched(name));
    video.addEventListener("loadedmetadata", () => markWatched(name));
    video.addEventListener("ended", () => clipEnded(name));
    video.addEventListener("waiting", () => { player.waitingSince = performance.now(); });
    video.addEventListener("playing", countStall);
    video.addEventListener("error", () => { if (video.hasAttribute("src") && viewed === "trial") cannotPlay(`${name} clip: ${video.error?.message || `error ${video.error?.code}`}`); });
  }
  const keys = document.getElementById("keys-on");
  keys.checked = store.get("gaitmos-keys") ?? true;
  keys.addEventListener("change", () => store.set("gaitmos-keys", keys.checked));
  window.addEventListener("offline", () => setLost(OFFLINE));
  window.addEventListener("online", () => persist(() => call("GET", me())));
  window.addEventListener("beforeunload", (event) => { if (!store.lasting && queue().length) event.preventDefault(); });
}

if (main.dataset.page === "start") startPage();
else ratePage();
})();
