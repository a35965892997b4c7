// A slider over moments, which can be played, and which may still be growing.
import { h } from "./dom.js";

// show(i) draws a moment, text(i) names it; rate: moments a second.
export function film(show, text, rate) {
  let [playing, growing, timer] = [false, false, 0];
  const name = h("span");
  const slide = h("input", { type: "range", min: "0", max: "0", value: "0", disabled: true, oninput: () => { toggle(false); look(); } });
  const button = h("button", { type: "button", disabled: true, onclick: () => toggle(!playing) }, "Play");
  const at = () => Number(slide.value);
  const end = () => Number(slide.max);

  function look() {
    name.textContent = text(at());
    show(at());
  }
  function go(index) {
    slide.value = String(index);
    look();
  }
  function toggle(on) {
    clearTimeout(timer);
    playing = on;
    button.textContent = on ? "Pause" : "Play";
    if (on && at() === end() && !growing) go(0);
    if (on) tick();
  }
  function tick() {
    timer = setTimeout(() => {
      if (!slide.isConnected) return;
      if (at() < end()) go(at() + 1);
      else if (!growing) return toggle(false);
      tick();
    }, 1000 / rate);
  }
  // So many moments there are now; `more` are to come.
  function set(count, more = false) {
    growing = more;
    slide.max = String(Math.max(0, count - 1));
    slide.disabled = button.disabled = count < 2;
  }
  return { element: h("div", { class: "course" }, button, h("label", {}, name, slide)), set, go, look, toggle, end };
}
