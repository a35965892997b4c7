// Walk: pick samples, slide along the way through them, play it.
import { ask, choice, h, latest, query, runPath } from "./dom.js";
import { modelPicker } from "./generate.js";

const SPEED = 0.6; // legs of the way a second

export async function walkPage(main, name) {
  const { run, picker } = await modelPicker("walk", name, (each) => each.can.includes("latent") && each.spec.kind === "image", "has a latent to walk in");
  const keys = [];
  let seed = 0;
  let how = "auto";
  let playing = false;
  const picture = h("img", { class: "big", alt: "The sample here" });
  const slide = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: "0", disabled: true, "aria-label": "Where on the way", oninput: () => show() });
  const play = h("button", { disabled: true, onclick: () => toggle(!playing) }, "Play");
  const tray = h("div", { class: "wall" });
  const wall = h("div", { class: "wall", role: "group", "aria-label": "Samples; press one to walk through it" });
  const hint = h("p", { class: "dim" }, "Press two samples or more: the way leads through them in that order.");

  const show = latest(async () => {
    if (keys.length < 2) return;
    const drawn = await ask(runPath(run.name, `/walk?${query({ picks: keys.map((key) => key.pick).join(","), at: slide.value, how })}`));
    picture.src = drawn.images[0];
  });

  function changed() {
    const ready = keys.length > 1;
    slide.max = String(Math.max(1, keys.length - 1));
    slide.disabled = play.disabled = !ready;
    stage.hidden = !ready;
    hint.hidden = ready;
    tray.replaceChildren(...keys.map((key, i) => h("button", { title: "Take it out", onclick: () => { keys.splice(i, 1); changed(); } }, h("img", { src: key.image, alt: `Stop ${i + 1}: sample ${key.pick}` }))));
    if (!ready) toggle(false);
    show();
  }

  function toggle(on) {
    playing = on;
    play.textContent = on ? "Pause" : "Play";
    let before = null;
    const frame = async (now) => {
      if (!playing || !slide.isConnected) return;
      const end = Number(slide.max);
      const moved = Number(slide.value) + (before === null ? 0 : ((now - before) / 1000) * SPEED);
      slide.value = String(moved >= end ? 0 : moved);
      before = now;
      await show();
      requestAnimationFrame(frame);
    };
    if (on) requestAnimationFrame(frame);
  }

  const fill = latest(async () => {
    const drawn = await ask(runPath(run.name, `/generate?${query({ seed, n: 24 })}`));
    wall.replaceChildren(...drawn.images.map((image, i) =>
      h("button", { onclick: () => { keys.push({ pick: drawn.picks[i], image }); changed(); } }, h("img", { src: image, alt: `Sample ${drawn.picks[i]}` }))));
  });

  const stage = h("section", { hidden: true }, picture, h("label", {}, "Slide", slide), h("div", { class: "row" }, play,
    choice("Way", [["auto", "as the prior asks"], ["linear", "straight"], ["spherical", "on the sphere"]], how, (value) => { how = value; show(); })), h("h2", {}, "Stops"), tray);
  main.append(h("h1", {}, "Walk"), h("div", { class: "row" }, picker), hint, stage, h("h2", {}, "Samples"), wall,
    h("button", { onclick: () => { seed += 1; fill(); } }, "Other samples"));
  await fill();
}
