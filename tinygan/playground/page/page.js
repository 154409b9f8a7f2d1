// Asks for frames, shows them, and tells the server what was pressed.
import {unpack, plane, line, curves, bars, picture} from "./view.js";
import {flow, PHASES} from "./flow.js";
import {pen, drawn, attach} from "./pen.js";
import * as dirac from "./portrait.js";

const $ = id => document.getElementById(id);
const WEIGHTS = [null, .001, .003, .01, .03, .1, .3, 1, 3, 10], RATES = [1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2, 3e-2, 1e-1];
const CHOICES = {
  data: ["ring", "grid", "square", "moons", "circles", "swiss_roll", "spokes", "gaussians_1d"], width: [4, 8, 16, 32, 64, 128], depth: [1, 2, 3, 4],
  activation: ["relu", "leaky-relu", "tanh", "softplus", "sigmoid"], d_layers: [null, "spectral-norm", "layer-norm", "minibatch-discrimination", "minibatch-std"],
  d_fourier: [null, "64,3,0.1", "64,8,0.04"], latent: [1, 2, 4, 16], pack: [1, 2, 4],
  loss: ["non-saturating", "minimax", "least-squares", "hinge", "wasserstein", "relativistic", "relativistic-average"],
  r1: WEIGHTS, r2: WEIGHTS, gp: WEIGHTS, d_steps: [1, 2, 3, 5, 10], lr_d: [null, ...RATES], lr: RATES, batch: [8, 32, 64, 128, 256, 512],
  update: ["alternating", "simultaneous", "optimistic", "extragradient"], unroll: [null, "1,0.1", "5,0.1", "10,0.1"], instance_noise: [null, .01, .03, .1, .2, .5], ema: [null, .9, .99, .995, .999, .9999]};
const PHASE = 900, PAUSE = 4000, APART = 24;  // milliseconds: of a phase in slow motion; between two stories; between pictures
const SUITS = {loss: "relativistic", r1: .03, r2: .03, gp: null, d_steps: 1, lr: .002, lr_d: .002, batch: 128};  // most drawings
let frame = null, truth = null, before = null, version = 0, slow = 0, moved = 0, stories = {}, story = null, wish = null, hurry = () => {};
let hinted = true, failed = "", state = "";  // whether what is said is a hint; what went wrong last; the state that a hint was for
const shown = Object.fromEntries([...document.querySelectorAll("[data-layer]")].map(box => [box.dataset.layer, box.checked]));
window.stats = {frames: 0, first: 0};  // for measurements

const FIRST = $("says").textContent, ENDED = "The program has ended. Start tinygan play again, and use the page that it opens.";
const say = text => { $("says").textContent = text; hinted = false; };
const fail = text => { failed = text; say(text); };
const HINTS = {two: "Press anywhere in the plane to start there, or choose other settings.", new: FIRST,
  on: "G and D train. Change a setting, choose a story, or press Pause.",
  off: "The game stands still. Press Play or Round, change a setting, or choose a story."};
const now = () => document.body.classList.contains("two") ? "two" : going() ? "on" : frame.rounds ? "off" : "new";
function hint() {  // where a story, a drawing or an error has nothing more to say
  state = frame ? now() : "new";
  say(HINTS[state]);
  hinted = true;
}

async function send(what, more = {}) {
  let answer, told;
  try {
    answer = await fetch("do", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({...more, do: what})});
    told = await answer.json();
  } catch { fail(ENDED); return false; }
  if (!answer.ok) { fail(told.error); if (frame) tell(); }
  else if (failed) { failed = ""; hint(); }
  hurry();
  return answer.ok && told;
}

async function watch(once) {  // one question at a time: a slow page asks less often
  for (let seen = 0, reached = false; ; reached = false) {
    try {
      const asked = performance.now();
      const next = unpack(await (await fetch("frame?seen=" + seen)).arrayBuffer());
      if (next.version !== version) {
        truth = new Float32Array(await (await fetch("truth")).arrayBuffer());
        version = next.version;
        frame = null;
      }
      reached = true;
      if (!frame || next.rounds !== frame.rounds || slow) { before = frame && frame.fake; moved = performance.now(); }
      frame = next;
      seen = next.frame;
      stats.frames++;
      stats.first ||= performance.now();
      await new Promise(done => { hurry = done; setTimeout(done, APART - (performance.now() - asked)); });  // the game needs time too
      await new Promise(requestAnimationFrame);
      draw();
      if (failed === ENDED) { failed = ""; hint(); }
      tell();
      if (once) { once(); once = null; }
    } catch (error) {
      fail(reached ? `This page has met an error (${error.message}). Load it again.` : ENDED);
      if (reached) console.error(error);
      await new Promise(done => setTimeout(done, 1500));
    }
  }
}

function draw() {
  if (!frame) return;
  if (pen.on) return drawn($("plane"));
  const part = slow ? Math.min(1, (performance.now() - moved) / 600) : 1;
  if (frame.dim === 1) line($("plane"), frame, shown);
  else plane($("plane"), frame, truth, shown, before, part);
  if (part < 1) requestAnimationFrame(draw);
}

