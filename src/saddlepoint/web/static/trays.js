// Groups of samples, filled by pressing samples while one is chosen, or by dragging samples into them.
import { h } from "./dom.js";

// groups: {key: title}. changed: called with nothing whenever one changes.
export function trays(groups, images, changed) {
  const held = Object.fromEntries(Object.keys(groups).map((key) => [key, new Set()]));
  const places = Object.fromEntries(Object.entries(groups).map(([key, title]) => [key, tray(key, title)]));

  function tray(key, title) {
    const wall = h("div", { class: "wall" });
    const drop = (event) => {
      event.preventDefault();
      element.classList.remove("over");
      const pick = event.dataTransfer.getData("text/plain");
      if (images.has(pick)) toggle(key, pick, true);
    };
    const element = h("section", { class: "tray", "aria-label": title, ondragover: (event) => { event.preventDefault(); element.classList.add("over"); }, ondragleave: () => element.classList.remove("over"), ondrop: drop },
      h("h3", {}, title), wall);
    return { element, wall };
  }

  function toggle(key, pick, on = !held[key].has(pick)) {
    if (on) held[key].add(pick);
    else held[key].delete(pick);
    const { wall } = places[key];
    const inside = wall.contains(document.activeElement);
    wall.replaceChildren(...[...held[key]].map((each) => h("button", { title: `Take ${each} out`, onclick: () => toggle(key, each, false) }, h("img", { src: images.get(each), alt: `Sample ${each} in ${groups[key]}` }))));
    if (inside) wall.querySelector("button")?.focus(); // a keyboard goes on where it was
    changed();
  }

  return {
    toggle,
    has: (key, pick) => Boolean(held[key]?.has(pick)),
    picks: (key) => [...held[key]].join(","),
    elements: (...keys) => keys.map((key) => places[key].element),
  };
}
