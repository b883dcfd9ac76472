// Guards before something is lost: the question before a heavy action, the warning before unsaved words go.

/** Forms with data-confirm ask in the page's one dialog first. */
export function startConfirm() {
  const dialog = document.getElementById("confirm");
  if (!dialog?.showModal) return;
  let asking = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    asking = { form, button: event.submitter };
    dialog.querySelector("#confirm-title").textContent = form.dataset.confirm;
    dialog.querySelector("#confirm-text").textContent = form.dataset.confirmText ?? "";
    dialog.querySelector("#confirm-yes").textContent = form.dataset.confirmYes ?? "Go on";
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector('[value="no"]').focus();
  });
  dialog.addEventListener("close", () => {
    if (!asking) return;
    const { form, button } = asking;
    asking = null;
    if (dialog.returnValue !== "yes") return button?.focus();
    form.dataset.confirmed = "yes";
    form.requestSubmit(button);
    delete form.dataset.confirmed;
  });
}

const dirty = new Set();

function warn(event) {
  for (const form of dirty) if (!form.isConnected) dirty.delete(form);
  if (dirty.size) event.preventDefault();
}

/** Forms with data-dirty warn before the page is left with words that were not saved. */
export function startDirtyForms(root) {
  for (const form of root.querySelectorAll("form[data-dirty]:not([data-watched])")) {
    form.dataset.watched = "yes";
    form.addEventListener("input", () => {
      if (!dirty.size) window.addEventListener("beforeunload", warn);
      dirty.add(form);
    });
    form.addEventListener("submit", () => {
      dirty.delete(form);
      if (!dirty.size) window.removeEventListener("beforeunload", warn);
    });
  }
}
