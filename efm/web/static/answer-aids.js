// Aids for kinds that are easier to answer with a script; the fields the server drew stay the form's truth.
import { fields } from "./answer-reading.js";
import { announce, make, say } from "./answer-tell.js";

const byId = (id) => document.getElementById(id);
const boxOf = (key) => byId(`q-${key}`)?.closest(".q");
const tell = (field, kind = "change") => field.dispatchEvent(new Event(kind, { bubbles: true }));
const button = (words, work, about = {}) => {
  const made = make("button", { type: "button", className: "small", textContent: words, ...about });
  made.addEventListener("click", work);
  return made;
};
// What each aid shows anew after any change.
const refreshers = [];
export const refresh = () => refreshers.forEach((each) => each());

/** "None of these" unticks the others, and they untick it. */
function keepAlone(event) {
  const { name, checked, type } = event.target;
  if (type !== "checkbox" || !checked) return;
  const isAlone = (field) => Boolean(field.closest(".option-alone"));
  for (const field of fields(name)) if (field !== event.target && (isAlone(field) || isAlone(event.target))) field.checked = false;
}

function chooseAll({ key }, look) {
  const boxes = () => fields(key).filter((field) => !field.closest(".option-alone") && !field.disabled);
  const all = button(say("array.choose_all"), () => {
    for (const field of boxes()) field.checked = true;
    for (const field of fields(key)) if (!boxes().includes(field)) field.checked = false;
    tell(boxes()[0], "input");
    look();
  });
  boxOf(key).querySelector(".options").before(all);
}

/** Rows go up and down by buttons, by arrow keys and by hand; the menus of places follow, and lead when they are used. */
function rank({ key }) {
  const menus = fields(key);
  const rows = new Map(menus.map((menu) => [menu.closest(".field-line"), menu]));
  const parent = menus[0].closest(".fields");
  const most = menus[0].options.length - 1;
  const placeOf = (row) => Number(rows.get(row).value.split("=")[1] ?? 0);
  const nameOf = (row) => row.querySelector("label").textContent.trim();
  const ranked = () => [...rows.keys()].filter(placeOf).sort((a, b) => placeOf(a) - placeOf(b));

  /** The row at hand is never moved itself, as that would lose the focus; the others are moved around it. */
  function order(held) {
    const wanted = ranked();
    wanted.push(...[...rows.keys()].filter((row) => !wanted.includes(row)));
    const at = wanted.indexOf(held);
    wanted.forEach((row, place) => {
      if (row === held) return;
      if (held && place < at) parent.insertBefore(row, held);
      else parent.append(row);
      const beside = byId(`${rows.get(row).id}.text`)?.closest(".beside");
      if (beside) row.after(beside);
    });
  }

  function set(list, held) {
    for (const [row, menu] of rows) menu.selectedIndex = list.indexOf(row) + 1;
    order(held);
    tell(rows.get(held), "input");
    if (placeOf(held)) announce(say("script.ranked", { choice: nameOf(held), place: placeOf(held), count: most }));
  }

  function move(row, by) {
    const list = ranked();
    const at = list.indexOf(row);
    if (at < 0) {
      if (list.length < most) set([...list, row], row);
      return;
    }
    const to = Math.max(0, Math.min(list.length - 1, at + by));
    list.splice(to, 0, list.splice(at, 1)[0]);
    set(list, row);
  }

  function drag(row, handle) {
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      row.classList.add("held");
      if (!placeOf(row)) move(row, 0);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!row.classList.contains("held")) return;
      const others = ranked().filter((each) => each !== row);
      const to = others.filter((each) => event.clientY > each.getBoundingClientRect().top + each.offsetHeight / 2).length;
      const list = others.toSpliced(to, 0, row);
      if (placeOf(row) && list.indexOf(row) !== ranked().indexOf(row)) set(list, row);
    });
    for (const kind of ["pointerup", "pointercancel"]) handle.addEventListener(kind, () => row.classList.remove("held"));
  }

  for (const [row, menu] of rows) {
    const handle = make("span", { className: "handle", ariaHidden: "true", textContent: "⠿" });
    const ways = [["up", -1, "↑"], ["down", 1, "↓"]].map(([name, by, sign]) => button(sign, () => move(row, by), { className: "small", ariaLabel: `${say(`script.${name}`)}: ${nameOf(row)}` }));
    row.classList.add("ranked");
    row.prepend(handle);
    menu.after(...ways);
    drag(row, handle);
    menu.addEventListener("change", () => {
      const wanted = placeOf(row);
      const list = ranked().filter((each) => each !== row);
      if (wanted) list.splice(wanted - 1, 0, row);
      set(list.slice(0, most), row);
    });
  }
  order(null);
}

