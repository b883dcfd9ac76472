// Judges questions in several parts.
import { refuse } from "./answer-reading.js";

const MANY_ROWS = ({ settings, is_required: isRequired }, given) => {
  if (isRequired && given.length < (settings.least_rows ?? 0)) return refuse("too_few_rows", { minimum: settings.least_rows });
  return settings.is_unique && new Set(given.map(([, value]) => String(value))).size < given.length ? refuse("not_unique") : null;
};

const JUDGES = {
  constant_sum: ({ settings, is_required: isRequired }, given) => {
    const sum = Number(given.reduce((all, [, value]) => all + value, 0).toFixed(6));
    if (!given.length) return isRequired ? refuse("required") : null;
    return Math.abs(sum - settings.total) > 1e-9 ? refuse("total", { total: settings.total, sum }) : null;
  },
  max_diff: (question, given) => {
    const all = Object.fromEntries(given);
    return given.some(([key, value]) => key.endsWith(".best") && all[key.replace(/best$/, "worst")] === value) ? refuse("best_is_worst") : null;
  },
  entries: ({ key: whole, settings, needs = [], is_required: isRequired }, given, asked, needed) => {
    const inside = (key) => key.slice(whole.length + 1).split(".");
    const numberOf = (key) => Number(inside(key)[0]);
    const filled = [...new Set(given.map(([each]) => numberOf(each)))].sort((a, b) => a - b);
    const names = given.map(([each]) => each);
    const isNeeded = (key) => needed.includes(key) || (inside(key).length === 2 && needs.includes(inside(key)[1]));
    const lacks = (number) => (key) => numberOf(key) === number && !names.includes(key) && isNeeded(key);
    const number = filled.find((each) => asked.some(lacks(each)));
    const minimum = Math.max(settings.minimum ?? 0, isRequired ? 1 : 0);
    if (number) return refuse("entry_incomplete", { number });
    return (filled.length || isRequired) && filled.length < minimum ? refuse("too_few_entries", { minimum }) : null;
  },
};

/** What the answers of a question say together: a refusal or null. ``given`` are its answered atoms and their values,
 * ``asked`` the keys of all that are asked, ``needed`` those a condition requires. */
export function judge(question, given, asked, needed) {
  return (JUDGES[question.kind] ?? MANY_ROWS)(question, given, asked, needed);
}
