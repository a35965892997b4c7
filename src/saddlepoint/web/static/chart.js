// Curves over the images seen, as SVG; the newest values stand in the key.
import { count, h, number } from "./dom.js";

export const COLOURS = ["#3b6fd4", "#d4653b", "#2f9e6b", "#9a5fc9", "#c29a1f", "#4aa3b8"];
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 220, 52, 22, 8];

function svg(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

export function chart(title, curves) {
  const lines = Object.entries(curves).filter(([, [, values]]) => values.length);
  const all = lines.flatMap(([, [, values]]) => values);
  const last = Math.max(...lines.flatMap(([, [images]]) => images), 1);
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (low === high) [low, high] = [low - 1, high + 1];
  const x = (images) => LEFT + (images / last) * (WIDTH - LEFT - 8);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const spoken = lines.map(([name, [, values]]) => `${name} ${number(values.at(-1))}`).join(", ");
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": `${title}: now ${spoken}` });
  for (const value of [low, (low + high) / 2, high]) {
    drawing.append(svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value), stroke: "currentColor", "stroke-opacity": 0.12 }));
    drawing.append(svg("text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  drawing.append(svg("text", { x: LEFT, y: HEIGHT - 6 }, "0"));
  drawing.append(svg("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, `${count(last)} images`));
  const keys = lines.map(([name, [images, values]], i) => {
    const colour = COLOURS[i % COLOURS.length];
    drawing.append(svg("polyline", { points: images.map((at, j) => `${x(at)},${y(values[j])}`).join(" "), stroke: colour }));
    const swatch = h("i");
    swatch.style.background = colour;
    return h("span", { class: "key" }, swatch, `${name} ${number(values.at(-1))}`);
  });
  return h("figure", {}, h("figcaption", {}, title), drawing, h("div", {}, keys));
}
