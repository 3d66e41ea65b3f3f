// The page's one desk: knows what is on the stage, and puts the next thing there.

import { EXAMPLES } from "./ask/examples.js";
import { Form, written } from "./ask/form.js";
import { offerModels } from "./ask/models.js";
import { Solutions } from "./ask/solutions.js";
import { byId, el } from "./dom.js";
import { idsInAddress } from "./pages/address.js";
import { ComparePage } from "./pages/compare.js";
import { JudgePage } from "./pages/judge.js";
import { Recent } from "./pages/recent.js";
import { RefinePage } from "./pages/refine.js";
import { themed } from "./pages/theme.js";
import { failurePanel, wantsKey } from "./run/failure.js";
import { standing } from "./run/head.js";
import { Gateway } from "./wire/http.js";

const PAGES = { refine: RefinePage, compare: ComparePage, judge: JudgePage };
const VERBS = { refine: "Refine", compare: "Compare", judge: "Judge" };

const form = new Form(byId("ask"));
const solutions = new Solutions(byId("solutions"), byId("solution-add"));
const gateway = new Gateway(() => form.key());
let current = null;
const told = new Set();

const desk = {
  form,
  gateway,
  tell(text) {
    byId("status").textContent = text;
  },
  heard({ event }, refinement, whose = "") {
    if (!event.endsWith(".delta") && event !== "heartbeat") desk.tell(whose + standing(refinement));
    if (refinement.models !== null) told.add(refinement.notice);
    if (told.size) notice([...told].filter(Boolean));
  },
  // What a link's refinement was asked is put into the form, to go on from.
  asked(request) {
    form.fill({ ...request, tests: written(request.tests), seed: request.sampling.seed });
  },
};

async function put(page, work) {
  current?.leave();
  current = page;
  told.clear();
  form.forgive();
  byId("stage").replaceChildren(page.element);
  if (byId("stage").getBoundingClientRect().top > innerHeight) byId("results").scrollIntoView();
  byId("halt").hidden = false;
  byId("halt").disabled = false;
  try {
    await work(page);
  } catch (error) {
    const { ids } = page;
    const again = ids.length ? (next) => next.open(ids) : work; // what still runs is not begun twice
    if (current === page) failed(error, page, () => put(new page.constructor(desk), again));
  } finally {
    if (current === page) byId("halt").hidden = !page.ids.length;
  }
}

function failed(error, page, again) {
  const fields = form.complain(error.fields ?? []);
  // All said at the fields: the stage has nothing to add.
  if (error.fields?.length && !fields.length) {
    byId("stage").replaceChildren(el("p", { class: "hint" }, "The form has to be put right first."));
    desk.tell("The form has to be put right first.");
    return;
  }
  page.element.classList.remove("live");
  byId("stage").prepend(failurePanel(error, again));
  if (wantsKey(error)) form.openKey().focus();
}

function notice(texts) {
  byId("notice").textContent = texts.join(" ");
  byId("notice").hidden = !texts.length;
}

async function offer() {
  try {
    notice(await offerModels(gateway, form));
    showMode();
  } catch (error) {
    if (!wantsKey(error)) byId("stage").prepend(failurePanel(error, () => location.reload()));
    else if (form.key() === null) form.openKey();
    else notice([error.title]); // at the field it would take the focus from who types on
  }
}

function showMode() {
  form.showMode();
  byId("go").textContent = VERBS[form.mode];
  byId("one-critic").hidden = form.mode !== "compare" || byId("one-critic").dataset.needed !== "yes";
}

function openAddress() {
  const ids = idsInAddress();
  if (!ids.length) return;
  form.setMode(ids.length > 1 ? "compare" : "refine");
  showMode();
  put(new PAGES[form.mode](desk), (page) => page.open(ids));
}

function pickExample({ target }) {
  const example = EXAMPLES[target.value];
  if (example === undefined) return;
  form.fill({ problem: example.problem, entry_point: example.entry_point, tests: written(example.tests), solution: "" });
  solutions.fill(example.solutions);
  form.forgive();
}

byId("example").append(...EXAMPLES.map((example, place) => el("option", { value: `${place}` }, example.name)));
byId("example").addEventListener("change", pickExample);
form.element.addEventListener("submit", (event) => {
  event.preventDefault();
  put(new PAGES[form.mode](desk), (page) => page.begin());
});
for (const radio of form.element.elements.mode) radio.addEventListener("change", showMode);
form.element.elements.key.addEventListener("change", offer);
byId("halt").addEventListener("click", async ({ currentTarget }) => {
  currentTarget.disabled = true;
  await current?.stop().catch((error) => {
    currentTarget.disabled = false;
    byId("stage").prepend(failurePanel(error));
  });
});
addEventListener("popstate", openAddress);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address keeps its link
  byId("results").focus();
});

themed(byId("theme"));
new Recent(gateway);
showMode();
await offer();
openAddress();
document.documentElement.dataset.ready = "";
