// Gradients: what a fake teaches the generator, by how real the discriminator finds it.
import { ask, h, number } from "./dom.js";
import { COLOURS } from "./chart.js";
import { slider } from "./lab.js";
import { axes, dot, key, line, plot } from "./plot.js";

const LOSSES = { minimax: "minimax (saturating)", nonsaturating: "non-saturating" };

export async function gradientsGame(main) {
  const curves = await ask("/api/lab/gradients");
  const drawing = plot("Size of both gradients over D(G(z))", 1.8);
  const says = h("p", { role: "status" });
  const nearest = (value) => curves.d_fake.reduce((best, each, i) => (Math.abs(each - value) < Math.abs(curves.d_fake[best] - value) ? i : best), 0);

  function draw(value) {
    const here = nearest(value);
    const size = (name) => Math.abs(curves[name][here]);
    drawing.draw((pen, width, height) => {
      const { x, y, box, ink } = axes(pen, width, height, { x: [0, 1], y: [0, 1], xTitle: "D(G(z)): how real the discriminator finds a sample", yTitle: "gradient on its logit" });
      line(pen, [[x(curves.d_fake[here]), box.top], [x(curves.d_fake[here]), box.bottom]], ink, 1);
      Object.keys(LOSSES).forEach((name, i) => {
        line(pen, curves.d_fake.map((each, j) => [x(each), y(Math.abs(curves[name][j]))]), COLOURS[i], 2);
        dot(pen, [x(curves.d_fake[here]), y(size(name))], COLOURS[i], 5);
      });
    });
    const [saturating, other] = Object.keys(LOSSES).map(size);
    const more = other > 1.05 * saturating ? `the non-saturating loss teaches ${number(Number((other / saturating).toPrecision(2)))} times as much` : saturating > 1.05 * other ? "this sample passes already: there is little left to teach" : "both teach alike";
    says.textContent = `At D(G(z)) = ${curves.d_fake[here]} the gradient on the logit has size ${number(saturating)} under the minimax loss and ${number(other)} under the non-saturating one: ${more}.`;
  }
  main.append(slider("D(G(z))", { min: 0.01, max: 0.99, step: 0.01, value: 0.01 }, draw), says, h("div", { class: "narrow" }, drawing.element, Object.values(LOSSES).map((text, i) => key(COLOURS[i], text))));
  draw(0.01);
}
