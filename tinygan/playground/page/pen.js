// Drawing one's own data: a pen, an eraser and stamps. The strokes are points of the plane.
import {places} from "./view.js";
const MOST = 5000, STAMP = .5, REACH = 1.5;  // the plane of the pen shows -REACH to REACH, whatever the data are
const STAMPS = {
  heart: t => [Math.sin(t) ** 3, (13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t)) / 16],
  circle: t => [Math.cos(t), Math.sin(t)],
  star: t => { const r = .7 + .3 * Math.cos(5 * t); return [r * Math.sin(t), r * Math.cos(t)]; }};
export const pen = {on: false, points: []};

export function drawn(canvas) {
  const c = canvas.getContext("2d"), {X, Y} = places(canvas, REACH);
  c.clearRect(0, 0, canvas.width, canvas.height);
  c.fillStyle = "#0072B2";
  for (const [x, y] of pen.points) c.fillRect(X(x) - 3, Y(y) - 3, 6, 6);
  c.fillStyle = "#444"; c.font = "20px system-ui, sans-serif"; c.textAlign = "left";
  c.fillText("Draw where the true points are. Then press Learn my drawing.", 14, 30);
}

function stamp(kind, [x, y], size) {
  for (let i = 0; i < 120; i++) { const [u, v] = STAMPS[kind](i / 120 * 2 * Math.PI); add([x + size * u, y + size * v]); }
}

function add([x, y]) {
  if (pen.points.length < MOST && Math.abs(x) <= REACH && Math.abs(y) <= REACH) pen.points.push([x, y]);
}

export function attach(canvas, tool, redraw) {
  let last = null;
  const place = e => {
    const box = canvas.getBoundingClientRect(), k = canvas.width / box.width;
    return places(canvas, REACH).back((e.clientX - box.left) * k, (e.clientY - box.top) * k);
  };
  const use = (e, first) => {
    if (!pen.on || !(e.buttons & 1)) return;
    const at = place(e), kind = tool.value;
    if (kind === "eraser") pen.points = pen.points.filter(([x, y]) => Math.hypot(x - at[0], y - at[1]) > .08 * REACH);
    else if (kind === "pen") {
      const steps = last && !first ? Math.ceil(Math.hypot(at[0] - last[0], at[1] - last[1]) / (.01 * REACH)) : 1;
      for (let i = 1; i <= steps; i++) add(first || !last ? at : [last[0] + (at[0] - last[0]) * i / steps, last[1] + (at[1] - last[1]) * i / steps]);
    } else if (first) stamp(kind, at, STAMP * REACH);
    last = at;
    redraw();
  };
  canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); use(e, true); });
  canvas.addEventListener("pointermove", e => use(e, false));
  canvas.addEventListener("keydown", e => {
    if (!pen.on || e.key !== "Enter") return;
    stamp(tool.value in STAMPS ? tool.value : "heart", [0, 0], 1.4 * STAMP * REACH);
    redraw();
  });
}
