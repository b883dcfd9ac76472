// Walks the questions of a page in their order, as the server does: shows, hides, computes and judges them.
import { UNDECIDED, fields, judge, read } from "./answer-reading.js";

// Most pages have no logic, and then need not wait for it.
let evaluate = () => undefined;
let holds = () => true;

/** Fetch the evaluator when a page has something to evaluate. */
export async function prepare(told) {
  if (/"(?:show_if|required_if|value|valid_if)":/.test(JSON.stringify(told.questions))) ({ evaluate, holds } = await import("./answer-logic.js"));
}

const byId = (id) => document.getElementById(id);
export const holder = (key) => document.querySelector(`[data-question="${key}"]`);
const waiting = (box) => box?.querySelector(":scope > template:not([data-whole])");

/** Whether a part may be taken away now: never from under somebody's hands. */
const isHeld = (part) => part.contains(document.activeElement);

/** A question goes into its template and comes out of it with all that was typed there. */
function place(key, isShown) {
  const box = holder(key);
  const template = waiting(box);
  if (!box || isShown === !template || (!isShown && isHeld(box))) return false;
  if (isShown) {
    template.replaceWith(template.content);
    for (const field of box.querySelectorAll("[autofocus]")) field.removeAttribute("autofocus");
  } else {
    const made = document.createElement("template");
    made.content.append(...box.childNodes);
    box.append(made);
  }
  return true;
}

/** A choice or a row stays where it is, but is neither seen nor sent. */
function put(part, isShown) {
  if (!part || part.hidden === !isShown || (!isShown && isHeld(part))) return;
  part.hidden = !isShown;
  for (const field of part.matches("option") ? [part] : part.querySelectorAll("input, select, textarea, button")) field.disabled = !isShown;
  if (part.selected && !isShown) part.parentElement.selectedIndex = 0;
}

const hasKey = (value, key) => (Array.isArray(value) ? value.includes(key) : value !== null && typeof value === "object" ? Object.hasOwn(value, key) : value === key);

/** The keys of choices or rows that are offered; null where that does not depend on this page. */
function offered(group, data) {
  if (!group) return null;
  return group.keys.filter((key) => {
    if (holds(group.show_if[key], data) === false) return false;
    const from = group.from;
    if (!from || from.which === "offered" || !from.keys.includes(key)) return true;
    return hasKey(data[from.question] ?? null, key) === (from.which === "chosen");
  });
}

function putChoices(question, keys) {
  const box = holder(question.key) ?? document;
  question.choices.keys.forEach((key, at) => {
    const isShown = keys.includes(key);
    for (const part of box.querySelectorAll(`[value="${key}"]`)) {
      if (part.matches("option") || part.name === question.key || part.name?.startsWith(`${question.key}.`)) put(part.closest("option, label") ?? part, isShown);
    }
    put(byId(`q-${question.key}.${key}`)?.closest(".field-line"), isShown);
    put(box.querySelectorAll(".heads > span")[at + 1], isShown);
  });
}

function note(data, path, value) {
  const parts = path.split(".");
  const last = parts.pop();
  let inside = data;
  for (const each of parts) inside = inside[each] = inside[each] !== null && typeof inside[each] === "object" ? inside[each] : {};
  inside[last] = value;
}

/** Shows, hides and reads one question; its answers join the data. Returns what there is to judge. */
function step(question, data, asked) {
  const [choices, rows] = [offered(question.choices, data), offered(question.rows, data)];
  const isWanted = holds(question.show_if, data);
  const isShown = isWanted === undefined ? question.is_asked && !waiting(holder(question.key)) : isWanted && choices?.length !== 0 && rows?.length !== 0;
  if (question.is_asked && place(question.key, isShown)) asked.push([question.key, isShown]);
  if (!isShown) return null;
  if (choices) putChoices(question, choices);
  const [answers, refused] = [new Map(), new Map()];
  const atoms = (question.atoms ?? []).filter((atom) => {
    const isOffered = holds(atom.show_if, data) !== false && (!rows || rows.includes(atom.of)) && !(atom.is_beside && choices && !choices.includes(atom.of));
    const isOpen = isOffered && (!atom.is_beside || hasKey(answers.get(question.key) ?? null, atom.of));
    const field = byId(`q-${atom.key}`);
    if (atom.is_beside || atom.key !== question.key) put(field?.closest(".beside, .array-row, .field-line, .parts > .q"), isOpen);
    if (!isOpen) return isOffered;
    const found = read(atom);
    if (found.code) refused.set(atom.key, found);
    if (found.value === undefined) return true;
    answers.set(atom.key, found.value);
    note(atom.is_beside ? data._text : data, atom.is_beside ? atom.key.replace(/\.text$/, "") : atom.key, found.value);
    if (atom.reads === "text") note(data._sentiment, atom.key, UNDECIDED);
    return true;
  });
  if (rows) for (const lot of holder(question.key)?.querySelectorAll(".lot") ?? []) lot.hidden = ![...lot.querySelectorAll(".q")].some((each) => !each.hidden);
  if (question.value !== undefined) {
    const value = evaluate(question.value, data);
    if (value !== null || question.kind !== "hidden") note(data, question.key, value === undefined ? UNDECIDED : Array.isArray(value) && !value.length ? null : value);
  }
  return question.is_asked ? { question, atoms, answers, refused } : null;
}

/** What is required of a question and not there, and what does not fit; by the keys of its atoms. */
function wrongOf({ question, atoms, answers, refused }, data, left) {
  const isRequired = question.is_required || (question.required_if !== undefined && holds(question.required_if, data) === true);
  const missing = new Map();
  for (const atom of atoms.filter((each) => !answers.has(each.key))) {
    const isChosen = atom.is_beside && hasKey(answers.get(question.key) ?? null, atom.of);
    const isAll = isRequired && (!question.is_composite || (question.required_if !== undefined && !question.is_required));
    if (atom.is_beside ? atom.is_required && isChosen : atom.is_required || isAll) missing.set(atom.key, { code: "required" });
  }
  if (!missing.size && question.is_requested && !left.includes(question.key) && atoms.some((atom) => !atom.is_beside && !answers.has(atom.key))) {
    missing.set(question.key, { code: "requested" });
  }
  if (missing.size) return refused.has(question.key) ? refused : new Map([...missing, ...refused]);
  const together = refused.has(question.key) ? null : (judge(question, [...answers]) ?? checked(question, answers, data));
  return together ? new Map([...refused, [question.key, together]]) : refused;
}

function checked(question, answers, data) {
  const failed = answers.size ? (question.checks ?? []).find((check) => holds(check.valid_if, data) === false) : null;
  return failed ? { code: "check", words: failed.message } : null;
}

/** Bring the page to what its answers ask for. Returns the questions asked, with what is wrong, and what came and went. */
export function walk(told) {
  const data = structuredClone(told.data);
  data._text ??= {};
  data._sentiment ??= {};
  const moved = [];
  const left = fields("_left").map((field) => field.value);
  const asked = told.questions.map((question) => {
    const found = step(question, data, moved);
    return found && { question, key: question.key, wrong: wrongOf(found, data, left), atoms: found.atoms.map((atom) => atom.key) };
  });
  return { asked: asked.filter(Boolean), moved };
}
