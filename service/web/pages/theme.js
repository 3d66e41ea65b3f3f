// Light, dark, or as the system has it.

import { recall, remember } from "./memory.js";

export function themed(select) {
  const show = (theme) => {
    document.documentElement.dataset.theme = theme;
  };
  select.value = recall("theme", "");
  show(select.value);
  select.addEventListener("change", () => {
    remember("theme", select.value);
    show(select.value);
  });
}
