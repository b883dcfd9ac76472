// Before the first paint: says that scripts run, and sets the chosen theme; without a choice the device decides.
(function () {
  document.documentElement.dataset.scripts = "yes";
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be closed to us (private windows); the device's theme is right then.
  }
})();
