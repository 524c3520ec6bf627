// Help, what is stored, and withdrawing: dialogs over the page.
import { call } from "./connection.js";
import { byId, element, find } from "./page.js";
import { player, togglePlay } from "./player.js";
import { has, language, languageName, t } from "./words.js";

const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2, useGrouping: false });
const day = new Intl.DateTimeFormat(language, { dateStyle: "long" });

export function openDialog(id) {
  if (player.phase === "playing") togglePlay();
  const dialog = byId(id);
  find(".error", dialog)?.setAttribute("hidden", "");
  dialog.showModal();
}

// Returns whether everything is erased.
export async function erase(rater) {
  try {
    const answer = await call("DELETE", `raters/${rater}`);
    if (answer.status !== 204 && answer.status !== 404) throw answer;
    byId("withdraw").close();
    return true;
  } catch {
    const error = find(".error", byId("withdraw"));
    error.hidden = false;
    error.textContent = t("withdraw.failed");
    return false;
  }
}

export function prepareHelp(expires) {
  find('#help [data-text="link"]').textContent = location.origin + location.pathname;
  const until = find('#help [data-text="until"]');
  until.hidden = !expires;
  if (expires) until.textContent = t("help.link_until", { date: day.format(new Date(expires)) });
}

export async function showData(rater) {
  openDialog("data");
  const list = find("#data [data-list]");
  list.replaceChildren();
  try {
    const answer = await call("GET", `raters/${rater}/data`);
    if (answer.status !== 200) throw answer;
    list.append(facts(answer.body), ratings(answer.body.ratings));
  } catch {
    list.append(element("p", { class: "error" }, t("data.nothing")));
  }
}

function facts(data) {
  const identity = { none: "none", encrypted: "sealed" }[data.platform_identity_kept] ?? "hmac";
  const rows = [
    [t("data.pseudonym"), data.pseudonym],
    [t("data.agreed", { version: data.consent_version }), moment.format(new Date(data.consented))],
    [t("data.language"), languageName(data.locale)],
    [t("data.device"), Object.entries(data.device).map(deviceFact).join(" · ") || "–"],
    [t("data.platform"), t(`data.platform_${identity}`)],
    [t("data.scores"), String(data.ratings.length)],
  ];
  return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

// A fact that this page did not find out itself (another client's) keeps its own name.
function deviceFact([name, value]) {
  const word = has(`data.device_${name}`) ? t(`data.device_${name}`) : name.replaceAll("_", " ");
  const said = { true: "yes", false: "no", null: "unknown" }[value];
  return `${word} ${said ? t(`data.${said}`) : typeof value === "number" ? number.format(value) : value}`;
}

function ratings(rows) {
  if (!rows.length) return "";
  const head = ["position", "score", "when", "watched"].map((name) => element("th", { scope: "col" }, t(`data.${name}`)));
  const lines = rows.map((row) => element("tr", {}, ...[
    row.position,
    row.score,
    moment.format(new Date(row.rated_at)),
    row.watched_fraction === null ? "–" : `${Math.round(row.watched_fraction * 100)} %`,
  ].map((cell) => element("td", {}, String(cell)))));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
  return element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": t("data.scores") }, table);
}
