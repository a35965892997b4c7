// Judge: the numbers with their protocol, nearest training images, and a quiz: real or generated?
import { ask, attempt, h, number, runPath } from "./dom.js";
import { modelPicker } from "./generate.js";
import { measure } from "./measure.js";
import { neighbours } from "./neighbours.js";

export async function judgePage(main, name) {
  const { run, picker } = await modelPicker("judge", name);
  const about = await ask(runPath(run.name));
  const table = h("div", {}, metrics(about));
  const refresh = () => attempt(async () => table.replaceChildren(...metrics(await ask(runPath(run.name)))));
  main.append(h("h1", {}, "Judge"), h("div", { class: "row" }, picker), h("h2", {}, "Metrics"), table, measure(run, refresh));
  if (run.spec.kind === "image") main.append(h("h2", {}, "Nearest training images"), neighbours(run), h("h2", {}, "Real or generated?"), quiz(run));
}

function metrics(run) {
  if (!run.metrics.length) return [h("p", { class: "dim" }, "Nothing was measured yet.")];
  // The floor of a number follows it in the log.
  const rows = run.metrics.map((line, i) => [line, run.metrics[i + 1]]).filter(([line]) => !line.metric.endsWith("_floor")).reverse()
    .map(([line, next]) => h("tr", {}, h("td", {}, line.metric), value(line), value(next?.metric === `${line.metric}_floor` ? next : null),
      h("td", { class: "number" }, line.protocol?.n?.toLocaleString("en") ?? ""), h("td", { class: "number" }, line.images.toLocaleString("en")),
      h("td", {}, h("details", {}, h("summary", {}, line.protocol?.features ?? "protocol"), h("dl", {}, Object.entries(line.protocol ?? {}).map(([key, about]) => [h("dt", { class: "dim" }, key), h("dd", {}, typeof about === "object" ? JSON.stringify(about) : String(about))]))))));
  const titles = ["metric", "value", "floor", "n", "images seen", "protocol"].map((title) => h("th", {}, title));
  return [h("div", { class: "scroll" }, h("table", { class: "metrics" }, h("thead", {}, h("tr", {}, titles)), h("tbody", {}, rows)))];
}

function value(line) {
  const known = line?.error !== null && line?.error !== undefined;
  return h("td", { class: "number" }, line ? `${number(line.value)}${known ? ` ± ${number(line.error)}` : ""}` : "");
}

function quiz(run) {
  const total = { right: 0, asked: 0 };
  const place = h("div", {}, h("button", { class: "primary", onclick: () => round() }, "Start"));
  async function round() {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const cards = await attempt(() => ask(runPath(run.name, `/quiz?seed=${seed}&n=12`)));
    if (cards) turn(cards, 0);
  }
  function turn(cards, i, verdict = "") {
    const score = total.asked ? `${total.right} of ${total.asked} right; guessing gives half.` : "Half are real, more or less. The real ones were held out from training.";
    if (i === cards.images.length) {
      place.replaceChildren(h("p", { role: "status" }, verdict, " ", score), h("button", { class: "primary", onclick: () => round() }, "Another round"));
      place.querySelector("button").focus();
      return;
    }
    const guess = (real) => () => {
      const right = cards.real[i] === real;
      total.asked += 1;
      total.right += right;
      turn(cards, i + 1, `${right ? "Right" : "Wrong"}: that was ${cards.real[i] ? "real" : "generated"}.`);
    };
    const buttons = [h("button", { onclick: guess(true) }, "Real"), h("button", { onclick: guess(false) }, "Generated")];
    const kept = document.activeElement?.textContent === "Generated" ? 1 : 0;
    place.replaceChildren(h("p", { role: "status" }, verdict, " ", score), h("img", { class: "big", src: cards.images[i], alt: `Picture ${i + 1} of ${cards.images.length}` }), h("p", { class: "row" }, buttons));
    buttons[kept].focus();
  }
  return place;
}
