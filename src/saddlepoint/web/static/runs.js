// Runs: all of them, one of them, two beside each other; live while the page is looked at.
import { ask, attempt, count, h, number, runPath, state } from "./dom.js";
import { chart } from "./chart.js";

const EVERY = 3000; // milliseconds between looks
const SHARE = 20; // a look may take one part in so many of the time: a training beside the page needs the rest
const SELDOM = 30000;

// Calls `look` now and then, not while the page is hidden; ends when `place` has left the page.
function live(place, look) {
  let timer = 0;
  const again = async () => {
    if (!place.isConnected) return;
    const start = performance.now();
    if (!document.hidden) await attempt(look, "watch");
    timer = setTimeout(again, Math.min(SELDOM, Math.max(EVERY, SHARE * (performance.now() - start))));
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && place.isConnected) {
      clearTimeout(timer);
      again();
    }
  });
  again();
}

export function runsPage(main) {
  const chosen = new Set();
  const compare = h("a", { class: "button", hidden: true }, "Compare the two");
  const list = h("ul", { class: "cards" });
  main.append(h("div", { class: "row middle between" }, h("h1", {}, "Runs"), compare), list);
  let shown = "";
  live(list, async () => {
    const runs = await ask("/api/runs");
    if (JSON.stringify(runs) === shown) return;
    shown = JSON.stringify(runs);
    const focused = document.activeElement?.id;
    const cards = runs.map((run) => card(run, chosen, compare));
    list.replaceChildren(...(cards.length ? cards : [h("li", { class: "dim" }, "There is no run here yet. ", h("a", { href: "#/new" }, "Start one"))]));
    if (focused) document.getElementById(focused)?.focus();
  });
}

function card(run, chosen, compare) {
  const link = h("a", { href: `#/run/${encodeURIComponent(run.name)}`, id: `open ${run.name}` }, run.name);
  const head = h("div", { class: "row middle between" }, h("h2", {}, link), state(run));
  if (!run.recipe) return h("li", { class: "card" }, head, run.says);
  const tick = h("input", {
    type: "checkbox", id: `compare ${run.name}`, checked: chosen.has(run.name),
    onchange: (event) => {
      if (event.target.checked) chosen.add(run.name);
      else chosen.delete(run.name);
      compare.hidden = chosen.size !== 2;
      compare.href = `#/compare/${[...chosen].map(encodeURIComponent).join("/")}`;
    },
  });
  return h("li", { class: "card" }, head, newest(run),
    h("div", { class: "small" }, `${run.recipe} on ${run.data.split("/").pop()}`),
    progress(run), losses(run), run.says ? h("div", { class: "small dim" }, run.says) : null,
    h("label", { class: "check" }, tick, "compare"));
}

function newest(run) {
  if (!run.picture) return h("div", { class: "thumb none" }, "no samples yet");
  return h("img", { class: "thumb", loading: "lazy", src: runPath(run.name, `/samples/${run.picture}`), alt: `Newest samples of ${run.name}` });
}

function progress(run) {
  const text = `${count(run.images)} images, ${Math.round(run.fraction * 100)}% of ${run.budget}`;
  return h("div", { class: "small dim" }, h("progress", { value: run.fraction, max: 1, "aria-label": text }), text);
}

function losses(run) {
  const text = Object.entries(run.losses).map(([player, value]) => `${player} ${number(value)}`).join(", ");
  return text ? h("div", { class: "small dim" }, text) : null;
}

export function runPage(main, name) {
  const place = h("div");
  main.append(h("h1", {}, name), place);
  follow(place, name);
}

export function comparePage(main, ...names) {
  const places = names.map(() => h("div"));
  main.append(h("h1", {}, `${names.join(" and ")}`), h("div", { class: "two" }, names.map((name, i) => h("section", {}, h("h2", {}, name), places[i]))));
  names.forEach((name, i) => follow(places[i], name));
}

