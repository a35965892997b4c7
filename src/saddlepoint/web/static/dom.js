// Elements, requests, and the one place where the page says what went wrong.

// Text is only ever set as text, so no name in a run can become markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let clock = 0;
let last = { by: "", at: 0 }; // what is said now

export function say(sentence, by = "visitor") {
  last = { by, at: ++clock };
  const place = document.getElementById("trouble");
  place.textContent = sentence;
  place.hidden = !sentence;
}

// body: what becomes JSON, or a file, which is sent as it is.
async function answered(path, body, signal) {
  const file = body instanceof Blob;
  const kind = file ? "application/octet-stream" : "application/json";
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": kind }, body: file ? body : JSON.stringify(body) };
  const answer = await fetch(path, { ...options, signal }).catch((error) => {
    throw signal?.aborted ? error : new Error("The explorer does not answer: is `saddle explore` still running?");
  });
  if (answer.ok) return answer;
  const content = await answer.json().catch(() => ({ error: `The explorer failed (status ${answer.status}): its terminal says why.` }));
  throw new Error(content.error ?? `The explorer failed (status ${answer.status}).`);
}

export async function ask(path, body) {
  return (await answered(path, body)).json();
}

// Takes the lines of an answer as they come; to its end, or until `signal` is aborted.
export async function stream(path, body, take, signal) {
  try {
    const reader = (await answered(path, body, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines.map((text) => JSON.parse(text))) {
        if (line.error) throw new Error(line.error);
        take(line);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error instanceof TypeError ? new Error("The answer broke off: the explorer's terminal may say why.") : error;
  }
}

// Runs what may fail; a failure is said on the page, and taken away by a success of the same kind that began after it.
export async function attempt(action, by = "visitor") {
  const begun = ++clock;
  try {
    const result = await action();
    if (last.by === by && last.at < begun) say("", by);
    return result;
  } catch (error) {
    say(error.message, by);
    return undefined;
  }
}

export const runPath = (name, rest = "") => `/api/runs/${encodeURIComponent(name)}${rest}`;
export const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== null)).toString();
export const number = (value) => (typeof value !== "number" ? "–" : Math.abs(value) >= 1e5 || (value && Math.abs(value) < 1e-3) ? value.toExponential(2) : Number(value.toPrecision(4)).toLocaleString("en"));

export const count = (value) => value.toLocaleString("en");

// Answers only the newest of many questions: while one is on its way, all but the last are dropped.
export function latest(action) {
  let running = false;
  let waiting = false;
  return async function again() {
    if (running) {
      waiting = true;
      return;
    }
    running = true;
    do {
      waiting = false;
      await attempt(action);
    } while (waiting);
    running = false;
  };
}

export function choice(label, options, value, onchange) {
  const made = options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, text));
  return h("label", {}, label, h("select", { onchange: (event) => onchange(event.target.value) }, made));
}

export function state(run) {
  return h("span", { class: `state ${run.state}` }, run.state === "elsewhere" ? "training" : run.state);
}
