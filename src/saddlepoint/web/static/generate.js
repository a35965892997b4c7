// Generate: a wall of samples by seed; favourites are kept by their names, so the address holds all of the state.
import { ask, choice, h, latest, query, runPath } from "./dom.js";

// The run that a page is about, among those that have a checkpoint and `suits`; `what` says what such a run has.
export async function modelPicker(page, name, suits = () => true, what = "has a checkpoint") {
  const runs = (await ask("/api/runs")).filter((run) => run.checkpoints?.length && suits(run));
  if (!runs.length) throw new Error(`There is no run here yet that ${what}.`);
  if (name && !runs.some((each) => each.name === name)) throw new Error(`There is no run ${name} here that ${what}.`);
  const run = runs.find((each) => each.name === name) ?? runs[0];
  const go = (key) => (location.hash = `#/${page}/${encodeURIComponent(key)}`);
  return { run, runs, picker: choice("Run", runs.map((each) => [each.name, each.name]), run.name, go) };
}

export async function generatePage(main, name) {
  const { run, picker } = await modelPicker("generate", name);
  const asked = { seed: 0, n: 24, label: "", psi: 1, weights: "average", checkpoint: "latest" };
  const favourites = new Map(); // pick -> {image, label}
  const wall = h("div", { class: "wall", role: "group", "aria-label": "Samples; press one to keep it" });
  const tray = h("section", { hidden: true });
  const shared = () => ({ psi: asked.psi, weights: asked.weights, checkpoint: asked.checkpoint });

  const show = latest(async () => {
    wall.classList.add("busy");
    try {
      const drawn = await ask(runPath(run.name, `/generate?${query(asked)}`));
      const points = run.spec.kind === "points";
      wall.classList.toggle("wide", points);
      wall.replaceChildren(...drawn.images.map((image, i) => (points ? h("img", { src: image, alt: "Density of the samples" }) : tile(image, drawn.picks[i], drawn.labels?.[i]))));
      sheet.href = runPath(run.name, `/sheet.png?${query(asked)}`);
    } finally {
      wall.classList.remove("busy");
    }
  });
  const tile = (image, pick, label) =>
    h("button", {
      "aria-pressed": String(favourites.has(pick)), title: `${pick}${label ? `, class ${label}` : ""}`,
      onclick: (event) => {
        if (!favourites.delete(pick)) favourites.set(pick, { image, label });
        event.currentTarget.setAttribute("aria-pressed", String(favourites.has(pick)));
        showTray();
      },
    }, h("img", { src: image, alt: `Sample ${pick}` }), label ? h("small", {}, label) : null);

  function showTray() {
    tray.hidden = !favourites.size;
    const picks = query({ picks: [...favourites.keys()].join(","), ...shared() });
    const kept = [...favourites].map(([pick, { image, label }]) => tile(image, pick, label));
    const latents = run.can.includes("latent") ? h("a", { class: "button", href: runPath(run.name, `/latents.npy?${picks}`) }, "Latents (.npy)") : null;
    tray.replaceChildren(h("h2", {}, `Favourites (${favourites.size})`), h("div", { class: "wall" }, kept),
      h("div", { class: "row" }, h("a", { class: "button", href: runPath(run.name, `/sheet.png?${picks}`) }, "Grid (.png)"), latents,
        h("button", { onclick: () => { favourites.clear(); showTray(); show(); } }, "Clear")));
  }

  const set = (key) => (value) => { asked[key] = value; show(); };
  const seed = h("input", { type: "number", min: "0", value: "0", oninput: () => set("seed")(Math.max(0, Math.floor(Number(seed.value) || 0))) });
  const step = (by) => { seed.value = String(Math.max(0, asked.seed + by)); set("seed")(Number(seed.value)); };
  const classes = run.can.includes("conditional") ? choice("Class", [["", "each in turn"], ...run.spec.classes.map((text, i) => [i, text])], "", set("label")) : null;
  const sheet = h("a", { class: "button" }, "Grid (.png)");
  main.append(
    h("h1", {}, "Generate"),
    h("div", { class: "row" }, picker, h("div", { class: "row tight" }, h("label", {}, "Seed", seed),
        h("button", { onclick: () => step(-1), "aria-label": "Previous seed" }, "◀"), h("button", { onclick: () => step(1), "aria-label": "Next seed" }, "▶")),
      choice("Samples", [12, 24, 64].map((n) => [n, n]), 24, set("n")), classes,
      choice("Weights", [["average", "average"], ["raw", "raw"]], "average", set("weights")),
      choice("Checkpoint", [["latest", "latest"], ...run.checkpoints.map((images) => [images, `${images} images`])], "latest", set("checkpoint")), sheet),
    truncation(run, set("psi")), wall, tray);
  await show();
}

function truncation(run, set) {
  if (!run.can.includes("latent") || run.spec.kind !== "image") return null;
  const text = h("span", {}, "Truncation: 1 (none)");
  return h("label", {}, text, h("input", {
    type: "range", min: "0", max: "1", step: "0.05", value: "1",
    oninput: (event) => {
      text.textContent = `Truncation: ${event.target.value}${event.target.value === "1" ? " (none)" : ""}`;
      set(event.target.value);
    },
  }));
}
