// A word for a color, for those who listen to the page and for the list of hints.

import { labOf, rgbOfHex } from "./color.js";

/** Hues in degrees of the ab plane: up to which a word holds. @type {[number, import("./strings.js").Key][]} */
const HUES = [
  [15, "pink"],
  [45, "red"],
  [70, "orange"],
  [100, "yellow"],
  [165, "green"],
  [225, "teal"],
  [295, "blue"],
  [330, "violet"],
  [361, "pink"],
];

/** @param {string} hex @returns {import("./strings.js").Key} */
export function nameOf(hex) {
  const [L, a, b] = labOf(rgbOfHex(hex));
  const chroma = Math.hypot(a, b);
  if (chroma < 7) return L < 18 ? "black" : L > 92 ? "white" : "gray";
  const hue = ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
  if (hue >= 25 && hue < 78 && L > 58 && chroma < 34) return "skin";
  if (hue >= 35 && hue < 88 && L < 58 && chroma < 62) return "brown";
  if (hue >= 88 && hue < 118 && L < 58) return "olive";
  return (HUES.find(([end]) => hue < end) ?? HUES[0])[1];
}
