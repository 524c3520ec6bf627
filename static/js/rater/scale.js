// The scale: a radio group, drawn from the start, closed until everything was watched; choose first, then save.
import { announce, byId, element, find } from "./page.js";
import { t } from "./words.js";

const LONG = 10; // letters of a label; longer ones stand below one another on a phone
const form = byId("score");
const scale = byId("scale");
let entries = [];

export const hint = (text) => { byId("scale-hint").textContent = text; };
export const chosen = () => Number(find("input:checked", scale)?.value) || null;
export const isOpen = () => !scale.disabled;
export const scores = () => entries.map((entry) => entry.score);
const label = (score) => lowered(entries.find((entry) => entry.score === score).label);
const labelled = ({ score }) => t("trial.labelled", { score, label: label(score) });
const lowered = (text) => text.charAt(0).toLocaleLowerCase() + text.slice(1);
const saveButton = () => find('[type="submit"]', form);

export function drawScale({ question, scale: told }) {
  entries = told;
  byId("question").textContent = question;
  find("legend", scale).textContent = question;
  for (const old of scale.querySelectorAll("label")) old.remove();
  for (const { score, label: text } of entries) {
    const input = element("input", { type: "radio", name: "score", value: score });
    scale.append(element("label", {}, input, element("b", {}, String(score)), element("span", {}, text)));
  }
  scale.classList.toggle("long", entries.some((entry) => entry.label.length > LONG));
  scale.disabled = true;
  scale.classList.add("closed");
  saveButton().setAttribute("aria-disabled", "true");
}

export function openScale() {
  const range = t("trial.range", { lowest: labelled(entries[0]), highest: labelled(entries.at(-1)) });
  scale.disabled = false;
  scale.classList.remove("closed");
  if (!chosen()) hint(t("trial.choose", { range }));
  announce(t("trial.played_choose", { range }));
}

// Returns whether the score could be chosen.
export function choose(score, focus = false) {
  const input = find(`input[value="${score}"]`, scale);
  if (scale.disabled || !input) return false;
  input.checked = true;
  if (focus) input.focus();
  saveButton().setAttribute("aria-disabled", "false");
  hint(t("trial.can_change"));
  announce(t("trial.chosen", { score, label: label(score) }));
  return true;
}

export function askForChoice() {
  hint(t("trial.choose_first"));
  announce(t("trial.choose_first"));
}

// The next score in this direction, round and round.
export function stepped(step) {
  const from = chosen() === null ? (step > 0 ? -1 : entries.length) : scores().indexOf(chosen());
  return scores()[(from + step + entries.length) % entries.length];
}

export function onScale({ chose, saves }) {
  scale.addEventListener("change", (event) => chose(Number(event.target.value)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saves();
  });
}
