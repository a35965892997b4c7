// Dirac: the smallest GAN, under one loss and one penalty.
import { ask, choice, h, latest, query } from "./dom.js";
import { COLOURS } from "./chart.js";
import { film } from "./film.js";
import { slider } from "./lab.js";
import { axes, cross, dot, evenly, field, line, plot } from "./plot.js";

const REACH = 2;

export async function diracGame(main) {
  const { objectives, penalties } = await ask("/api/lab/choices");
  const asked = { objective: "nonsaturating", penalty: "none", weight: 1, lr: 0.1, steps: 300 };
  let found = null;
  let t = asked.steps;
  const [plane, circle] = [plot("Path of both players over the field"), plot("Eigenvalues of the Jacobian", 1.4)];
  const says = h("p", { role: "status" });
  const stage = h("div", { class: "two", hidden: true });
  const course = film((i) => { t = i; drawPlane(); }, (i) => `Step ${i} of ${asked.steps}`, 40);

  function drawPlane() {
    plane.draw((pen, width, height) => {
      const { at, ink } = axes(pen, width, height, { ...evenly(width, height, { x: [-REACH, REACH], y: [-REACH, REACH] }), xTitle: "θ, the generator", yTitle: "ψ, the discriminator" });
      field(pen, found.field, at, width / 20);
      line(pen, found.points.slice(0, t + 1).map(at), COLOURS[0], 1.5);
      dot(pen, at(found.points[Math.min(t, found.points.length - 1)]), COLOURS[0]);
      cross(pen, at([0, 0]), ink);
    });
  }
  function drawEigenvalues() {
    const values = found.eigenvalues ?? [];
    const reach = Math.max(1, ...values.map(([re, im]) => Math.max(Math.abs(re), Math.abs(im))));
    circle.draw((pen, width, height) => {
      const { at, ink, x, box } = axes(pen, width, height, { ...evenly(width, height, { x: [-1.2 * reach, 1.2 * reach], y: [-1.2 * reach, 1.2 * reach] }), xTitle: "real: left of 0 arrives, right of it leaves", yTitle: "imaginary: turns" });
      line(pen, [[x(0), box.top], [x(0), box.bottom]], ink, 1);
      for (const value of values) dot(pen, at(value), COLOURS[1], 5);
      if (!values.length) pen.fillText("none: the field jumps at the solution", (box.left + box.right) / 2 - 90, (box.top + box.bottom) / 2 - 8);
    });
  }
  const load = latest(async () => {
    found = await ask(`/api/lab/dirac?${query(asked)}`).catch((error) => {
      stage.hidden = true;
      says.textContent = "";
      throw error;
    });
    stage.hidden = false;
    says.textContent = `${asked.objective}, ${asked.penalty === "none" ? "no penalty" : `${asked.penalty} of weight ${asked.weight}`}: ${found.says}.${found.gone === null ? "" : ` It is beyond all bounds at step ${found.gone}.`}`;
    course.set(asked.steps + 1);
    course.go(t);
    drawEigenvalues();
  });
  const set = (name) => (value) => { asked[name] = value; load(); };
  stage.append(h("div", {}, plane.element, course.element), h("div", {}, circle.element));
  main.append(h("div", { class: "row" }, choice("Loss", objectives.map((name) => [name, name]), asked.objective, set("objective")), choice("Penalty", penalties.map((name) => [name, name]), asked.penalty, set("penalty"))),
    h("div", { class: "two" }, slider("Weight of the penalty", { min: 0, max: 5, step: 0.1, value: asked.weight }, set("weight")), slider("Learning rate", { min: 0.01, max: 1, step: 0.01, value: asked.lr }, set("lr"))), says, stage);
  await load();
}
