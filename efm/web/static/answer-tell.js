// Says in place what needs another look, in the server's words, and what changed, politely.

const byId = (id) => document.getElementById(id);
let said = {};
export const listen = (words) => void (said = words);
export const say = (key, blanks = {}) => (said[key] ?? "").replace(/\{(\w+)\}/g, (blank, name) => blanks[name] ?? blank);
export const make = (tag, about = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), about);
  made.append(...inside);
  return made;
};

let told = null;
let later = 0;

/** Announced when a moment has passed, so that several changes are one message. */
export function announce(words) {
  told ??= document.body.appendChild(make("i", { role: "status" }));
  clearTimeout(later);
  const before = told.dataset.next;
  told.dataset.next = before ? `${before}. ${words}` : words;
  later = setTimeout(() => {
    told.textContent = told.dataset.next;
    delete told.dataset.next;
  }, 400);
}

/** One quiet line under the buttons: where the answers are. */
export function state(words) {
  const line = byId("kept") ?? document.querySelector(".go").appendChild(make("p", { id: "kept", className: "kept", role: "status" }));
  if (line.textContent !== words) line.textContent = words;
}

const askOf = (key) => {
  const field = byId(`q-${key}`);
  return (field?.closest(".q:not(.parts .q)") ?? document.querySelector(`[name="${key}"]`)?.closest(".q"))?.querySelector(".ask")?.textContent ?? key;
};
export const ask = askOf;
const nameOf = (key) => {
  const named = byId(`q-${key}-name`) ?? document.querySelector(`label[for="q-${key}"]`) ?? byId(`q-${key}`)?.querySelector(".ask");
  return (named?.querySelector(".ask") ?? named)?.textContent.trim() || key;
};

/** Where a refusal stands: beside its field, where the server would put it. */
function stand(note, field, key) {
  const beside = field.closest(".line");
  if (field.matches(".array-row")) return field.querySelector(".name").append(note);
  if (field.closest("table")) return field.closest("table").caption.append(note);
  if (beside?.closest(".fields, .beside")) return field.closest(".beside") ? beside.before(note) : beside.prepend(note);
  const box = field.closest(".q");
  const after = byId(`q-${key}-help`) ?? byId(`q-${key}-text`) ?? box.querySelector("legend, .legend");
  after.after(note);
}

/** Put the words of a refusal at its field, or take them away. */
export function mark(key, words) {
  const field = byId(`q-${key}`) ?? document.querySelector(`[name="${key}"]`);
  const id = `q-${key}-error`;
  const note = byId(id);
  if (!field || (note?.textContent ?? "") === words) return;
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  if (words) described.push(id);
  if (described.length) field.setAttribute("aria-describedby", described.join(" "));
  else field.removeAttribute("aria-describedby");
  if (field.matches("input:not([type=radio], [type=checkbox]), select, textarea")) field.toggleAttribute("aria-invalid", Boolean(words));
  if (field.hasAttribute("aria-invalid")) field.setAttribute("aria-invalid", "true");
  if (!words) return note.remove();
  if (field.matches("fieldset, .array-row")) field.tabIndex = -1;
  if (note) note.textContent = words;
  else stand(make("p", { id, className: "error", textContent: words }), field, key);
}

const wordsOf = ({ code, words, blanks }) => words || say(`errors.${code}`, blanks);

/** Show what is wrong with a question, and nothing that is right again. */
export function judged({ key, wrong, atoms }) {
  for (const each of new Set([key, ...atoms, ...wrong.keys()])) mark(each, wrong.has(each) ? wordsOf(wrong.get(each)) : "");
}

function link(key, text) {
  const made = make("a", { href: `#q-${key}`, textContent: text });
  made.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(key);
  });
  return made;
}

export function goTo(key) {
  const field = byId(`q-${key}`) ?? document.querySelector(`[name="${key}"]`);
  const inner = field?.matches("input, select, textarea") ? field : field?.querySelector("input:not([type=hidden], :disabled), select:not(:disabled), textarea");
  (inner ?? field)?.focus();
  field?.closest(".q")?.scrollIntoView({ block: "nearest" });
}

/** The summary above the form, as the server draws it; the focus goes to the first field it names. */
export function summarize(asked) {
  document.querySelector("main > .wrong")?.remove();
  const wrong = asked.filter((each) => each.wrong.size);
  if (!wrong.length) return false;
  const list = make("ul");
  for (const { key, wrong: refusals } of wrong) {
    const parts = [...refusals.keys()].filter((each) => each !== key);
    const line = make("li", {}, refusals.has(key) ? link(key, askOf(key)) : askOf(parts[0]));
    if (parts.length) line.append(make("ul", {}, ...parts.map((each) => make("li", {}, link(each, nameOf(each))))));
    list.append(line);
  }
  const box = make("div", { className: "wrong", role: "group" }, make("p", { id: "wrong", textContent: said.errors_title }), list);
  box.setAttribute("aria-labelledby", "wrong");
  document.querySelector("main form").before(box);
  const title = document.title.replace(new RegExp(`^${said.errors_title_page.replace("{title}", "")}`), "");
  document.title = say("errors_title_page", { title });
  goTo([...wrong[0].wrong.keys()][0]);
  return true;
}
