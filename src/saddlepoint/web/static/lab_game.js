// Game: a GAN on points, trained while it is looked at.
import { ask, choice, h } from "./dom.js";
import { COLOURS } from "./chart.js";
import { live } from "./lab_live.js";
import { arrow, axes, dots, evenly, key, line, plot } from "./plot.js";

const [DATA, SAMPLES, SCORE] = COLOURS;
const BINS = 60;

export async function liveGame(main) {
  const wait = h("p", { class: "dim" }, "Looking which recipes can be played …");
  main.append(wait);
  const { recipes, data } = await ask("/api/lab/recipes");
  wait.remove();
  const asked = { recipe: "gan", data: "8gaussians" };
  const options = h("input", { value: recipes.gan, autocomplete: "off", spellcheck: "false" });
  const steps = h("input", { type: "number", min: "1", max: "5000", value: "1500", required: true });
  const seed = h("input", { type: "number", min: "0", value: "0", required: true });
  const plane = plot("Data, samples, the discriminator's scores and the pull on samples");
  const keys = h("div");
  const game = live([
    choice("Recipe", Object.keys(recipes).map((name) => [name, name]), "gan", (name) => { asked.recipe = name; options.value = recipes[name]; }),
    choice("Data", data.map((name) => [name, name]), "8gaussians", (name) => (asked.data = name)),
    h("label", {}, "Steps", steps), h("label", {}, "Seed", seed),
    h("label", { class: "grow" }, "Options of the recipe and of training, as KEY=VALUE", options)],
  () => ["/api/lab/game", { ...asked, steps: Number(steps.value), seed: Number(seed.value), options: options.value }], show);

  function show(first, frame) {
    const flat = first.real[0].length === 1;
    plane.draw((pen, width, height) => (flat ? drawLine : drawPlane)(pen, width, height, first, frame));
    keys.replaceChildren(key(DATA, "data"), key(SAMPLES, "samples"), ...(flat ? [key("currentColor", "true density"), frame.scores ? key(SCORE, "the discriminator's score, on a scale of its own") : ""]
      : [frame.scores ? "The shade is the discriminator's score, by rank: stronger is more real." : ""]));
  }
  game.stage.append(plane.element, game.seen, keys, game.said);
  game.stage.classList.add("narrow");
  main.append(game.form, game.status, game.stage);
}

function drawPlane(pen, width, height, first, frame) {
  const [low, high, count] = first.axis;
  const { at, box, ink, x, y } = axes(pen, width, height, evenly(width, height, { x: [low, high], y: [low, high] }));
  if (frame.scores) {
    pen.imageSmoothingEnabled = true;
    const half = (high - low) / (count - 1) / 2; // a score is that of the middle of its cell
    pen.drawImage(shade(frame.scores, count, ink), x(low - half), y(high + half), x(high + half) - x(low - half), y(low - half) - y(high + half));
  }
  pen.globalAlpha = 0.6;
  dots(pen, first.real, at, DATA);
  pen.globalAlpha = 0.9;
  dots(pen, frame.samples, at, SAMPLES);
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  frame.pull.forEach(([dx, dy], i) => arrow(pen, at(frame.samples[i]), at([frame.samples[i][0] + dx, frame.samples[i][1] + dy])));
  pen.globalAlpha = 1;
}

// Scores, 0 to 100 from the lowest row up, as a small picture in one colour.
function shade(scores, count, ink) {
  const small = h("canvas", { width: count, height: count });
  const pen = small.getContext("2d");
  pen.fillStyle = ink;
  scores.forEach((score, i) => {
    pen.globalAlpha = score / 220;
    pen.fillRect(i % count, count - 1 - Math.floor(i / count), 1, 1);
  });
  return small;
}

function drawLine(pen, width, height, first, frame) {
  const [low, high, count] = first.axis;
  const [real, made] = [density(first.real, low, high), density(frame.samples, low, high)];
  const top = 1.5 * Math.max(...real);
  const { x, y, box, ink } = axes(pen, width, height, { x: [low, high], y: [-0.15 * top, top], yTitle: "density; below 0 the pull on samples" });
  const grid = (i) => x(low + ((high - low) * i) / (count - 1));
  for (const [heights, colour] of [[real, DATA], [made, SAMPLES]]) {
    pen.fillStyle = colour;
    pen.globalAlpha = 0.45;
    heights.forEach((value, i) => pen.fillRect(x(low + ((high - low) * i) / BINS), y(value), (x(high) - x(low)) / BINS, y(0) - y(value)));
  }
  pen.globalAlpha = 1;
  if (first.density) line(pen, first.density.map((value, i) => [grid(i), y(value)]), ink, 1.5);
  if (frame.scores) {
    const [least, most] = [Math.min(...frame.scores), Math.max(...frame.scores)];
    const up = (score) => box.top + 4 + (1 - (score - least) / (most - least || 1)) * (y(0) - box.top - 8);
    line(pen, frame.scores.map((score, i) => [grid(i), up(score)]), SCORE, 2);
  }
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  frame.pull.forEach(([dx], i) => {
    const row = y(-top * (0.02 + (0.11 * i) / frame.pull.length));
    arrow(pen, [x(frame.samples[i][0]), row], [x(frame.samples[i][0] + dx), row]);
  });
}

function density(points, low, high) {
  const heights = new Array(BINS).fill(0);
  const width = (high - low) / BINS;
  for (const [value] of points) {
    const bin = Math.floor((value - low) / width);
    if (bin >= 0 && bin < BINS) heights[bin] += 1 / points.length / width;
  }
  return heights;
}
