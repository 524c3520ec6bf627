// Checks a field when it is left, in the words the server would use. The server decides on submit.
"use strict";
(() => {
  function wrong(input) {
    const validity = input.validity;
    if (validity.badInput || validity.typeMismatch) return "Write a number.";
    if (validity.valueMissing) return "This is needed.";
    if (validity.rangeUnderflow) return `Use at least ${input.min}.`;
    if (validity.rangeOverflow) return `Use at most ${input.max}.`;
    if (validity.stepMismatch) return "Use a whole number.";
    return "";
  }

  function show(input, message) {
    const field = input.closest(".field");
    field.querySelector("[data-check]")?.remove();
    field.classList.toggle("error", message !== "");
    input.setAttribute("aria-invalid", String(message !== ""));
    if (!message) return field.querySelector(`[id$="_error"]`)?.remove();
    if (field.querySelector(`[id$="_error"]`)) return;
    const line = document.createElement("p");
    line.className = "err";
    line.dataset.check = "";
    line.setAttribute("role", "alert");
    line.textContent = message;
    field.append(line);
  }

  // A message that appears while the pointer is down would move the button away from under it.
  let pressed = false;
  const waiting = [];
  function released() {
    pressed = false;
    window.setTimeout(() => {
      for (const input of waiting.splice(0)) show(input, wrong(input));
    });
  }

  document.addEventListener("pointerdown", () => (pressed = true), true);
  document.addEventListener("pointerup", released, true);
  document.addEventListener("pointercancel", released, true);
  document.addEventListener("focusout", (event) => {
    const input = event.target;
    if (!input.matches?.("main form[novalidate] :is(input.form-control, select.form-select)")) return;
    if (input.type === "file") return;
    if (pressed) waiting.push(input);
    else show(input, wrong(input));
  });
})();
