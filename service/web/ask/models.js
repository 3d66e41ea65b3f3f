// Which models there are to choose from.

import { byId, el } from "../dom.js";

export async function offerModels(gateway, form) {
  const { data } = await gateway.json("/v1/models");
  const of = (role) => data.filter((model) => model.role === role || model.role === "any");
  const { generator, critic, other_critic: other } = form.element.elements;
  offer(generator, of("generator"));
  offer(critic, of("critic"));
  offer(other, of("critic"));
  const second = of("critic").find((model) => model.name !== critic.value);
  if (second) other.value = second.name;
  byId("one-critic").dataset.needed = second ? "" : "yes";
  return [...new Set(data.map((model) => model.notice).filter(Boolean))];
}

function offer(select, models) {
  const kept = select.value;
  select.replaceChildren(...models.map((model) => el("option", { value: model.name, selected: model.default }, model.name)));
  if (models.some((model) => model.name === kept)) select.value = kept;
}
