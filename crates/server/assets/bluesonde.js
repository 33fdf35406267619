// Everything on these pages works without this file. It only saves steps: copying, finding, telling time.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const say = (text) => {
  const status = byId("status");
  status.textContent = "";
  // A cleared and refilled live region is read again even when the words are the same.
  requestAnimationFrame(() => (status.textContent = text));
};

// Secrets that are shown once: leaving asks first, until each has been copied or downloaded.
const unsaved = new Set(all("[data-secret]").map((field) => field.id));
addEventListener("beforeunload", (event) => unsaved.size && event.preventDefault());
for (const field of all("[data-secret]")) {
  field.addEventListener("focus", () => field.select());
  field.addEventListener("copy", () => unsaved.delete(field.id));
}

// Whoever says that it is stored has no need to be asked.
for (const link of all("[data-stored]")) link.addEventListener("click", () => unsaved.clear());

const textOf = (source) => ("value" in source ? source.value : source.textContent);
const copy = async (source) => {
  try {
    return await navigator.clipboard.writeText(textOf(source));
  } catch {
    // Missing on plain http beyond loopback, or not permitted: the selection still copies, or waits for Ctrl+C.
  }
  if (source.select) source.select();
  else getSelection().selectAllChildren(source);
  if (!document.execCommand("copy")) throw new Error("copy refused");
};

for (const button of all("[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(byId(button.dataset.copy));
      unsaved.delete(button.dataset.copy);
      button.textContent = "Copied";
      say("Copied");
    } catch {
      say("The text is selected: copy it with your keyboard");
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
}

for (const button of all("[data-download]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const source = byId(button.dataset.from);
    const lines = `${button.dataset.download}=${textOf(source)}\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines], { type: "text/plain" }));
    link.download = "bluesonde.env";
    link.click();
    URL.revokeObjectURL(link.href);
    unsaved.delete(source.id);
    say("Downloaded bluesonde.env");
  });
}

// Ticks that somebody made before going back to "all devices" must not be sent: what is ticked is what counts.
for (const radio of all('input[name="devices"]')) {
  const list = radio.form.querySelector(".picker");
  const settle = () => (list.disabled = radio.form.elements.devices.value === "all");
  radio.addEventListener("change", settle);
  settle();
}

for (const search of all("[data-filter]")) {
  const choices = all(".choice", byId(search.dataset.filter));
  search.closest("[hidden]").hidden = false;
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const choice of choices) choice.hidden = !choice.textContent.toLowerCase().includes(wanted);
    say(`${choices.filter((choice) => !choice.hidden).length} of ${choices.length} shown`);
  });
  // Enter in a search box must not send the form around it.
  search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}

for (const button of all("[data-tick]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = all("input[type=checkbox]", button.closest("fieldset"));
    for (const box of boxes) box.checked = box.dataset.kind === button.dataset.tick;
  });
}

const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const spans = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
for (const time of all("time[data-relative]")) {
  const away = (Date.parse(time.dateTime) - Date.now()) / 1000;
  const [unit, seconds] = spans.find(([, size]) => Math.abs(away) >= size) ?? spans[3];
  if (Math.abs(away) > 30 * 86400) continue;
  time.title = time.textContent;
  time.textContent = words.format(Math.trunc(away / seconds), unit);
}

// After a refused form, start where the list of mistakes is.
byId("mistakes")?.focus();
