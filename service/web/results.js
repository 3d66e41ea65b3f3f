// The plots, in the colours that were chosen on the page.

import { byId } from "./dom.js";
import { themed } from "./pages/theme.js";

themed(byId("theme"));
document.documentElement.dataset.ready = "";
