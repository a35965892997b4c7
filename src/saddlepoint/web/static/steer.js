// Steer: move a sample along directions, add and subtract samples, learn an attribute from marks or classes.
import { ask, attempt, choice, h, latest, query, runPath } from "./dom.js";
import { modelPicker } from "./generate.js";
import { editor } from "./sliders.js";
import { trays } from "./trays.js";

const PRESS = { steer: "steers it", a: "puts it in A", b: "in B", c: "in C", has: "marks it: has it", lacks: "has it not" };
const GROUPS = { a: "A", b: "B", c: "C", has: "Have it", lacks: "Have it not" };

export async function steerPage(main, name) {
  const { run, picker } = await modelPicker("steer", name, (each) => each.can.includes("latent") && each.spec.kind === "image", "has a latent to steer in");
  const images = new Map(); // pick -> image, of all samples seen
  let seed = 0;
  let label = "";
  let current = "";
  const stage = await editor(run);
  const wall = h("div", { class: "wall", role: "group", "aria-label": "Samples" });
  const kept = trays(GROUPS, images, () => { mark(); add(); teach.disabled = !(kept.picks("has") && kept.picks("lacks")); });
  const presses = h("fieldset", { class: "presses" }, h("legend", {}, "A press on a sample"),
    Object.entries(PRESS).map(([key, text]) => h("label", { class: "check" }, h("input", { type: "radio", name: "press", value: key, checked: key === "steer", onchange: () => mark() }), text)));
  const meant = () => presses.querySelector("input:checked").value;

  function mark() {
    for (const button of wall.children) button.setAttribute("aria-pressed", String(meant() === "steer" ? button.value === current : kept.has(meant(), button.value)));
  }
  function press(pick, look = true) {
    if (meant() !== "steer") return kept.toggle(meant(), pick);
    current = pick;
    mark();
    stage.begin({ pick }, `Sample ${pick}, steered`, look);
  }
  const fill = latest(async () => {
    const drawn = await ask(runPath(run.name, `/generate?${query({ seed, n: 24, label })}`));
    drawn.picks.forEach((pick, i) => images.set(pick, drawn.images[i]));
    wall.replaceChildren(...drawn.picks.map((pick, i) => h("button", {
      value: pick, draggable: true, title: `${pick}${drawn.labels ? `, class ${drawn.labels[i]}` : ""}`, onclick: () => press(pick),
      ondragstart: (event) => event.dataTransfer.setData("text/plain", pick),
    }, h("img", { src: drawn.images[i], alt: `Sample ${pick}`, draggable: false }))));
    if (!current) press(drawn.picks[0], false);
    mark();
  });

  // A - B + C and its neighbours.
  let neighbours = 0;
  const nine = h("div", { class: "nine", role: "group", "aria-label": "A - B + C in the middle of its neighbours" });
  const others = h("button", { hidden: true, onclick: () => { neighbours += 1; add(); } }, "Other neighbours");
  const add = latest(async () => {
    const asked = { a: kept.picks("a"), b: kept.picks("b"), c: kept.picks("c"), seed: neighbours };
    others.hidden = nine.hidden = !(asked.a && asked.b && asked.c);
    if (nine.hidden) return;
    const sum = await ask(runPath(run.name, "/sum"), asked);
    nine.replaceChildren(...sum.images.map((image, i) => {
      const title = i === 4 ? "A - B + C" : `Neighbour ${i < 4 ? i + 1 : i}`;
      const take = () => { current = "sum"; mark(); stage.begin({ latent: sum.latents[i], label: sum.label }, `${title}, steered`); };
      return h("button", { title: `${title}: press to steer it`, onclick: take }, h("img", { src: image, alt: title }));
    }));
  });

  // Attributes.
  const title = h("input", { value: "my attribute", maxLength: 40 });
  const learn = async (button, path, asked, named) => {
    button.disabled = true;
    button.textContent = "Learning …";
    const answer = await attempt(() => ask(runPath(run.name, `/attribute/${path}`), asked()));
    button.disabled = false;
    button.textContent = "Learn";
    if (answer) stage.add(named(), answer);
  };
  const teach = h("button", { disabled: true, onclick: () => learn(teach, "marks", () => ({ has: kept.picks("has"), lacks: kept.picks("lacks") }), () => title.value || "my attribute") }, "Learn");
  const conditional = run.can.includes("conditional");

  main.append(h("h1", {}, "Steer"), h("div", { class: "row" }, picker), stage.element,
    presses, wall,
    h("div", { class: "row" }, h("button", { onclick: () => { seed += 1; fill(); } }, "Other samples"),
      conditional ? choice("Class", [["", "each in turn"], ...run.spec.classes.map((text, i) => [i, text])], "", (value) => { label = value; fill(); }) : null),
    h("h2", {}, "A - B + C"),
    h("p", { class: "dim" }, "A smiling woman, less a woman who does not smile, and a man: a smiling man? Put samples in each, which counts as the mean of its latents: three do better than one, whose sum lies further out than samples do."),
    h("div", { class: "trays" }, kept.elements("a", "b", "c")), nine, others,
    h("h2", {}, "An attribute of your own"),
    h("p", { class: "dim" }, "Mark samples that have something and samples that have it not: glasses, a slant, a beard. With ten of each the direction is learnt and judged on marks held out; with fewer it is the difference of the means."),
    h("div", { class: "trays" }, kept.elements("has", "lacks")), h("div", { class: "row" }, h("label", {}, "Name", title), teach),
    ...byClasses(run, learn));
  add();
  await fill();
}

function byClasses(run, learn) {
  const names = run.spec.classes;
  if (!run.can.includes("encodes") || names.length < 2) return [];
  const asked = { has: 0, lacks: 1 };
  const options = names.map((text, i) => [i, text]);
  const button = h("button", { onclick: () => learn(button, "classes", () => asked, () => `${names[asked.has]}, not ${names[asked.lacks]}`) }, "Learn");
  return [h("h2", {}, "An attribute from the training data"), h("p", { class: "dim" }, "This model encodes images, so a direction can be learnt from two classes of those that it was trained on."),
    h("div", { class: "row" }, choice("Has it", options, 0, (value) => (asked.has = Number(value))), choice("Has it not", options, 1, (value) => (asked.lacks = Number(value))), button)];
}