function tell() {  // the numbers beside the plane
  $("rounds").textContent = frame.rounds.toLocaleString("en");
  $("speed").textContent = frame.speed ? `${Math.round(frame.speed).toLocaleString("en")} a second` : "";
  $("play").textContent = going() ? "Pause" : "Play";
  const columns = [[frame.score, "generated", "g"], [frame.average_score, "average", ""], [frame.true_score, "true", "t"]].filter(([score]) => score);
  $("averaged").hidden = !frame.average_score;
  $("score").innerHTML = "<tr><th></th>" + columns.map(([, name, kind]) => `<th class="${kind}">${name}</th>`).join("") + "</tr>" +
    Object.keys(frame.score).map(name => `<tr><td>${name}</td>${columns.map(([score]) => `<td>${score[name]}</td>`).join("")}</tr>`).join("");
  curves($("losses"), frame.rows, [[1, "--d", "D", [10, 5]], [2, "--g", "G"]], []);
  curves($("verdicts"), frame.rows, [[3, "--t", "on true"], [4, "--g", "on generated", [10, 5]]], frame.probability ? [[.5, "1/2"]] : [],
    frame.probability ? [0, 1] : null);
  bars($("bars"), frame);
  if (frame.message) say(frame.message);
  else if (story && frame.frame >= story.since && (frame.rounds < story.from || !holds(meant(story.name)))) {
    story = null;
    say("A setting has changed, so the story ends here. Train on, or choose a story.");
  } else if (story && frame.rounds > story.from && (frame.rounds >= story.until || frame.score["modes visited"] === story.visited)) {
    const {answer, next} = story;
    say(answer);
    story = null;
    if (next) setTimeout(() => tellStory(next), PAUSE);
  } else if (hinted && state !== now()) hint();
  const s = frame.settings, values = {...s, width: s.hidden[0], depth: s.hidden.length};
  for (const name of [...Object.keys(CHOICES), "seed"]) if (name !== "seed" || $(name) !== document.activeElement) put($(name), values[name]);
  if (location.hash !== hash()) history.replaceState(null, "", hash());
}

function put(box, value) {  // a value that the list does not have is added to it
  const text = value === null ? "" : String(value);
  if (box.options && ![...box.options].some(option => option.value === text)) box.add(new Option(text, text));
  if (box.value !== text) box.value = text;
}

const away = () => { if (pen.on) drawing(false); };  // who trains wants to see it
function stop() { slow = 0; flow($("flow"), $("phase")); }
async function slowly(mine) {
  for (let turn = 0; slow === mine; turn++) for (let k = 0; k < 5; k++) {
    if (slow !== mine) return;
    const who = turn % 2 ? "G" : "D";
    flow($("flow"), $("phase"), who, k);
    if (k === 4) await send("step", {who});
    await new Promise(done => setTimeout(done, PHASE));
  }
}

async function start() {
  if ($("rate").value !== "slow") return play(true);
  await play(false);
  slow = performance.now() || 1;
  slowly(slow);
  tell();
}
const pause = () => { stop(); return play(false); };
async function play(on) {  // until a picture knows of it, this page goes by what was asked for
  wish = {on, from: Infinity};
  const {frame: from} = await send("play", {on});
  wish = from && {on, from};
}
const going = () => slow || (wish && frame.frame < wish.from ? wish.on : frame.playing);
const PRESSED = {
  play: () => { away(); return going() ? pause() : start(); },
  "step-d": () => { away(); stop(); send("step", {who: "D"}); },
  "step-g": () => { away(); stop(); send("step", {who: "G"}); },
  round: () => { away(); stop(); send("step"); },
  begin: () => { away(); stop(); story = null; hint(); send("begin"); },
  pen: () => drawing(!pen.on),
  two: () => { const on = !document.body.classList.contains("two"); two(on); if (on) dirac.start(); },
  clear: () => { pen.points = []; draw(); },
  use: async () => {
    if (!await send("draw", {points: pen.points})) return;
    if ($("suits").checked) await send("set", SUITS);
    drawing(false);
    story = null;
    say("G learns your drawing. If a part stays empty, let it train longer, or change the settings.");
    start();
  },
  command: () => keep(command(), missing()),
  link: () => keep(hash(), missing()),
  save: async () => {
    const {folder} = await send("save");
    if (folder) $("words").textContent = `tinygan plot ${folder} --out ${folder}.png\ntinygan sample ${folder} --out ${folder}.csv\npython ${folder}/game.py`;
  },
  picture: () => { const a = document.createElement("a"); a.download = "tinygan.png"; a.href = picture($("plane"), caption()).toDataURL(); a.click(); }};

const missing = () => frame.settings.data === "drawn" ? "\nYour drawing is not in it. Save as Python, or Save run, keeps it." : "";
function keep(text, more) {
  $("words").textContent = text + more;
  navigator.clipboard?.writeText(text).catch(() => {});  // where the browser forbids it, the text can be copied by hand
}

const caption = () => [`${frame.rounds.toLocaleString("en")} rounds. ` + Object.entries(frame.score).map(([name, value]) => `${name} ${value}`).join(", "),
  ...command().match(/.{1,88}( |$)/g)];

