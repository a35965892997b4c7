// Canvases with axes, for what has too many points or moves too often for SVG.
import { h, number } from "./dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 16, 10, 36];
const short = (value) => (value && Math.abs(value) < 1e-3 ? value.toExponential() : number(value));

// `plot.draw(paint)`: paint(pen, width, height) now and whenever the size changes. ratio: of width to height.
export function plot(label, ratio = 1) {
  const element = h("canvas", { class: "plot", role: "img", "aria-label": label });
  element.style.aspectRatio = String(ratio);
  let paint = () => {};
  function draw() {
    const width = element.clientWidth;
    if (!width) return;
    const height = width / ratio;
    const scale = window.devicePixelRatio || 1;
    [element.width, element.height] = [Math.round(width * scale), Math.round(height * scale)];
    const pen = element.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = pen.strokeStyle = getComputedStyle(element).color;
    pen.font = "11px system-ui, sans-serif";
    paint(pen, width, height);
  }
  new ResizeObserver(draw).observe(element);
  return { element, draw: (painter) => { paint = painter; draw(); } };
}

// A frame with ticks and titles; returns from values to places on it, and leaves the pen clipped to the inside.
export function axes(pen, width, height, { x: [left, right], y: [low, high], xTitle = "", yTitle = "", log = false }) {
  const box = { left: LEFT, top: TOP, right: width - RIGHT, bottom: height - BOTTOM };
  const [bottom, top] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const x = (value) => box.left + ((value - left) / (right - left)) * (box.right - box.left);
  const y = (value) => box.bottom - (((log ? Math.log10(value) : value) - bottom) / (top - bottom)) * (box.bottom - box.top);
  const ink = pen.fillStyle;
  pen.globalAlpha = 0.15;
  const [across, up] = [ticks(left, right, Math.max(2, Math.floor(width / 90))), log ? powers(bottom, top) : ticks(low, high, 5)];
  for (const value of across) line(pen, [[x(value), box.top], [x(value), box.bottom]]);
  for (const value of up) line(pen, [[box.left, y(value)], [box.right, y(value)]]);
  pen.globalAlpha = 1;
  pen.textAlign = "center";
  for (const value of across) pen.fillText(short(value), x(value), box.bottom + 14);
  pen.fillText(xTitle, (box.left + box.right) / 2, box.bottom + 30);
  pen.textAlign = "right";
  for (const value of up) pen.fillText(short(value), box.left - 5, y(value) + 4);
  pen.save();
  pen.translate(11, (box.top + box.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText(yTitle, 0, 0);
  pen.restore();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  pen.clip();
  pen.textAlign = "left";
  return { x, y, box, ink, at: ([a, b]) => [x(a), y(b)] };
}

// The largest ranges of equal units that hold these and fill a canvas of a ratio.
export function evenly(width, height, { x: [left, right], y: [low, high] }) {
  const [across, up] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
  const unit = Math.max((right - left) / across, (high - low) / up) / 2;
  const [a, b] = [(left + right) / 2, (low + high) / 2];
  return { x: [a - unit * across, a + unit * across], y: [b - unit * up, b + unit * up] };
}

function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(6)));
  return found;
}

function powers(low, high) {
  const step = Math.max(1, Math.ceil((high - low) / 6));
  const parts = high - low < 2 ? [1, 2, 5] : [1];
  const found = [];
  for (let i = Math.floor(low); i <= high; i += step) found.push(...parts.map((part) => part * 10 ** i));
  return found.filter((value) => value >= 10 ** low && value <= 10 ** high);
}

export function line(pen, points, colour, width = 1) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (colour) pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

export function dot(pen, [x, y], colour, radius = 4) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

// Many small points: squares are drawn ten times faster than circles.
export function dots(pen, points, place, colour, size = 3) {
  pen.fillStyle = colour;
  for (const point of points) {
    const [x, y] = place(point);
    pen.fillRect(x - size / 2, y - size / 2, size, size);
  }
}

export function arrow(pen, [x, y], [toX, toY]) {
  const [dx, dy] = [toX - x, toY - y];
  const length = Math.hypot(dx, dy);
  if (length < 0.5) return;
  const head = Math.min(5, length / 2) / length;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(toX, toY);
  pen.moveTo(toX - head * (dx + dy / 2), toY - head * (dy - dx / 2));
  pen.lineTo(toX, toY);
  pen.lineTo(toX - head * (dx - dy / 2), toY - head * (dy + dx / 2));
  pen.stroke();
}

// Arrows (x, y, right, up) of one length, `size` pixels, around their places.
export function field(pen, arrows, place, size) {
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1;
  for (const [x, y, right, up] of arrows) {
    const [a, b] = place([x, y]);
    if (right || up) arrow(pen, [a - (right * size) / 2, b + (up * size) / 2], [a + (right * size) / 2, b - (up * size) / 2]);
  }
  pen.globalAlpha = 1;
}

export function cross(pen, [x, y], colour) {
  line(pen, [[x - 5, y], [x + 5, y]], colour, 1.5);
  line(pen, [[x, y - 5], [x, y + 5]], colour, 1.5);
}

export function key(colour, text) {
  const swatch = h("i");
  swatch.style.background = colour;
  return h("span", { class: "key" }, swatch, text);
}
