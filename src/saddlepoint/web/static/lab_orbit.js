// Orbit: six ways of playing v(a, b) = ab.
import { ask, h, latest, query } from "./dom.js";
import { COLOURS } from "./chart.js";
import { film } from "./film.js";
import { slider } from "./lab.js";
import { axes, cross, dot, evenly, field, key, line, plot } from "./plot.js";

const REACH = 2;
const FIRST = ["simultaneous", "alternating", "extragradient"];

export async function orbitGame(main) {
  const asked = { lr: 0.1, steps: 200 };
  const shown = new Set(FIRST);
  let found = null;
  let t = asked.steps;
  const names = () => Object.keys(found.plays).filter((name) => shown.has(name));
  const colour = (name) => COLOURS[Object.keys(found.plays).indexOf(name)];
  const [plane, radius, circle] = [plot("Paths of both players over the field"), plot("Distance from the saddle point against step", 2), plot("Eigenvalues by the unit circle", 2)];
  const plays = h("fieldset", { class: "checks" }, h("legend", {}, "Ways of playing"));
  const says = h("ul", { class: "verdicts" });
  const course = film((i) => { t = i; drawPlane(); drawRadius(); }, (i) => `Step ${i} of ${asked.steps}`, 40);

  function drawPlane() {
    plane.draw((pen, width, height) => {
      const { at, ink } = axes(pen, width, height, { ...evenly(width, height, { x: [-REACH, REACH], y: [-REACH, REACH] }), xTitle: "a, which minimises", yTitle: "b, which maximises" });
      field(pen, found.field, at, width / 20);
      for (const name of names()) line(pen, found.plays[name].points.slice(0, t + 1).map(at), colour(name), 1.5);
      for (const name of names()) dot(pen, at(found.plays[name].points[t]), colour(name));
      cross(pen, at([0, 0]), ink);
    });
  }
  function drawRadius() {
    const all = names().flatMap((name) => found.plays[name].radius).filter((value) => value > 0);
    const [low, high] = [Math.max(Math.min(...all, 0.5), 1e-6), Math.min(Math.max(...all, 2), 1e6)];
    radius.draw((pen, width, height) => {
      const { x, y } = axes(pen, width, height, { x: [0, asked.steps], y: [low / 1.3, high * 1.3], log: true, xTitle: "step", yTitle: "distance" });
      for (const name of names()) line(pen, found.plays[name].radius.slice(0, t + 1).map((value, i) => [x(i), y(Math.max(value, 1e-9))]), colour(name), 1.5);
    });
  }
  // Those that decide, in the upper half; the lower is its mirror image. The axes' units differ, so that small rates,
  // whose eigenvalues all lie near 1, can be told apart.
  function drawCircle() {
    const values = names().flatMap((name) => {
      const sizes = found.plays[name].eigenvalues.map(([re, im]) => Math.hypot(re, im));
      return found.plays[name].eigenvalues.filter(([, im], i) => im >= 0 && sizes[i] > 0.9999 * sizes[0]).map((value) => [value, colour(name)]);
    });
    const real = values.map(([[re]]) => re);
    const pad = 0.15 * (Math.max(...real, 1) - Math.min(...real, 1)) || 0.01;
    const top = 1.2 * Math.max(...values.map(([[, im]]) => im), 0.01);
    circle.draw((pen, width, height) => {
      const { at, ink, box } = axes(pen, width, height, { x: [Math.min(...real, 1) - 2 * pad, Math.max(...real, 1) + 3 * pad], y: [0, top], xTitle: "largest eigenvalue of each, by the unit circle", yTitle: "imaginary" });
      line(pen, Array.from({ length: 1801 }, (_, i) => at([Math.cos((i * Math.PI) / 1800), Math.sin((i * Math.PI) / 1800)])), ink, 1);
      for (const [value, hue] of values) dot(pen, at(value), hue, 5);
      pen.fillStyle = ink;
      pen.fillText("inside: arrives", box.left + 8, box.top + 14);
      pen.textAlign = "right";
      pen.fillText("outside: leaves", box.right - 8, box.top + 14);
    });
  }
  function draw() {
    drawPlane();
    drawRadius();
    drawCircle();
    says.replaceChildren(...names().map((name) => h("li", {}, key(colour(name), name), h("span", {}, found.plays[name].says))));
  }
  const load = latest(async () => {
    found = await ask(`/api/lab/orbit?${query(asked)}`);
    if (plays.children.length === 1) plays.append(...Object.keys(found.plays).map(tick));
    course.set(asked.steps + 1);
    t = Math.min(t, asked.steps);
    course.go(t);
    draw();
  });
  const tick = (name) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: shown.has(name), onchange: (event) => { if (event.target.checked) shown.add(name); else shown.delete(name); draw(); } }), key(colour(name), name));

  main.append(plays, slider("Learning rate", { min: 0.01, max: 1, step: 0.01, value: asked.lr }, (value) => { asked.lr = value; load(); }),
    h("div", { class: "two" }, h("div", {}, plane.element, course.element), h("div", {}, radius.element, circle.element)), says);
  await load();
}
