// New run: a form made from the recipe's own config schema; only what was changed is sent.
import { ask, attempt, choice, h } from "./dom.js";

const TITLES = { recipe: "Recipe options", train: "Training options", data: "Data options" };

export async function newPage(main, name) {
  const all = await ask("/api/recipes");
  const known = all.groups.flatMap((group) => group.recipes.map((recipe) => recipe.name));
  const recipe = known.includes(name) ? name : "dcgan";
  const [form, runs] = await Promise.all([ask(`/api/recipes/${recipe}`), ask("/api/runs")]);
  const picker = h("select", { onchange: (event) => (location.hash = `#/new/${event.target.value}`) },
    all.groups.map((group) => h("optgroup", { label: group.title }, group.recipes.map((each) => h("option", { value: each.name, selected: each.name === recipe }, each.name)))));
  const basics = { data: all.data[0], length: "minutes" };
  const title = h("input", { value: free(recipe, runs.map((run) => run.name)), required: true, maxlength: "64", autocomplete: "off" });
  const amount = h("input", { type: "number", min: "0", step: "any", value: "2", required: true });
  const seed = h("input", { type: "number", min: "0", value: "0", required: true });
  const fields = Object.entries(form.options).map(([part, schema]) => [part, Object.entries(schema.properties ?? {}).map(([key, about]) => field(key, about, schema.$defs ?? {}))]);
  const go = h("button", { class: "primary", type: "submit" }, "Start training");

  async function start(event) {
    event.preventDefault();
    const options = {};
    const started = await attempt(async () => {
      for (const each of fields.flatMap(([, list]) => list)) if (each.changed()) options[each.key] = each.value();
      go.disabled = true;
      return ask("/api/runs", { recipe, name: title.value, data: basics.data, seed: Number(seed.value), [basics.length]: Number(amount.value), options });
    });
    go.disabled = false;
    if (started) location.hash = `#/run/${encodeURIComponent(started.name)}`;
    else window.scrollTo(0, 0);
  }

  main.append(h("h1", {}, "New run"), h("form", { onsubmit: start },
    h("fieldset", {}, h("legend", {}, "What"),
      h("p", {}, form.summary), h("p", { class: "small dim" }, `${form.paper}. Learns ${form.kinds.map((kind) => (kind === "image" ? "images" : kind)).join(" and ")}${form.labels ? ", labelled" : ""}.`),
      h("div", { class: "fields" }, h("label", {}, "Recipe", picker),
        choice("Data", all.data.map((source) => [source, source]), basics.data, (value) => (basics.data = value)),
        h("label", {}, "Name of the run", title),
        h("label", {}, "Train for", h("span", { class: "row tight" }, amount, lengths(basics))),
        h("label", {}, "Seed", seed)), h("p", {}, go)),
    fields.map(([part, list]) => h("fieldset", {}, h("legend", {}, TITLES[part]), h("div", { class: "fields" }, list.map((each) => each.element))))));
}

function lengths(basics) {
  const units = ["minutes", "steps", "images"].map((unit) => h("option", { value: unit }, unit));
  return h("select", { "aria-label": "Unit", onchange: (event) => (basics.length = event.target.value) }, units);
}

// The first of `dcgan`, `dcgan-2`, ... that no run has.
function free(name, taken) {
  for (let i = 1; ; i++) {
    const tried = i === 1 ? name : `${name}-${i}`;
    if (!taken.includes(tried)) return tried;
  }
}

// One option: its input, whether it differs from the default, and its value. What JSON schema has no input for is
// written as JSON, such as [64, 32].
function field(key, about, definitions) {
  const schema = about.$ref ? definitions[about.$ref.split("/").pop()] : about;
  const initial = about.default;
  const written = JSON.stringify(initial);
  let input;
  let value;
  if (schema.enum) {
    input = h("select", {}, schema.enum.map((each) => h("option", { value: String(each), selected: each === initial }, String(each))));
    value = () => schema.enum.find((each) => String(each) === input.value);
  } else if (schema.type === "boolean") {
    input = h("select", {}, [false, true].map((each) => h("option", { value: String(each), selected: each === initial }, each ? "yes" : "no")));
    value = () => input.value === "true";
  } else if (schema.type === "integer" || schema.type === "number") {
    const [low, high] = [schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum];
    input = h("input", { type: "number", step: schema.type === "integer" ? "1" : "any", min: low === undefined ? null : String(low), max: high === undefined ? null : String(high), value: String(initial), required: true });
    value = () => Number(input.value);
  } else if (schema.type === "string") {
    input = h("input", { value: initial });
    value = () => input.value;
  } else {
    input = h("input", { value: written, autocomplete: "off", spellcheck: "false" });
    value = () => {
      try {
        return JSON.parse(input.value);
      } catch {
        throw new Error(`${key}: ${input.value} cannot be read; write it like ${written}.`);
      }
    };
  }
  const element = h("label", {}, key, input, about.description ? h("span", { class: "help" }, about.description) : null);
  return { key, element, value, changed: () => JSON.stringify(value()) !== written };
}
