// Ring: noise, the ring that the formula makes of it, and the one that a generator learns.
import { h } from "./dom.js";
import { live } from "./lab_live.js";
import { axes, dots, evenly, plot } from "./plot.js";

const HUES = 24;

export function ringGame(main) {
  const steps = h("input", { type: "number", min: "1", max: "5000", value: "1500", required: true });
  const seed = h("input", { type: "number", min: "0", value: "0", required: true });
  const titles = ["z, normal noise", "the formula: z/10 + z/|z|", "what the generator has learnt"];
  const panels = titles.map((title) => plot(title));
  const formula = h("p", { class: "dim" });
  const game = live([h("label", {}, "Steps", steps), h("label", {}, "Seed", seed)],
    () => ["/api/lab/ring", { steps: Number(steps.value), seed: Number(seed.value) }], show, "The generator: ");

  function show(first, frame) {
    const hue = first.noise.map(([x, y]) => Math.floor(((Math.atan2(y, x) / Math.PI + 1) / 2) * HUES) % HUES);
    [first.noise, first.formula, frame.points].forEach((points, i) => {
      const reach = i ? 1.8 : 3.2;
      panels[i].draw((pen, width, height) => {
        const { at } = axes(pen, width, height, { ...evenly(width, height, { x: [-reach, reach], y: [-reach, reach] }), xTitle: titles[i] });
        for (let colour = 0; colour < HUES; colour++) dots(pen, points.filter((_, j) => hue[j] === colour), at, `hsl(${(colour * 360) / HUES} 65% 52%)`);
      });
    });
    formula.textContent = `The formula: ${first.says}`;
  }
  game.stage.append(h("div", { class: "three" }, panels.map((panel) => panel.element)), game.seen, game.said, formula);
  main.append(game.form, game.status, game.stage);
}
