// What live games share: a form that starts and stops, moments as they come, and a film of those seen.
import { attempt, h, say, stream } from "./dom.js";
import { film } from "./film.js";

// fields: elements of the form; request(): path and body; draw(first, frame); about: put before a frame's words.
export function live(fields, request, draw, about = "") {
  const frames = [];
  let first = null;
  let fresh = true;
  let running = null;
  const said = h("p", { class: "dim", "aria-live": "off" });
  const status = h("p", { role: "status" });
  const go = h("button", { class: "primary", type: "submit" }, "Train");
  const seen = film((i) => { draw(first, frames[i]); said.textContent = `${about}${frames[i].says}`; }, (i) => `Step ${frames[i].step.toLocaleString("en")}`, 12);
  const stage = h("div", { hidden: true });

  function stop() {
    running?.abort();
  }
  // The first line is what stays the same; what an earlier game left is kept until then.
  function take(line) {
    if (!stage.isConnected) return stop();
    if (fresh) {
      [first, fresh] = [line, false];
      frames.length = 0;
      return;
    }
    frames.push(line);
    seen.set(frames.length, true);
    if (frames.length > 1) return;
    stage.hidden = false;
    seen.go(0);
    seen.toggle(true);
  }
  async function start(event) {
    event.preventDefault();
    if (running) return stop();
    const [path, body] = request();
    const mine = (running = new AbortController());
    window.addEventListener("hashchange", stop, { once: true });
    fresh = true;
    say("");
    go.textContent = "Stop";
    status.textContent = "Training …";
    const ended = await attempt(async () => (await stream(path, body, take, mine.signal), true));
    running = null;
    window.removeEventListener("hashchange", stop);
    seen.set(frames.length);
    go.textContent = "Train";
    const last = fresh || !frames.length ? "" : ` at step ${frames.at(-1).step.toLocaleString("en")}`;
    status.textContent = mine.signal.aborted ? `Stopped${last}: slide back over what was seen, or train anew.` : ended ? `Trained to its end${last}: slide back over what was seen.` : last ? `Ended${last}, for the reason above.` : "";
    if (!ended) scrollTo(0, 0);
  }
  const form = h("form", { onsubmit: start }, h("div", { class: "row" }, fields, go));
  return { form, status, stage, seen: seen.element, said };
}
