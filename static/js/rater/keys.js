// The keyboard while a pair is shown: digits and arrows choose, Enter saves, R plays again, Space plays or pauses.
import { byId, find } from "./page.js";
import { replay, togglePlay } from "./player.js";
import { chosen, isOpen, scores, stepped } from "./scale.js";
import { store } from "./store.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const SWITCH = "gaitmos-keys";

// `choose(score, focus)` and `save()` are the page's; `isTrial()` says whether a pair is on the screen.
export function listenToKeys({ choose, save, isTrial }) {
  const enabled = byId("keys-on");
  enabled.checked = store.get(SWITCH) ?? true;
  enabled.addEventListener("change", () => store.set(SWITCH, enabled.checked));
  document.addEventListener("keydown", (event) => {
    const ours = isTrial() && enabled.checked && !find("dialog[open]");
    if (ours && !event.ctrlKey && !event.metaKey && !event.altKey && pressed(event, choose, save)) event.preventDefault();
  });
}

// Returns whether the key was one of ours.
function pressed(event, choose, save) {
  const onButton = event.target.closest("button, a");
  const onRadio = event.target.matches("input[type=radio]");
  const digit = scores().find((score) => String(score) === event.key);
  const step = STEPS[event.key];
  if (digit) {
    if (!event.repeat) chosen() === digit ? save() : choose(digit);
  } else if (event.key === "Enter" && !onButton) {
    if (!event.repeat) save();
  } else if (event.key.toLowerCase() === "r") replay();
  else if (event.key === " " && !onButton && !onRadio) togglePlay();
  else if (step && !onRadio && isOpen() && !event.shiftKey) choose(stepped(step), true);
  else return false;
  return true;
}
