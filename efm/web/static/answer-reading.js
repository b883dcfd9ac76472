// Reads what is typed as the server reads it: a value, nothing, or a refusal by its code.

/** Stands among the answers for what only the server knows, such as the mood of a comment. */
export const UNDECIDED = Symbol("undecided");
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
export const strip = (text) => text.replace(AROUND, "");

const main = () => document.getElementById("main");
/** The fields of this name that stand on the page; what waits in a template is not among them. */
export const fields = (name) => [...main().querySelectorAll(`[name="${name}"]`)];
export const isTicked = (field) => !["radio", "checkbox"].includes(field.type) || field.checked;

/** What a form would send under this name. */
function typed(name) {
  return fields(name)
    .filter((field) => !field.disabled && isTicked(field) && !field.selectedOptions?.[0]?.disabled)
    .map((field) => field.value);
}

const DIGITS = [0x660, 0x6f0, 0xff10];
const plain = (text) =>
  text
    .replace(/[٠-٩۰-۹０-９]/g, (sign) => String(sign.charCodeAt(0) - DIGITS.findLast((first) => sign.charCodeAt(0) >= first)))
    .replace(/\u2212/g, "-")
    .replace(/\u066b/g, ".")
    .replace(/[ \xa0\u202f\u2009]/g, "");
const tidy = (text) => strip(text.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "").normalize("NFC"));
export const refuse = (code, blanks = {}) => ({ code, blanks });
const first = (given) => strip(given[0] ?? "");

/** Numbers of as many places are counted in whole units, so that a step of 0.1 is exact. */
function units(value, places) {
  const [, sign, digits, tail = ""] = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(typeof value === "number" ? value.toFixed(places) : value);
  return BigInt(`${sign === "-" ? "-" : ""}${digits}${tail.padEnd(places, "0")}`);
}

function readNumber(given, { minimum = null, maximum = null, decimals = 0, step = 0 }) {
  const text = first(given);
  if (!text) return {};
  const found = /^([+-]?)(\d{1,15})(?:[.,](\d{1,10}))?$/.exec(plain(text));
  if (!found) return refuse("number");
  if ((found[3] ?? "").length > decimals) return refuse(decimals ? "decimals" : "whole", { decimals });
  const value = Number(plain(text).replace(",", "."));
  if (value < (minimum ?? -1e12)) return refuse("too_small", { minimum: minimum ?? -1e12 });
  if (value > (maximum ?? 1e12)) return refuse("too_large", { maximum: maximum ?? 1e12 });
  const start = minimum ?? 0;
  const beyond = step && units(plain(text).replace(",", "."), decimals) - units(start, decimals);
  return step && beyond % units(step, decimals) ? refuse("step", { step, start }) : { value: value + 0 };
}

function readMany(given, { minimum = 0, maximum = Infinity, alone = [] }) {
  const value = given.filter(Boolean);
  const isAlone = value.some((each) => alone.includes(each));
  if (!value.length) return {};
  if (isAlone && value.length > 1) return refuse("exclusive");
  if (value.length < minimum && !isAlone) return refuse("too_few", { minimum });
  return value.length > maximum ? refuse("too_many", { maximum }) : { value };
}

function readRanks(given, { minimum, maximum = Infinity }, count) {
  const ranked = given.filter(Boolean).map((each) => each.split("="));
  const most = Math.min(maximum, count);
  if (!ranked.length) return {};
  if (new Set(ranked.map(([, place]) => place)).size < ranked.length) return refuse("rank_twice");
  if (ranked.length > maximum) return refuse("too_many", { maximum });
  if (ranked.length < (minimum || most)) return refuse("rank_all", { minimum: minimum || most });
  return { value: ranked.sort((a, b) => a[1] - b[1]).map(([key]) => key) };
}

function readDate(given, { minimum = "", maximum = "9999-12-31" }) {
  const text = first(given);
  const found = /^(\d{4})[-./](\d{1,2})[-./](\d{1,2})$/.exec(plain(text));
  const value = found && [found[1], found[2].padStart(2, "0"), found[3].padStart(2, "0")].join("-");
  if (!text) return {};
  if (!value || !(new Date(`${value}T00:00Z`).toJSON()?.slice(0, 10) === value)) return refuse("date");
  if (value < minimum) return refuse("too_early", { minimum });
  return value > maximum ? refuse("too_late", { maximum }) : { value };
}

function readText(given, { max_length: maximum = Infinity }) {
  const value = tidy(given[0] ?? "");
  const length = [...value].length;
  return length > maximum ? refuse("too_long", { maximum, length }) : value ? { value } : {};
}

const READERS = {
  point: (given, { low, high }) => {
    const text = first(given);
    if (!text) return {};
    return /^-?\d+$/.test(text) && text >= low && text <= high ? { value: Number(text) } : refuse("scale", { low, high });
  },
  number: readNumber,
  one: (given) => (given[0] ? { value: given[0] } : {}),
  many: readMany,
  ranks: readRanks,
  date: readDate,
  text: readText,
  time: (given) => (first(given) ? { value: first(given).slice(0, 5) } : {}),
  file: (given) => (given.some(Boolean) ? { value: UNDECIDED } : {}),
};

/** The answer typed for an atom: its value, nothing, or why it is refused. */
export function read({ key, reads, settings = {} }) {
  return (READERS[reads] ?? readText)(typed(key), settings, fields(key).length);
}

/** What stands in the fields of a part of the page, by name. */
export function written(root) {
  return [...root.querySelectorAll("[name]")].filter((field) => isTicked(field) && field.type !== "file").map((field) => [field.name, field.value]);
}

/** Put it there again. Several fields of one name take what fits each, else one after the other. */
export function fill(root, pairs) {
  const left = [...pairs];
  const take = (name, value) => {
    const at = left.findIndex(([each, given]) => each === name && (value === undefined || value.includes(given)));
    return at < 0 ? undefined : left.splice(at, 1)[0][1];
  };
  for (const field of root.querySelectorAll("[name]")) {
    if (field.type === "hidden" || field.type === "file" || field.type === "submit") continue;
    if (!["radio", "checkbox"].includes(field.type)) field.value = take(field.name, field.options && [...field.options].map((each) => each.value)) ?? field.value;
    else field.checked = take(field.name, [field.value]) !== undefined;
  }
}
