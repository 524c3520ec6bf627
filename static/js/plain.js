// Pages without the rail: the list of errors takes the focus.
"use strict";
document.querySelector("[data-focus]")?.focus();
