// What is drawn over the picture: hints, regions, places to hint, scratches found, the brush, the keyboard's cross.

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./history.js").Hint} Hint */
/** @typedef {[number, number][]} Region */

const LAMP = "#ff9a4d";

/** @param {CanvasRenderingContext2D} brush @param {number} x @param {number} y @param {number} radius @param {string} color @param {number} width */
function ring(brush, x, y, radius, color, width) {
  brush.beginPath();
  brush.arc(x, y, radius, 0, 2 * Math.PI);
  brush.strokeStyle = color;
  brush.lineWidth = width;
  brush.stroke();
}

/** @param {CanvasRenderingContext2D} brush @param {View} view @param {readonly Hint[]} hints @param {number | null} chosen */
export function paintHints(brush, view, hints, chosen) {
  for (const hint of hints) {
    const [x, y] = view.toStage(hint.x * view.photo.width, hint.y * view.photo.height);
    const mine = hint.id === chosen;
    if (mine) {
      const reach = hint.radius * Math.min(view.photo.width, view.photo.height) * view.scale;
      brush.setLineDash([4, 4]);
      if (reach > 10) {
        ring(brush, x, y, reach, "#000a", 3);
        ring(brush, x, y, reach, "#fff", 1.2);
      }
      brush.setLineDash([]);
    }
    const radius = mine ? 10 : 7.5;
    brush.beginPath();
    brush.arc(x, y, radius, 0, 2 * Math.PI);
    brush.fillStyle = hint.color;
    brush.fill();
    ring(brush, x, y, radius, "#0009", 4.5);
    ring(brush, x, y, radius, mine ? LAMP : "#fff", 2.2);
  }
}

/** @param {CanvasRenderingContext2D} brush @param {View} view @param {Region} region fractions @param {boolean} strong @param {boolean} closed */
export function paintRegion(brush, view, region, strong, closed = true) {
  if (!region.length) return;
  brush.beginPath();
  region.forEach(([fx, fy], k) => {
    const [x, y] = view.toStage(fx * view.photo.width, fy * view.photo.height);
    if (k) brush.lineTo(x, y);
    else brush.moveTo(x, y);
  });
  if (closed) brush.closePath();
  brush.setLineDash(strong ? [] : [5, 5]);
  brush.lineWidth = 3.5;
  brush.strokeStyle = strong ? "#0009" : "#0005";
  brush.stroke();
  brush.lineWidth = 1.6;
  brush.strokeStyle = strong ? LAMP : "#fffc";
  brush.stroke();
  brush.setLineDash([]);
  if (closed) return;
  for (const [fx, fy] of region.length < 40 ? region : [region[0]]) {
    const [x, y] = view.toStage(fx * view.photo.width, fy * view.photo.height);
    brush.fillStyle = LAMP;
    brush.fillRect(x - 3, y - 3, 6, 6);
  }
}

/** Numbered places, the most useful first. @param {CanvasRenderingContext2D} brush @param {View} view @param {readonly {x: number, y: number}[]} places */
export function paintPlaces(brush, view, places) {
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.font = "600 13px system-ui, sans-serif";
  places.forEach((place, k) => {
    const [x, y] = view.toStage(place.x * view.photo.width, place.y * view.photo.height);
    brush.beginPath();
    brush.arc(x, y, 13, 0, 2 * Math.PI);
    brush.fillStyle = "#1d0d03d0";
    brush.fill();
    ring(brush, x, y, 13, LAMP, 2.2);
    brush.fillStyle = "#fff";
    brush.fillText(String(k + 1), x, y + 0.5);
  });
}

/** @param {CanvasRenderingContext2D} brush @param {View} view @param {readonly import("./mask.js").Find[]} finds @param {number} at */
export function paintFinds(brush, view, finds, at) {
  const least = Math.max(view.scale, 1);
  finds.forEach((find, k) => {
    brush.fillStyle = k === at ? "#ffd166" : "#ffb020c8";
    for (let i = 0; i < find.runs.length; i += 3) {
      const [x0, y0] = view.toStage(find.runs[i + 1], find.runs[i]);
      const width = (find.runs[i + 2] - find.runs[i + 1]) * view.scale;
      brush.fillRect(x0, y0, Math.max(width, least), Math.max(view.scale, 1));
    }
  });
  const find = finds[at];
  if (!find) return;
  const [x, y] = view.toStage(find.box.left, find.box.top);
  const room = 7;
  const [w, h] = [find.box.width * view.scale + 2 * room, find.box.height * view.scale + 2 * room];
  brush.lineWidth = 4;
  brush.strokeStyle = "#0009";
  brush.strokeRect(x - room, y - room, w, h);
  brush.lineWidth = 1.8;
  brush.strokeStyle = "#fff";
  brush.strokeRect(x - room, y - room, w, h);
}

/** @param {CanvasRenderingContext2D} brush @param {number} x @param {number} y in CSS pixels @param {number} radius @param {boolean} down */
export function paintBrush(brush, x, y, radius, down) {
  ring(brush, x, y, Math.max(radius, 1.5), "#000a", 3);
  ring(brush, x, y, Math.max(radius, 1.5), down ? LAMP : "#fff", 1.4);
}

/** @param {CanvasRenderingContext2D} brush @param {number} x @param {number} y in CSS pixels */
export function paintCross(brush, x, y) {
  for (const [color, width] of /** @type {[string, number][]} */ ([
    ["#000b", 4],
    ["#fff", 1.6],
  ])) {
    brush.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      brush.moveTo(x + 5 * dx, y + 5 * dy);
      brush.lineTo(x + 17 * dx, y + 17 * dy);
    }
    brush.strokeStyle = color;
    brush.lineWidth = width;
    brush.stroke();
  }
}