/** A slider beside its number box; what was not answered yet is seen to be so. */
function slide(box, { minimum = 0, maximum = 100, step = 1, low = minimum, high = maximum }) {
  const range = make("input", { type: "range", min: low, max: high, step, ariaLabel: box.labels[0]?.querySelector(".ask")?.textContent ?? "" });
  const none = make("span", { className: "none", textContent: say("script.no_answer_yet") });
  const clear = button(say("array.no_answer"), () => answer(""));
  const show = () => {
    const isGiven = box.value.trim() !== "" && !Number.isNaN(Number(box.value));
    range.classList.toggle("unset", !isGiven);
    range.value = isGiven ? box.value : (Number(low) + Number(high)) / 2;
    range.ariaValueText = isGiven ? box.value : none.textContent;
    none.hidden = isGiven;
    clear.hidden = !isGiven;
  };
  const answer = (value) => {
    const isLeft = document.activeElement === clear;
    box.value = value;
    show();
    tell(box, "input");
    if (isLeft) range.focus();
  };
  range.addEventListener("input", () => answer(range.value));
  // A press where the thumb rests already changes nothing by itself, yet it is an answer.
  range.addEventListener("click", () => answer(range.value));
  range.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") event.preventDefault(), answer(range.value);
  });
  box.closest(".line").after(make("div", { className: "slide" }, range, none, clear));
  box.addEventListener("input", show);
  refreshers.push(show);
}

function sum({ key, settings, atoms }) {
  const line = make("p", { className: "total", ariaLive: "polite" });
  boxOf(key).append(line);
  refreshers.push(() => {
    const all = atoms.map((atom) => Number((byId(`q-${atom.key}`)?.value ?? "").replace(",", ".")) || 0);
    const found = Number(all.reduce((made, each) => made + each, 0).toFixed(6));
    const words = say("array.total", { sum: found, total: settings.total });
    if (line.textContent !== words) line.textContent = words;
    line.classList.toggle("whole", found === settings.total);
  });
}

/** Letters are counted aloud only when they become few. */
function count(area, most) {
  const line = make("p", { className: "help", hidden: true });
  area.after(line);
  let warned = 0;
  refreshers.push(() => {
    const left = most - [...area.value.trim()].length;
    line.hidden = left > Math.max(20, most / 10);
    line.textContent = line.hidden ? "" : say("script.characters_left", { count: Math.max(left, 0) });
    const step = line.hidden ? 0 : left > 10 ? 1 : 2;
    if (step > warned) announce(line.textContent);
    warned = step;
  });
}

/** Entries one after the other: those that are filled in, a button for the next, one to take each away. */
function list({ key, settings }) {
  const box = boxOf(key);
  const lots = [...box.querySelectorAll(".lot")].map((lot, at) => {
    if (!lot.matches("details")) return lot;
    const legend = make("legend", { textContent: lot.querySelector(":scope > summary").textContent });
    const made = make("fieldset", { className: "lot", id: `${box.id}-${at}` }, legend, ...lot.querySelector(":scope > [role=group]").childNodes);
    box.append(made);
    made.hidden = true;
    return made;
  });
  box.querySelector(":scope > details")?.remove();
  const named = (lot) => lot.querySelectorAll("[name]");
  const open = () => lots.filter((lot) => !lot.hidden).length;
  const least = Math.max(1, settings.minimum ?? 0);
  const clear = (lot) => named(lot).forEach((field) => (["radio", "checkbox"].includes(field.type) ? (field.checked = false) : (field.value = "")));
  const isFilled = (lot) => [...named(lot)].some((field) => (["radio", "checkbox"].includes(field.type) ? field.checked : field.value));
  const more = button(say("script.add"), () => {
    const lot = lots[open()];
    lot.hidden = false;
    named(lot)[0].focus();
    show();
  });

  function remove(at) {
    const last = open() - 1;
    for (let place = at; place < last; place += 1) {
      const from = named(lots[place + 1]);
      named(lots[place]).forEach((field, which) => ((field.checked = from[which].checked), ["radio", "checkbox"].includes(field.type) || (field.value = from[which].value)));
    }
    clear(lots[last]);
    if (last >= least) lots[last].hidden = true;
    const next = lots[Math.min(at, open() - 1)];
    named(next)[0].focus();
    tell(named(next)[0], "input");
    announce(say("script.removed", { entry: lots[at].querySelector("legend").textContent }));
    show();
  }

  function show() {
    lots.forEach((lot, at) => {
      if (lot.hidden && isFilled(lot)) lot.hidden = false;
      lot.lastElementChild.hidden = open() <= least && !isFilled(lots[at]);
    });
    more.hidden = open() === lots.length;
  }
  lots.forEach((lot, at) => lot.append(button(say("script.remove"), () => remove(at), { ariaLabel: `${say("script.remove")}: ${lot.querySelector("legend").textContent}` })));
  box.append(more);
  refreshers.push(show);
}

const known = new Set();

/** Bring to life what stands on the page and was not yet; called again when a question comes. */
function enliven(told, look) {
  for (const question of told.questions) {
    const { key, kind, settings = {}, atoms = [] } = question;
    if (known.has(key) || !boxOf(atoms[0]?.key ?? key)) continue;
    known.add(key);
    if (settings.has_select_all && !settings.maximum) chooseAll(question, look);
    if (kind === "ranking") rank(question);
    if (kind === "constant_sum") sum(question);
    if (kind === "entries") list(question);
    for (const atom of atoms) {
      const field = byId(`q-${atom.key}`);
      if (field?.matches("textarea")) count(field, atom.settings.max_length);
      if (field?.inputMode && (kind === "slider" || (atom.reads === "point" && atom.key === key))) slide(field, atom.settings);
    }
  }
}

export function start(told, look) {
  document.querySelector("main form").addEventListener("change", keepAlone, true);
  refreshers.push(() => enliven(told, look));
  enliven(told, look);
  refresh();
}
