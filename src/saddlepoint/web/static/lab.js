// Lab: the games of `saddle lab`, one at a time.
import { h } from "./dom.js";
import { diracGame } from "./lab_dirac.js";
import { liveGame } from "./lab_game.js";
import { gradientsGame } from "./lab_gradients.js";
import { orbitGame } from "./lab_orbit.js";
import { ringGame } from "./lab_ring.js";

const GAMES = {
  orbit: [orbitGame, "v(a, b) = ab is the smallest game: a minimises it, b maximises it, and the saddle point is (0, 0). Every way of playing is a linear map, so its largest eigenvalue says how it ends: outside the unit circle it leaves, inside it arrives, on it it circles for ever."],
  dirac: [diracGame, "The Dirac-GAN: the data are all 0, the generator says θ, the discriminator scores x with ψx. The losses and penalties are those that train real networks. The eigenvalues of the field's Jacobian at the solution say what happens near it: real parts below 0 arrive, 0 circle, above 0 leave."],
  game: [liveGame, "A generator against a discriminator on points of which the truth is known, trained while you watch. Arrows are the pull on samples: where the generator's own loss would have each of them go."],
  ring: [ringGame, "G(z) = z/10 + z/|z| bends normal noise into a ring. A generator learns from the ring's points alone: a map with those samples, not this one. Colour is the direction of z."],
  gradients: [gradientsGame, "Why generators are trained by the non-saturating loss: where the discriminator is sure of a fake, the minimax loss hardly teaches."],
};

export async function labPage(main, name) {
  const current = GAMES[name] ? name : "orbit";
  const [game, about] = GAMES[current];
  const links = Object.keys(GAMES).map((key) => h("a", { href: `#/lab/${key}`, "aria-current": key === current ? "page" : null }, key));
  const place = h("div");
  main.append(h("h1", {}, "Lab"), h("nav", { class: "games", "aria-label": "Games" }, links), h("p", {}, about), place);
  await game(place);
}

// A slider with its value in its name.
export function slider(title, { min, max, step, value }, changed) {
  const text = h("span", {}, `${title}: ${value}`);
  const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step), value: String(value),
    oninput: () => { text.textContent = `${title}: ${input.value}`; changed(Number(input.value)); } });
  return h("label", {}, text, input);
}