// Keeps one run's facts, pictures and curves up to date; the picture looked at stays unless it was the newest.
function follow(place, name) {
  let shown = "";
  let at = null;
  live(place, async () => {
    const run = await ask(runPath(name));
    if (JSON.stringify(run) === shown) return;
    shown = JSON.stringify(run);
    const open = [...place.querySelectorAll("details")].map((part) => part.open);
    const focused = document.activeElement?.id;
    place.replaceChildren(...whole(run, at, (index) => (at = index)));
    place.querySelectorAll("details").forEach((part, i) => (part.open = open[i] ?? false));
    if (focused && place.querySelector(`[id="${CSS.escape(focused)}"]`)) document.getElementById(focused).focus();
  });
}

function whole(run, at, moved) {
  const head = [h("div", { class: "row middle" }, state(run), h("span", {}, run.says), actions(run))];
  if (!run.recipe) return head;
  return [
    ...head, progress(run), links(run), h("div", { class: "two" }, film(run, at, moved), h("div", {}, curves(run))),
    h("details", {}, h("summary", {}, "Config and environment"), table({ recipe: run.recipe, data: run.data, ...run.config.recipe, ...run.config.train, ...run.config.data, ...run.facts })),
  ];
}

function curves(run) {
  const made = Object.entries(run.curves).map(([term, lines]) => chart(term, lines));
  return made.length ? made : h("p", { class: "dim" }, "Nothing is logged yet.");
}

// What can be done to a run as it is: the server decides, and says why not.
function actions(run) {
  const act = (title, action) => h("button", { id: `${action} ${run.name}`, onclick: (event) => { event.target.disabled = true; attempt(() => ask(runPath(run.name, `/${action}`), {})); } }, title);
  if (run.state === "training" || run.state === "starting") return act("Stop", "stop");
  if (run.state === "stopped" || run.state === "ended") return act("Resume", "resume");
  if (run.state === "failed") return h("button", { onclick: async () => { if (await attempt(() => ask(runPath(run.name, "/forget"), {}))) location.hash = "#/runs"; } }, "Dismiss");
  return null;
}

function links(run) {
  if (!run.checkpoints.length) return h("p", { class: "dim small" }, "Generating needs a checkpoint, and there is none yet.");
  return h("p", { class: "row" }, h("a", { class: "button", href: `#/generate/${encodeURIComponent(run.name)}` }, "Generate"),
    run.can.includes("latent") && run.spec.kind === "image" ? h("a", { class: "button", href: `#/walk/${encodeURIComponent(run.name)}` }, "Walk") : null,
    h("a", { class: "button", href: `#/judge/${encodeURIComponent(run.name)}` }, "Judge"));
}

function film(run, at, moved) {
  if (!run.pictures.length) return h("p", { class: "dim" }, "No samples were drawn yet.");
  const last = run.pictures.length - 1;
  const picture = h("img", { class: "big" });
  const text = h("span");
  const show = (index) => {
    const file = run.pictures[index];
    picture.src = runPath(run.name, `/samples/${file}`);
    picture.alt = `Samples of ${run.name} after ${count(parseInt(file, 10))} images`;
    text.textContent = `Samples after ${count(parseInt(file, 10))} images`;
  };
  const slide = h("input", {
    type: "range", id: `film ${run.name}`, min: "0", max: String(last), value: String(Math.min(at ?? last, last)), disabled: last === 0,
    oninput: (event) => {
      const index = Number(event.target.value);
      moved(index === last ? null : index);
      show(index);
    },
  });
  show(Math.min(at ?? last, last));
  return h("div", { class: "film" }, picture, h("label", {}, text, slide));
}

function table(values) {
  const flat = Object.entries(values).map(([key, value]) => h("tr", {}, h("th", {}, key), h("td", {}, typeof value === "object" ? JSON.stringify(value) : String(value))));
  return h("table", {}, h("tbody", {}, flat));
}
