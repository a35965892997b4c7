// Measure: starts `saddle evaluate` in a process of its own and shows what it says.
import { ask, attempt, choice, h, runPath } from "./dom.js";

const EVERY = 2000; // milliseconds between looks

// ended(): called when numbers were added.
export function measure(run, ended) {
  const asked = { features: "auto", weights: "average" };
  const chosen = new Set();
  const ticks = h("div", { class: "checks" });
  const count = h("input", { type: "number", min: "2", max: "50000", placeholder: "as held out" });
  const status = h("p", { role: "status" });
  const said = h("pre", { class: "said", hidden: true, tabindex: "0", "aria-label": "What the evaluation says" });
  const go = h("button", { class: "primary", type: "submit" }, "Measure");
  let before = null;

  function show(now) {
    if (!ticks.children.length) ticks.append(...now.offered.map(tick));
    const measuring = now.state === "measuring";
    go.textContent = measuring ? "Stop" : "Measure";
    status.textContent = { never: "", measuring: "Measuring, in a process of its own: it goes on when this page closes.", measured: before === "measuring" ? "Measured: the numbers stand above." : "", failed: now.says }[now.state];
    const words = now.state === "failed" ? "" : now.says.trim();
    said.hidden = !words || (now.state === "measured" && before !== "measuring");
    if (said.textContent !== words) said.textContent = words;
    if (before === "measuring" && now.state === "measured") ended();
    before = now.state;
  }
  const tick = (metric) => h("label", { class: "check" }, h("input", { type: "checkbox", onchange: (event) => (event.target.checked ? chosen.add(metric) : chosen.delete(metric)) }), metric);

  async function look() {
    const now = await attempt(() => ask(runPath(run.name, "/measure")), "watch");
    if (!form.isConnected) return;
    if (now) show(now);
    if (!now || now.state === "measuring") setTimeout(look, EVERY);
  }
  async function start(event) {
    event.preventDefault();
    const stopping = before === "measuring";
    go.disabled = true;
    const sent = await attempt(() => (stopping ? ask(runPath(run.name, "/measure/stop"), {}) : ask(runPath(run.name, "/measure"), { ...asked, metrics: [...chosen], n: count.value ? Number(count.value) : null })));
    go.disabled = false;
    if (!sent) return scrollTo(0, 0);
    if (!stopping) before = "measuring";
    if (!stopping) look();
  }
  const form = h("form", { onsubmit: start }, h("fieldset", {}, h("legend", {}, "Measure"), h("p", { class: "small dim" }, "Tick some, or none for all that apply. Beside each stands its floor: real data against real data."), ticks,
    h("div", { class: "row" }, choice("Features", ["auto", "classifier", "pixels"].map((name) => [name, name]), "auto", (value) => (asked.features = value)),
      choice("Weights", [["average", "average"], ["raw", "raw"]], "average", (value) => (asked.weights = value)), h("label", {}, "Samples", count), go)), status, said);
  setTimeout(look);
  return form;
}
