// Which page the address names: `#/generate/my-run`.
import { attempt, h, say } from "./dom.js";
import { comparePage, runPage, runsPage } from "./runs.js";
import { generatePage } from "./generate.js";
import { invertPage } from "./invert.js";
import { judgePage } from "./judge.js";
import { labPage } from "./lab.js";
import { newPage } from "./new.js";
import { steerPage } from "./steer.js";
import { walkPage } from "./walk.js";

const PAGES = { runs: runsPage, run: runPage, compare: comparePage, generate: generatePage, walk: walkPage, steer: steerPage, invert: invertPage, judge: judgePage, lab: labPage, new: newPage };
const MENU = { runs: "Runs", generate: "Generate", walk: "Walk", steer: "Steer", invert: "Invert", judge: "Judge", lab: "Lab", new: "New run" };
const main = document.getElementById("main");

async function show() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a link within the page
  const [page, ...names] = location.hash.slice(2).split("/").filter(Boolean).map(decodeURIComponent);
  const current = PAGES[page] ? page : "runs";
  const links = Object.entries(MENU).map(([key, title]) => h("a", { href: `#/${key}`, "aria-current": key === current ? "page" : null }, title));
  document.querySelector("nav").replaceChildren(...links);
  document.title = `${[MENU[current], ...names].filter(Boolean).join(" · ")} · Saddlepoint`;
  const place = h("div");
  main.replaceChildren(place);
  say("");
  await attempt(() => PAGES[current](place, ...names));
}

window.addEventListener("hashchange", async () => {
  await show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
