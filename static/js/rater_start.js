// A rater's way in: who began on this device goes on; who is new checks the device, agrees and takes a seat.
import { call } from "./rater/connection.js";
import { checkDevice } from "./rater/device.js";
import { byId, find } from "./rater/page.js";
import { store } from "./rater/store.js";
import { has, language, t } from "./rater/words.js";

const main = byId("main");
const parameters = Object.fromEntries(new URLSearchParams(location.search));
const { study, state } = main.dataset;
const key = `gaitmos-study-${study}-${parameters.PROLIFIC_PID ?? parameters.workerId ?? ""}`;
let device = { plays: null, speed: null };

async function start() {
  if (state === "open") wayIn(); // first: however long the rest takes, Start is ours to handle
  if (study && store.get(key)?.rater) await resume();
}

const addressOf = (rater) => `/r/${rater}/?lang=${language}`;

// Who began on this device goes on where they stopped.
async function resume() {
  const { rater } = store.get(key);
  const link = byId("resume");
  find("a", link).href = addressOf(rater);
  try {
    const answer = await call("GET", `raters/${rater}`);
    if (answer.status === 200) location.replace(addressOf(rater));
    else if (answer.status === 404) store.remove(key);
  } catch {
    link.hidden = false;
  }
}

function wayIn() {
  tryDevice();
  window.addEventListener("online", tryDevice);
  const box = byId("agree");
  find("button", byId("consent")).disabled = false;
  byId("consent").addEventListener("submit", (event) => {
    event.preventDefault();
    if (needsTick(box)) return;
    if (device.plays === false) refuse(t("device.plays_not"));
    else enrol();
  });
  box.addEventListener("change", () => box.checked && needsTick(box));
}

async function tryDevice() {
  device = await checkDevice(main.dataset.sample);
}

function needsTick(box) {
  const error = byId("agree-error");
  error.hidden = box.checked;
  error.textContent = box.checked ? "" : t("start.agree_first");
  box.removeAttribute("aria-invalid");
  if (!box.checked) {
    box.setAttribute("aria-invalid", "true");
    box.focus();
  }
  return !box.checked;
}

async function enrol() {
  const kept = store.get(key) ?? { key: randomKey() };
  const button = find("button", byId("consent"));
  store.set(key, kept); // before the call: a lost answer must not cost a second seat
  byId("refusal").hidden = true;
  if (button.getAttribute("aria-busy")) return; // a second click waits for the first one's answer
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await call("POST", `studies/${study}/raters`, application(kept.key));
    if (answer.status === 200 || answer.status === 201) {
      store.set(key, { ...kept, rater: answer.body.rater });
      location.replace(addressOf(answer.body.rater));
      return;
    }
    refuse(t(`refused.${reason(answer)}`));
  } catch {
    refuse(t("refused.offline"));
  }
  button.removeAttribute("aria-busy");
}

function reason({ status, body }) {
  if (has(`refused.${body?.code}`)) return body.code;
  return status === 422 ? "altered_link" : "other"; // nothing else of what is sent can be wrong
}

function application(idempotencyKey) {
  const { lang: _, ...platform } = parameters;
  return {
    consent: true,
    consent_version: byId("consent").dataset.version,
    idempotency_key: idempotencyKey,
    locale: language,
    platform: known(platform),
    device: {
      width: screen.width,
      height: screen.height,
      pixel_ratio: devicePixelRatio,
      touch: navigator.maxTouchPoints > 0,
      plays: device.plays,
      kilobytes_per_second: device.speed,
    },
  };
}

// Only what the crowd platforms add; whatever else stands in the address is nobody's business.
function known(told) {
  const names = ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "workerId", "assignmentId", "hitId", "turkSubmitTo"];
  return Object.fromEntries(names.filter((name) => told[name]).map((name) => [name, told[name]]));
}

function refuse(text) {
  const refusal = byId("refusal");
  find("span", refusal).textContent = text;
  refusal.hidden = false;
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

start();
