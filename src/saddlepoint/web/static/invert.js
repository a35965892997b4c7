// Invert: a picture of the visitor's, the latent that comes near it, and sliders on that. The server keeps nothing of it.
import { ask, choice, h, latest, query, runPath, say } from "./dom.js";
import { modelPicker } from "./generate.js";
import { editor } from "./sliders.js";

const LARGEST = 16 * 2 ** 20;
const METHODS = { auto: "the best there is", encoder: "encoder alone", optimise: "descent alone", both: "encoder, then descent" };

export async function invertPage(main, name) {
  const { run, picker } = await modelPicker("invert", name, (each) => each.can.includes("latent") && each.spec.kind === "image", "has a latent to look for a picture in");
  const asked = { method: "auto", steps: 100, label: run.can.includes("conditional") ? 0 : "" };
  let file = null;
  const target = h("img", { class: "big", alt: "Your picture, as the model sees it" });
  const stage = await editor(run, h("figure", {}, target, h("figcaption", { class: "dim small" }, "Yours, as the model sees it")), "What the model makes of it");
  const status = h("p", { role: "status" }, "");
  const result = h("div", { hidden: true }, stage.element);
  const near = h("section", { hidden: true });

  const find = latest(async () => {
    if (!file) return;
    const mine = file;
    say("");
    status.textContent = `Looking for a latent that makes ${mine.name} …`;
    result.classList.add("busy");
    result.setAttribute("aria-busy", "true");
    let found;
    try {
      if (mine.size > LARGEST) throw new Error(`${mine.name} has ${(mine.size / 2 ** 20).toFixed(0)} MiB: a picture may have 16.`);
      found = await ask(runPath(run.name, `/invert?${query(asked)}`), mine);
    } catch (error) {
      status.textContent = "";
      throw error;
    } finally {
      result.classList.remove("busy");
      result.removeAttribute("aria-busy");
    }
    status.textContent = found.says;
    target.src = found.target;
    result.hidden = false;
    await stage.begin({ latent: found.latent, label: found.label }, "What the model makes of your picture", false);
    neighbours(mine, found.images[0]);
  });

  // Of the picture and of what the model makes of it; that the data is gone is said here and takes nothing away.
  async function neighbours(mine, made) {
    near.hidden = false;
    const place = h("div", {}, h("p", { class: "dim", role: "status" }, "Looking through the training images …"));
    near.replaceChildren(h("h2", {}, "Nearest training images"), place);
    try {
      const [yours, models] = [await ask(runPath(run.name, "/nearest"), mine), await ask(runPath(run.name, "/nearest"), blob(made))];
      const rows = (title, of) => Object.entries(of.columns).map(([space, images]) => h("figure", {}, h("figcaption", { class: "dim small" }, `${title}, ${space}`), h("div", { class: "wall" }, images.map((image, i) => h("img", { src: image, alt: `Training image, nearest number ${i + 1}` })))));
      place.replaceChildren(h("p", { class: "dim" }, yours.says), h("div", { class: "near" }, rows("Of yours", yours), rows("Of what the model makes", models)));
    } catch (error) {
      place.replaceChildren(h("p", { class: "dim" }, error.message));
    }
  }

  const take = (files) => { if (files?.length) { file = files[0]; find(); } };
  const input = h("input", { type: "file", accept: "image/*", onchange: () => take(input.files) });
  const drop = h("div", {
    class: "tray", ondragover: (event) => { event.preventDefault(); drop.classList.add("over"); }, ondragleave: () => drop.classList.remove("over"),
    ondrop: (event) => { event.preventDefault(); drop.classList.remove("over"); input.files = event.dataTransfer.files; take(input.files); },
  }, h("label", {}, "Choose a picture, or drop one here", input));
  const set = (key) => (value) => { asked[key] = value; find(); };
  const encodes = run.can.includes("encodes");
  const methods = Object.entries(METHODS).filter(([key]) => encodes || key === "auto" || key === "optimise");
  main.append(h("h1", {}, "Invert"),
    h("div", { class: "row" }, picker, choice("Look by", methods, asked.method, set("method")), choice("Steps", [30, 100, 300].map((n) => [n, n]), asked.steps, set("steps")),
      run.can.includes("conditional") ? choice("Class", run.spec.classes.map((text, i) => [i, text]), 0, set("label")) : null),
    h("p", { class: "dim" }, "The picture is cut and scaled as the training images were. It is kept nowhere: it comes with each question and is forgotten with the answer."),
    drop, status, result, near);
}

function blob(address) {
  return new Blob([Uint8Array.from(atob(address.split(",")[1]), (each) => each.charCodeAt(0))]);
}
