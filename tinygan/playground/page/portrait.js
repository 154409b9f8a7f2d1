// The Dirac-GAN: a plane of two numbers. The arrows and the path come from the server, and the path is drawn round by round.
import {places} from "./view.js";
const $ = id => document.getElementById(id), PER_PICTURE = 2, KEPT = 6;
const CHOICES = {game: ["minimax", "non-saturating", "wasserstein"], order: ["simultaneous", "alternating"],
  rate: [.01, .05, .1, .2, .5, 1], r1: [0, .03, .1, .3, 1, 2], clip: [null, .1, .5, 1]};
let seen = null, paths = [], drawn = 0, running = 0;

function settings() {
  const values = {start: [Number($("p-theta").value), Number($("p-psi").value)]};
  for (const name of Object.keys(CHOICES)) {
    const text = $("p-" + name).value;
    values[name] = text === "" ? null : ["game", "order"].includes(name) ? text : Number(text);
  }
  return values;
}

function draw() {
  const canvas = $("portrait"), c = canvas.getContext("2d"), size = canvas.width, {X, Y} = places(canvas, seen.reach);
  c.clearRect(0, 0, size, size);
  c.strokeStyle = "#c3c8ce"; c.lineWidth = 1; c.beginPath();
  c.moveTo(X(0), 0); c.lineTo(X(0), size); c.moveTo(0, Y(0)); c.lineTo(size, Y(0)); c.stroke();
  const fastest = Math.max(...seen.arrows.filter((_, i) => i % 4 > 1).map(Math.abs), 1e-9);
  c.strokeStyle = "#7a8490"; c.lineWidth = 1.4;
  c.beginPath();  // an arrow is as long as the root of the speed, so that slow ones are seen
  for (let i = 0; i < seen.arrows.length; i += 4) {
    const [x, y, u, v] = seen.arrows.slice(i, i + 4), long = .2 / Math.sqrt(fastest * Math.hypot(u, v) + 1e-12), a = X(x), b = Y(y), p = X(x + long * u), q = Y(y + long * v), t = Math.atan2(q - b, p - a);
    if (Math.hypot(p - a, q - b) < 1) continue;
    c.moveTo(a, b); c.lineTo(p, q);
    for (const side of [-.5, .5]) { c.moveTo(p, q); c.lineTo(p - 5 * Math.cos(t + side), q - 5 * Math.sin(t + side)); }
  }
  c.stroke();
  paths.forEach((path, k) => {
    const last = k === paths.length - 1, n = last ? drawn : path.length / 2;
    c.strokeStyle = last ? "#B84E00" : "#d9b08c"; c.lineWidth = last ? 2.5 : 1.5; c.beginPath();
    for (let i = 0; i < n; i++) c.lineTo(X(path[2 * i]), Y(path[2 * i + 1]));
    c.stroke();
    for (const [i, colour] of [[0, "#0072B2"], [n - 1, "#B84E00"]]) {
      if (i < 0) continue;
      c.fillStyle = colour; c.beginPath(); c.arc(X(path[2 * i]), Y(path[2 * i + 1]), last ? 7 : 4, 0, 7); c.fill();
    }
  });
  c.fillStyle = "#444"; c.font = "20px system-ui, sans-serif";
  c.textAlign = "right"; c.fillText("G's number", size - 8, Y(0) - 8);
  c.textAlign = "left"; c.fillText("D's number", X(0) + 8, 24);
}

export async function start(ended = () => {}) {  // a new path from the two numbers that are set
  const answer = await fetch("dirac", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(settings())})
    .catch(() => null);
  if (!answer) return;  // the program has ended, which the page says already
  const told = await answer.json(), mine = ++running;
  $("p-says").textContent = answer.ok ? told.says : told.error;
  if (!answer.ok) return;
  seen = told;
  paths = [...paths, told.path].slice(-KEPT);
  for (drawn = 1; running === mine && drawn < told.path.length / 2; drawn += PER_PICTURE) {
    draw();
    $("p-round").textContent = drawn - 1;
    await new Promise(requestAnimationFrame);
  }
  if (running !== mine) return;
  drawn = told.path.length / 2;
  $("p-round").textContent = drawn - 1;
  draw();
  ended();
}

export function set(values) {
  paths = [];
  for (const [name, value] of Object.entries(values)) $("p-" + name).value = value === null ? "" : String(value);
}

export function prepare() {
  for (const [name, values] of Object.entries(CHOICES)) {
    for (const value of values) $("p-" + name).add(new Option(value || "off", value === null ? "" : value));
    $("p-" + name).onchange = () => { paths = []; start(); };
  }
  set({rate: .2});
  $("p-start").onclick = () => start();
  $("p-clear").onclick = () => { paths = []; start(); };
  $("portrait").addEventListener("pointerdown", e => {
    const box = $("portrait").getBoundingClientRect(), k = $("portrait").width / box.width;
    const [theta, psi] = places($("portrait"), seen.reach).back((e.clientX - box.left) * k, (e.clientY - box.top) * k);
    $("p-theta").value = theta.toFixed(2); $("p-psi").value = psi.toFixed(2);
    start();
  });
}
