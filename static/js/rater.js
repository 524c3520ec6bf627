// A rater's page: pairs watched and scored one after the other, whatever the connection does.
// Every call goes to the API; the rater's token is the only credential.
import { call, connection, persist } from "./rater/connection.js";
import { listen } from "./rater/controls.js";
import { done } from "./rater/ending.js";
import { erase, openDialog, prepareHelp, showData } from "./rater/dialogs.js";
import { listenToKeys } from "./rater/keys.js";
import { byId, find } from "./rater/page.js";
import { player, replay, showClips, stop, togglePlay, visibilityChanged } from "./rater/player.js";
import { askForChoice, choose, chosen, drawScale, isOpen, onScale, openScale } from "./rater/scale.js";
import { draft, expires, forgetDevice, me, pairSeconds, pairs, queue, rater } from "./rater/session.js";
import { store } from "./rater/store.js";
import { current, halfWay, notice, numbered, practised, section, setText, showConnection, showProgress, state, titleOf, trouble, view, welcomeBack, whatIsThere } from "./rater/views.js";
import { t } from "./rater/words.js";

let shown = null; // the pair on the screen
let unsaved = new Set(); // positions whose score the server has not
const arrived = new Set(); // positions whose score it has taken from here, also while an older answer is under way
let pauseAfter = null, finishing = false, owesWord = false, turn = 0;

/* ---------- arriving ---------- */
async function arrive() {
  view("loading");
  const answer = await persist(() => call("GET", me));
  if (answer.status !== 200) return gone();
  takeProgress(answer.body);
  if (answer.body.state === "expired") return expired();
  queue.flush().then(sent);
  if (!state.todo.length) return finish();
  pairs.loadAhead(state.todo);
  if (state.saved + queue.waiting().length === 0) return view("instructions");
  return welcomeBack(queue.waiting().length, pairSeconds);
}

function takeProgress(progress) {
  const queued = queue.positions();
  const remaining = progress.remaining.filter((position) => !arrived.has(position));
  state.total = progress.presentations;
  state.practice = progress.practice;
  state.saved = progress.rated + progress.remaining.length - remaining.length;
  unsaved = new Set(remaining);
  state.todo = remaining.filter((position) => !queued.includes(position));
  pauseAfter = progress.pause_after;
  showProgress();
}

function gone() {
  if (current() === "withdrawn") return;
  forget();
  view("gone");
}

function leave() {
  stop();
  turn += 1;
  state.todo = [];
}

function forget() {
  leave();
  forgetDevice();
  byId("connection").hidden = true;
}

// `refused`: scores that came too late, beside those that still wait.
function expired(refused = 0) {
  const late = queue.waiting().length + refused;
  leave();
  queue.clear();
  draft.drop();
  const said = [t("expired.text", { count: state.saved })];
  if (late) said.push(t("expired.too_late", { count: late }));
  setText("expired", said.join(" "));
  view("expired");
}

/* ---------- one pair after the other ---------- */
async function nextPair(said = "") {
  const mine = (turn += 1);
  shown = null;
  if (!state.todo.length) return finish();
  pairs.loadAhead(state.todo);
  const position = state.todo[0];
  const entry = pairs.load(position);
  if (!entry.done) view(connection.lost ? "waiting" : "loading");
  try {
    const pair = await entry.promise;
    if (mine === turn) showPair(pair, said);
  } catch (problem) {
    if (mine !== turn) return;
    if (problem.status) return reconsider();
    shown = problem.pair ?? { position };
    cannotPlay(problem.reason ?? "could not be loaded");
  }
}

// A pair is not there any more: the server knows what is.
async function reconsider() {
  const answer = await persist(() => call("GET", me));
  if (answer.status !== 200) return gone();
  pairs.clear();
  takeProgress(answer.body);
  return answer.body.state === "expired" ? expired() : nextPair();
}

function showPair(pair, said) {
  const again = draft.of(pair);
  shown = pair;
  find("h1", section("trial")).textContent = titleOf(pair.position);
  drawScale(pair);
  showProgress(pair.position);
  view("trial");
  window.scrollTo(0, 0);
  showClips(pair, { before: again?.evidence, title: titleOf(pair.position), said });
}

player.allPlayed = () => {
  const before = draft.of(shown)?.score;
  openScale();
  if (before && !chosen()) choose(before);
  keepDraft();
};

const keepDraft = () => draft.keep(shown, player.evidence.kept, chosen());
const chose = (score, focus) => choose(score, focus) && keepDraft();

function save() {
  if (current() !== "trial" || !isOpen()) return;
  const score = chosen();
  if (!score) return askForChoice();
  const { position, presentation } = shown;
  const before = queue.add({ position, presentation, score, playback: player.evidence.report() });
  notice(before && before !== score ? t("notice.kept_before", { ...numbered(position), score: before }) : "");
  draft.drop();
  leavePair(position);
  queue.flush().then(sent);
  goOn(position);
}

function leavePair(position) {
  stop();
  state.todo = state.todo.filter((other) => other !== position);
  pairs.drop(position);
  if (connection.lost) showConnection(queue.waiting().length);
}

