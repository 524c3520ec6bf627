// The page's texts in its language, as the server wrote them into the page; numbers choose their plural form.
const element = document.getElementById("words");
const texts = element ? JSON.parse(element.textContent) : {};
export const language = document.documentElement.lang;
const plurals = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1, useGrouping: false });

// t("foot.saved", { count: 3 }): the text with its {places} filled in.
export function t(key, places = {}) {
  const [section, name] = key.split(".");
  let text = texts[section]?.[name];
  if (text === undefined) throw new Error(`There is no text ${key}.`);
  if (typeof text === "object") text = text[plurals.select(places.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, place) => shown(places[place]));
}

export const has = (key) => {
  const [section, name] = key.split(".");
  return texts[section]?.[name] !== undefined;
};

const shown = (value) => (typeof value === "number" ? number.format(value) : String(value ?? ""));

// A language's name in the page's own language; the tag itself where the browser knows none.
export function languageName(tag) {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag || "–";
  }
}
