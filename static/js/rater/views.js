// Which part of the page shows, how far the rater is, and the banners above it.
import { connection } from "./connection.js";
import { announce, byId, find } from "./page.js";
import { t } from "./words.js";

const SENT_MS = 4000;
const WITHOUT_PROGRESS = ["done", "withdrawn", "gone", "expired", "instructions", "welcome"];
const LAST = ["done", "withdrawn", "gone", "expired"];
let viewed = "", sentTimer = 0;

// How far: `total` positions of which the first `practice` are practice, `saved` scores at the server, `todo` left.
export const state = { total: 0, practice: 0, saved: 0, todo: [] };
export const current = () => viewed;
export const section = (name) => find(`[data-view="${name}"]`);
export const setText = (name, text) => { find("[data-text]", section(name)).textContent = text; };

export function view(name) {
  viewed = name;
  for (const each of document.querySelectorAll("[data-view]")) each.hidden = each.dataset.view !== name;
  byId("progress").hidden = WITHOUT_PROGRESS.includes(name) || !state.total;
  byId("foot").hidden = LAST.includes(name) || !state.total;
  byId("help-open").hidden = LAST.includes(name) || !state.total;
  const heading = find("h1", section(name));
  document.title = `${heading.textContent} · GaitMOS`;
  heading.focus({ preventScroll: name === "trial" });
}

const isPractice = (position) => position <= state.practice;

// "Pair 7 of 30", or "Practice 2 of 5".
export function titleOf(position) {
  if (isPractice(position)) return t("trial.practice", { position, total: state.practice });
  return t("trial.position", numbered(position));
}

export const numbered = (position) => ({ position: position - state.practice, total: state.total - state.practice });

export function showProgress(position) {
  const { total, practice, saved, todo } = state;
  const at = Math.min(position ?? todo[0] ?? total, total);
  const of = isPractice(at) ? practice : total - practice;
  const left = todo.filter((each) => isPractice(each) === isPractice(at)).length;
  const bar = byId("progress");
  find("span", bar).textContent = isPractice(at) ? titleOf(at) : t("trial.progress", numbered(at));
  Object.assign(find("progress", bar), { max: Math.max(of, 1), value: of - left });
  find("progress", bar).setAttribute("aria-label", t("trial.progress_label", { done: of - left, total: of }));
  find('#foot [data-text="saved"]').textContent = t("foot.saved", { count: saved });
}

export function notice(text) {
  const banner = byId("notice");
  banner.hidden = !text;
  find("span", banner).textContent = text;
}

// `count` scores wait on the device; `sent` says for a moment that all have arrived.
export function showConnection(count, sent = false) {
  const banner = byId("connection");
  const { lost } = connection;
  clearTimeout(sentTimer);
  banner.hidden = !lost && !sent;
  banner.classList.toggle("good", sent);
  if (sent) {
    find("span", banner).textContent = t("connection.all_sent");
    sentTimer = setTimeout(() => { banner.hidden = true; }, SENT_MS);
  } else if (lost) {
    const kept = count ? t(`connection.kept_${lost}`, { count }) : t("connection.nothing_lost");
    find("span", banner).textContent = `${t(`connection.${lost}`)} ${kept}`;
  }
}

export function welcomeBack(waiting, pairSeconds) {
  announce(`${t("welcome.title")}. ${t("welcome.saved", { saved: state.saved, count: state.total })}`);
  whatIsThere(waiting, pairSeconds);
  view("welcome");
}

// Written again when scores that waited have arrived.
export function whatIsThere(waiting, pairSeconds) {
  const { total, saved, todo, practice } = state;
  const part = section("welcome");
  const lines = [t("welcome.saved", { saved, count: total })];
  if (waiting) lines.push(t("welcome.being_sent", { count: waiting }));
  lines.push(t("welcome.minutes_left", { count: Math.ceil((todo.length * pairSeconds) / 60) }));
  setText("welcome", lines.join(" "));
  Object.assign(find("progress", part), { max: total, value: saved });
  find("button", part).textContent = todo[0] > practice ? t("welcome.go_on", numbered(todo[0])) : t("welcome.go_on_practice");
}

// Between practice and what counts, and half-way.
export function practised() {
  setText("practised", t("practised.text", { count: state.total - state.practice }));
  view("practised");
}

export function halfWay(position) {
  const given = state.total - state.todo.length;
  setText("pause", t("pause.text", { saved: given, count: state.total }));
  showProgress(position);
  view("pause");
}

export function trouble(replaced) {
  setText("trouble", t(replaced ? "trouble.replaced" : "trouble.left_out"));
  find("button", section("trouble")).textContent = t(replaced ? "trouble.play_other" : "trouble.go_on");
  view("trouble");
}
