// A sample and sliders that change it: directions found without labels, attributes learnt, codes that mean something.
// The whole state is here: each request says where to start and how far to go.
import { ask, choice, h, latest, query, runPath } from "./dom.js";

const METHODS = [["sefa", "from the first layer's weights (SeFa)"], ["ganspace", "from what the first layer gives (GANSpace)"]];

// beside: what stands beside the picture; caption: of the picture.
export async function editor(run, beside = null, caption = "") {
  let place = null; // {pick}, or {latent, label}
  let method = "sefa";
  let amounts = [];
  let attributes = []; // {vector, amount, slider}
  let chosen = {}; // codes that the visitor set
  const picture = h("img", { class: "big", alt: "" });
  const reset = h("button", { onclick: () => clear() }, "Reset");
  const found = h("div", { class: "sliders" });
  const learnt = h("div", { class: "sliders" });
  const trouble = h("p", { class: "dim small", role: "status", hidden: true });
  const codes = (await ask(runPath(run.name, "/codes"))).map(codeControl);
  const show = latest(async () => {
    if (!place) return;
    const asked = { ...place, method, amounts, moves: attributes.map(({ vector, amount }) => ({ vector, amount })), codes: chosen };
    const answer = await ask(runPath(run.name, "/steer"), asked);
    picture.src = answer.images[0];
    for (const code of codes) code.set(answer.codes[code.name]);
  });

  function codeControl({ name, values, low, high }) {
    const change = (value) => { chosen = { ...chosen, [name]: Number(value) }; show(); };
    if (values) {
      const element = choice(name, Array.from({ length: values }, (_, i) => [i, i]), 0, change);
      return { name, element, set: (value) => (element.querySelector("select").value = String(value)) };
    }
    const made = slider(name, { min: low, max: high, step: (high - low) / 100 }, change);
    return { name, element: made.element, set: (value) => document.activeElement !== made.input && made.set(value) };
  }

  // The directions' own trouble is said beside them: the rest of the page works without.
  const find = latest(async () => {
    trouble.hidden = false;
    trouble.textContent = "Looking for directions …";
    found.replaceChildren();
    amounts = [];
    try {
      const { strength } = await ask(runPath(run.name, `/directions?${query({ method })}`));
      amounts = strength.map(() => 0);
      found.replaceChildren(...strength.map((share, i) => slider(`Direction ${i + 1}: ${(100 * share).toFixed(share < 0.01 ? 1 : 0)}% of the change`, {}, (value) => { amounts[i] = value; show(); }).element));
      trouble.hidden = true;
    } catch (error) {
      trouble.textContent = error.message;
    }
    if (place) await show();
  });

  function clear() {
    chosen = {};
    amounts = amounts.map(() => 0);
    for (const each of attributes) each.amount = 0;
    for (const input of element.querySelectorAll(".moves input")) input.value = "0";
    for (const output of element.querySelectorAll(".moves .value")) output.textContent = "0";
    show();
  }

  const element = h("div", { class: "stage" },
    h("div", { class: beside ? "view pair" : "view" }, beside, h("figure", {}, picture, caption ? h("figcaption", { class: "dim small" }, caption) : null), reset),
    h("div", {}, codes.length ? h("div", { class: "sliders" }, codes.map((code) => code.element)) : null, h("div", { class: "moves" }, learnt, found), trouble,
      choice("Directions", METHODS, method, (value) => { method = value; find(); }),
      h("p", { class: "dim small" }, "Sliders go three standard deviations of samples to both sides.")));
  find();
  return {
    element,
    // look: whether to bring the picture into view.
    begin(where, alt, look = true) {
      place = where;
      chosen = {};
      picture.alt = alt;
      if (look) picture.scrollIntoView({ block: "nearest" });
      return show();
    },
    // A direction that the page carries, in standard deviations, with a sentence on how sure it is.
    add(title, { vector, says }) {
      const one = { vector, amount: 0 };
      const made = slider(title, {}, (value) => { one.amount = value; show(); });
      const row = h("div", {}, made.element, h("p", { class: "dim small" }, says, " ", h("button", { class: "plain", onclick: () => { attributes = attributes.filter((each) => each !== one); row.remove(); reset.focus(); show(); } }, "Take it out")));
      attributes.push(one);
      learnt.append(row);
      made.input.focus();
    },
  };
}

function slider(title, range, onslide) {
  const output = h("span", { class: "value" }, "0"); // an <output> would take the label from the slider
  const input = h("input", { type: "range", min: String(range.min ?? -3), max: String(range.max ?? 3), step: String(range.step ?? 0.05), value: "0" });
  const tell = () => (output.textContent = String(Number(Number(input.value).toFixed(2))));
  input.addEventListener("input", () => { tell(); onslide(Number(input.value)); });
  return { element: h("label", {}, h("span", { class: "row between" }, title, output), input), input, set: (value) => { input.value = String(value); tell(); } };
}
