// Neighbours: samples beside the training images nearest to them, and how near that is.
import { ask, attempt, h, number, query, runPath } from "./dom.js";

export function neighbours(run) {
  const place = h("div");
  const seed = h("input", { type: "number", min: "0", value: "0", required: true });
  const go = h("button", { type: "submit" }, "Look for them");
  async function look(event) {
    event.preventDefault();
    go.disabled = true;
    place.replaceChildren(h("p", { class: "dim", role: "status" }, "Searching: the first time this takes a while, for the training images have to be read."));
    const found = await attempt(() => ask(runPath(run.name, `/neighbours?${query({ seed: seed.value })}`)));
    go.disabled = false;
    place.replaceChildren(...(found ? told(found) : []));
  }
  return h("section", {}, h("p", {}, "Does the model copy? Samples beside the training images that are nearest to them."),
    h("form", { class: "row", onsubmit: look }, h("label", {}, "Seed of the samples", seed), go), place);
}

function told(found) {
  const image = (source, text) => h("img", { src: source, alt: text });
  const rows = found.samples.flatMap((sample, i) => [image(sample, `Sample ${i}`),
    ...found.pixels[i].map((near, j) => image(near, `Training image ${j + 1} in pixels`)), ...found.features[i].map((near, j) => image(near, `Training image ${j + 1} in features`))]);
  const titles = [["sample", ""], ["nearest in pixels", "span"], [`nearest in ${found.name}`, "span"]].map(([text, kind]) => h("small", { class: kind || null }, text));
  return [verdict(found), h("div", { class: "neighbours" }, titles, rows)];
}

function verdict(found) {
  const many = (n) => n.toLocaleString("en");
  const among = found.searched < found.train ? `${many(found.searched)} of the ${many(found.train)} training images, picked at random` : `all ${many(found.train)} training images`;
  if (found.memorisation === null) return h("p", {}, `Searched: ${among}. Nothing was held out to compare with, so how near is near cannot be said.`);
  return h("p", {}, h("strong", {}, `Memorisation ${number(found.memorisation)}: `),
    `${found.drawn} samples lie ${number(found.memorisation)} times as far from their nearest training image as ${many(found.held_out)} held-out images do, in ${found.name}. 1 is as far as new images; well below 1, samples repeat the training set; poor samples lie far from everything, so a high value alone says nothing good. Searched: ${among}.`);
}
