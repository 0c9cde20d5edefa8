// Ctrl+Enter runs what is typed; a mistake's place is where the cursor stands. Works without.
"use strict";

const field = document.getElementById("sql");

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    field.form.requestSubmit();
  }
});

for (const hint of document.querySelectorAll("[data-keys]")) hint.hidden = false;

if (field.dataset.line) {
  const before = field.value.split("\n").slice(0, Number(field.dataset.line) - 1);
  const start = before.reduce((sum, line) => sum + line.length + 1, 0);
  const at = start + Math.max(0, Number(field.dataset.column) - 1);
  field.focus();
  field.setSelectionRange(at, at);
} else if (!field.value.trim()) {
  field.focus();
}
