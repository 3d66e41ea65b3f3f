// Compares and colours beside the page, so that a program of a megabyte does not hold it up.

import { sheet } from "./sheet.js";

addEventListener("message", ({ data: { number, order } }) => {
  postMessage({ number, made: sheet(order) });
});
