// Small things about elements.

/**
 * The element with this id, of this kind.
 * @template {HTMLElement} [T=HTMLElement] @param {string} id @param {new () => T} [kind] @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (!element || (kind && !(element instanceof kind))) throw new Error(`no element ${id}`);
  return /** @type {T} */ (element);
}

/** @param {string} id */
export const button = (id) => find(id, HTMLButtonElement);
/** @param {string} id */
export const input = (id) => find(id, HTMLInputElement);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Partial<Record<string, string>>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Where an arrow key points: to the right, and down. @type {Record<string, [number, number] | undefined>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * A round button of a color. @param {string} hex @param {string} words @param {boolean} pressed @param {() => void} chosen
 */
export function swatch(hex, words, pressed, chosen) {
  const element = make("button", {
    class: "swatch",
    type: "button",
    "aria-label": words,
    title: words,
    "aria-pressed": String(pressed),
  });
  element.style.backgroundColor = hex;
  element.dataset.color = hex;
  element.addEventListener("click", chosen);
  return element;
}

/** A dot of a color, which says nothing. @param {string} hex */
export function dot(hex) {
  const element = make("span", { class: "swatch", "aria-hidden": "true" });
  element.style.backgroundColor = hex;
  return element;
}

/**
 * Keep quick strokes to this element. Where touch-action is none Chromium takes one for a fling, though nothing
 * scrolls, and swallows the next tap within a second, anywhere on the page.
 * @param {HTMLElement} element @param {() => boolean} [whether] this stroke is the element's
 */
export function keepStrokes(element, whether = () => true) {
  const keep = (/** @type {TouchEvent} */ event) => {
    if (event.cancelable && whether()) event.preventDefault(); // not to be cancelled: the page scrolls
  };
  element.addEventListener("touchmove", keep, { passive: false });
}

/** Offer a file for download. @param {Blob} blob @param {string} name */
export function offer(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
