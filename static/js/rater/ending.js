// The last page: the code, and the way back to the crowd platform, as a link or as a form that is posted.
import { byId, element, find } from "./page.js";
import { section, setText, state, view } from "./views.js";
import { t } from "./words.js";

export function done({ completion_code: code, way_back: back }) {
  const part = section("done");
  setText("done", t("done.arrived", { count: state.saved }));
  find(".code", part).textContent = code ?? "";
  find(".code", part).hidden = byId("code-label").hidden = !code;
  byId("way-back").replaceChildren(...(back ? [wayBack(back)] : []));
  view("done");
}

function wayBack({ platform, url, method, fields }) {
  const text = t("done.back", { platform });
  if (method === "get") return element("a", { class: "button primary big", href: url }, text);
  const inputs = Object.entries(fields).map(([name, value]) => element("input", { type: "hidden", name, value }));
  return element("form", { method, action: url }, ...inputs, element("button", { class: "button primary big" }, text));
}