// The settings at the end of the page's address: #loss=hinge&r1=0.1
const hash = () => "#" + new URLSearchParams(Object.entries(frame.settings).filter(([, value]) => value !== "drawn").map(([name, value]) => [name, value ?? ""]));
const value = text => text === "" ? null : text.includes(",") ? text.split(",").map(Number) : isNaN(text) ? text : Number(text);
function fromHash() {
  const asked = Object.fromEntries([...new URLSearchParams(location.hash.slice(1))].map(([name, text]) => [name, value(text)]));
  if (typeof asked.hidden === "number") asked.hidden = [asked.hidden];
  return Object.keys(asked).length ? send("set", asked) : null;
}

function two(on) {  // the Dirac-GAN in place of the game
  document.body.classList.toggle("two", on);
  $("two").setAttribute("aria-pressed", on);
  $("two").textContent = on ? "Back to the networks" : "Two numbers";
  if (on) { story = null; pause(); }
  if (frame) hint();
}

function drawing(on) {
  pen.on = on;
  $("penbar").hidden = !on;
  $("pen").setAttribute("aria-pressed", on);
  $("plane").classList.toggle("pen", on);
  if (on) { pause(); story = null; say("Draw the true points with the pen or a stamp. Then press Learn my drawing."); $("plane").scrollIntoView({block: "nearest"}); }
  else hint();
  draw();
}

function command() {
  const words = Object.entries(frame.settings).filter(([name, value]) => value !== null && value !== "drawn")
    .map(([name, value]) => `--${name.replace("_", "-")} ${[value].flat().join(" ")}`);
  return `tinygan play ${words.join(" ")}`;
}

// The settings of a story with those of the stories before it, and whether the game has settings
const meant = name => ({...(stories[name].after ? meant(stories[name].after) : {}), ...stories[name].settings});
const holds = (wanted, but = {}) => Object.entries(wanted).every(([name, value]) => name in but ||
  JSON.stringify(value) === JSON.stringify(frame.settings[name]));

async function tellStory(name) {
  stop();
  away();
  story = null;
  const told = stories[name], first = stories[told.after];
  if (told.portrait) {
    two(true);
    dirac.set({theta: 1, psi: 1, ...told.portrait});
    say(told.question);
    return dirac.start(() => say(told.answer));
  }
  two(false);
  if (first && (frame.rounds < first.rounds || !holds(meant(told.after), told.settings))) {  // it begins where another story ends
    await tellStory(told.after);
    story = story && {...story, next: name};
    return;
  }
  $("rate").value = "";
  await send("rate", {rate: null});
  const from = told.anew ? 0 : frame.rounds, begun = await send("story", {name});
  if (!begun) return;
  story = {...told, name, from, until: from + told.rounds, since: begun.frame};
  say(told.question);
}

async function begin() {
  for (const [name, values] of Object.entries(CHOICES)) for (const value of values) {
    $(name).add(new Option(value === null ? (name === "lr_d" ? "as G" : "off") : String(value).replaceAll("_", " "), value === null ? "" : value));
  }
  for (const [id, job] of Object.entries(PRESSED)) $(id).onclick = job;
  for (const box of document.querySelectorAll("[data-layer]")) box.onchange = () => { shown[box.dataset.layer] = box.checked; draw(); };
  for (const name of [...Object.keys(CHOICES), "seed"]) $(name).onchange = () => {
    if (name === "width" || name === "depth") send("set", {hidden: Array(Number($("depth").value)).fill(Number($("width").value))});
    else send("set", {[name]: value($(name).value)});
  };
  $("rate").onchange = async () => {
    const on = going(), rate = $("rate").value;
    await pause();
    if (rate !== "slow") await send("rate", {rate: rate ? Number(rate) : null});
    if (on) start();
  };
  document.onkeydown = e => {
    if (/INPUT|SELECT|BUTTON|A$/.test(e.target.tagName) && (e.key === " " || e.target.tagName !== "BUTTON")) return;
    const id = {" ": "play", d: "step-d", g: "step-g", s: "round", r: "begin"}[e.key];
    if (id && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); $(id).click(); }
  };
  attach($("plane"), $("tool"), draw);
  flow($("flow"), $("phase"));
  const told = await (await fetch("stories")).json();
  stories = told.stories;
  const all = Object.entries(stories);
  for (const [name, {title, lesson}] of all.filter(([, {lesson}]) => lesson).sort(([, a], [, b]) => a.lesson - b.lesson)) {
    $("lessons").add(new Option(`${lesson}. ${title}`, name));
  }
  for (const [name, {title}] of all.filter(([, told]) => told.button)) {
    const button = document.createElement("button");
    button.textContent = title;
    button.dataset.story = name;
    button.onclick = () => tellStory(name);
    $("stories").append(button);
  }
  $("lessons").onchange = () => { const name = $("lessons").value; $("lessons").value = ""; $("lessons").blur(); if (name) tellStory(name); };
  dirac.prepare();
  window.onhashchange = fromHash;
  await fromHash();
  watch(() => told.first && tellStory(told.first));
}
begin();