// After this position: the next pair, or first a word on the practice or a break.
function goOn(position) {
  const { todo, practice } = state;
  const crossed = (border) => border && position <= border && todo.length && todo[0] > border;
  pairs.loadAhead(todo);
  if (crossed(practice)) practised();
  else if (crossed(pauseAfter)) halfWay(position);
  else nextPair(`${t("trial.saved")} `);
}

/* ---------- scores on their way ---------- */
queue.settled = ({ position }, answer) => {
  const isKept = [200, 201].includes(answer.status) || Boolean(answer.body?.kept);
  if (answer.status === 404) return leftOutOrGone(position);
  if (answer.status === 410) return expired(1);
  if (isKept) arrived.add(position);
  if (isKept && unsaved.delete(position)) state.saved += 1;
  if (answer.body?.kept) {
    notice(t("notice.kept_before", { ...numbered(position), score: answer.body.kept }));
    catchUp();
  }
  if (!isKept) {
    notice(t("notice.not_taken", numbered(position)));
    state.todo.push(position);
  }
  if (connection.lost) showConnection(queue.waiting().length);
  if (current() === "welcome" && state.todo.length) whatIsThere(queue.waiting().length, pairSeconds);
  return showProgress(shown?.position);
};

// No such pair: it was left out from another device where it did not play, or nothing is stored any more.
async function leftOutOrGone(position) {
  if (await catchUp()) notice(t("notice.left_out", numbered(position)));
}

// Another device went on with this rater's pairs: what it has dealt with is not asked here again.
async function catchUp() {
  const answer = await persist(() => call("GET", me));
  if (answer.status !== 200) return gone();
  takeProgress(answer.body);
  if (current() !== "trial" || !shown || state.todo.includes(shown.position)) return true;
  stop();
  nextPair();
  return true;
}

function sent() {
  if (queue.waiting().length) return;
  if (owesWord && !connection.lost) showConnection(0, true);
  owesWord = connection.lost !== "";
  if (finishing) finish();
}

connection.changed = () => {
  const waiting = queue.waiting().length;
  owesWord ||= connection.lost !== "";
  showConnection(waiting);
  if (!connection.lost && !waiting) owesWord = false;
  if (["loading", "sending"].includes(current()) && connection.lost && state.total) view("waiting");
};

// Another tab gave a score, so this one does not ask for it again; or it had an answer, so the server knows more.
window.addEventListener("storage", async (event) => {
  const position = queue.positionOf(event);
  if (!position) return;
  if (event.newValue && state.todo.includes(position)) scoredElsewhere(position);
  if (event.newValue) return;
  const answer = await persist(() => call("GET", me));
  if (answer.status === 200) takeProgress(answer.body);
  if (finishing) finish();
});

function scoredElsewhere(position) {
  const onScreen = shown?.position === position && current() === "trial";
  state.todo = state.todo.filter((other) => other !== position);
  pairs.drop(position);
  if (!onScreen) return;
  stop();
  notice(t("notice.scored_elsewhere", numbered(position)));
  nextPair();
}

// The last page appears only when the server has everything.
async function finish() {
  finishing = true;
  const allSent = current() === "loading" && !queue.waiting().length;
  if (!allSent && !["sending", "waiting"].includes(current())) view(connection.lost ? "waiting" : "sending");
  if (queue.sending) return;
  if (queue.waiting().length) {
    queue.flush().then(sent); // what another tab has not sent yet
    return;
  }
  finishing = false;
  const answer = await persist(() => call("GET", me));
  if (answer.status !== 200) return gone();
  takeProgress(answer.body);
  if (state.todo.length) return nextPair();
  return answer.body.state === "expired" ? expired() : done(answer.body);
}

/* ---------- clips that won't play ---------- */
player.failed = cannotPlay;
async function cannotPlay(reason) {
  const { position, presentation } = shown;
  const mine = (turn += 1);
  stop();
  draft.drop();
  pairs.drop(position);
  view("loading");
  const answer = await pairs.report(position, presentation, reason);
  if (mine !== turn) return;
  if (answer.status === 404 || answer.status === 410) return reconsider();
  const replaced = answer.status === 200;
  if (replaced) pairs.load(position);
  else state.todo = state.todo.filter((other) => other !== position);
  trouble(replaced);
}

/* ---------- controls ---------- */
async function eraseAll() {
  if (!(await erase(rater))) return;
  forget();
  view("withdrawn");
}

const actions = {
  begin: () => nextPair(),
  play: togglePlay,
  pause: togglePlay,
  replay: () => { replay(); keepDraft(); },
  help: () => openDialog("help"),
  withdraw: () => openDialog("withdraw"),
  data: () => showData(rater),
  erase: eraseAll,
};
listen(actions, {
  visibility: () => current() === "trial" && visibilityChanged(),
  online: () => persist(() => call("GET", me)),
  isUnsafeToLeave: () => !store.lasting && queue.waiting().length > 0,
});
listenToKeys({ choose: chose, save, isTrial: () => current() === "trial" });
onScale({ chose, saves: save });
prepareHelp(expires);
arrive();
