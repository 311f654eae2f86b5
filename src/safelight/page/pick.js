// The eyedropper on another picture: one that is open, or any file. Its own, so that it works in every browser and by keys.

import * as api from "./api.js";
import { hexOf } from "./color.js";
import { ARROWS, button, find, input, keepStrokes, make } from "./dom.js";
import { paintCross } from "./over.js";

const MOST = 600_000; // pixels

/** @param {import("./app.js").App} app @param {(hex: string) => void} chosen */
export function listen(app, chosen) {
  const dialog = find("pick-dialog", HTMLDialogElement);
  const canvas = find("pick-canvas", HTMLCanvasElement);
  const face = find("pick-color");
  /** @type {ImageData | null} */
  let pixels = null;
  let [x, y] = [0, 0];

  const draw = () => {
    const brush = canvas.getContext("2d");
    if (!pixels || !brush) return;
    brush.putImageData(pixels, 0, 0);
    if (document.activeElement === canvas) paintCross(brush, x + 0.5, y + 0.5);
    face.style.backgroundColor = colorAt();
  };
  const colorAt = () => {
    const at = 4 * (y * (pixels?.width ?? 1) + x);
    return hexOf(pixels?.data.subarray(at, at + 3) ?? [0, 0, 0]);
  };
  const take = () => {
    dialog.close();
    chosen(colorAt());
  };
  /** @param {ImageData} image */
  const show = (image) => {
    pixels = image;
    [canvas.width, canvas.height] = [image.width, image.height];
    [x, y] = [image.width >> 1, image.height >> 1];
    canvas.hidden = face.hidden = false;
    canvas.focus();
    draw();
  };
  /** @param {PointerEvent} event */
  const aim = (event) => {
    if (!pixels) return;
    // The picture is fitted into the canvas's frame.
    const frame = canvas.getBoundingClientRect();
    const scale = Math.min(frame.width / pixels.width, frame.height / pixels.height);
    const left = frame.left + (frame.width - pixels.width * scale) / 2;
    const top = frame.top + (frame.height - pixels.height * scale) / 2;
    x = Math.min(pixels.width - 1, Math.max(0, Math.floor((event.clientX - left) / scale)));
    y = Math.min(pixels.height - 1, Math.max(0, Math.floor((event.clientY - top) / scale)));
    draw();
  };

  button("pick-other").addEventListener("click", () => {
    canvas.hidden = face.hidden = true;
    const others = app.photos.filter((photo) => photo.id !== app.work?.photo.id);
    find("pick-thumbs").replaceChildren(
      ...others.map((photo) => {
        const image = make("img", { alt: "" });
        const choice = make("button", { type: "button", "aria-label": photo.name, title: photo.name }, image);
        api.thumbnail(photo.id, 20_000).then(
          (blob) => {
            image.src = URL.createObjectURL(blob);
            image.onload = () => URL.revokeObjectURL(image.src);
          },
          () => undefined,
        );
        choice.addEventListener("click", () =>
          api.preview(photo.id, null, MOST).then(show, (error) => app.failed(error)),
        );
        return choice;
      }),
    );
    dialog.showModal();
  });
  button("pick-close").addEventListener("click", () => dialog.close());
  button("pick-file").addEventListener("click", () => input("pick-input").click());
  input("pick-input").addEventListener("change", () => {
    const file = input("pick-input").files?.[0];
    input("pick-input").value = "";
    if (file) open(file).then(show, (error) => app.failed(error));
  });
  keepStrokes(canvas);
  canvas.addEventListener("pointermove", aim);
  canvas.addEventListener("pointerdown", aim);
  canvas.addEventListener("pointerup", (event) => {
    aim(event);
    take();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 20 : 3;
    const direction = ARROWS[event.key];
    if (direction && pixels) {
      x = Math.min(pixels.width - 1, Math.max(0, x + step * direction[0]));
      y = Math.min(pixels.height - 1, Math.max(0, y + step * direction[1]));
      draw();
    } else if (event.key === "Enter") take();
    else return;
    event.preventDefault();
  });
}

/** A picture file, small: by the browser, else by the service, which reads more kinds. @param {File} file */
async function open(file) {
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, Math.sqrt(MOST / (whole.width * whole.height)));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(whole.width * scale)),
      Math.max(1, Math.round(whole.height * scale)),
    );
    const brush = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    brush.drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    return brush.getImageData(0, 0, canvas.width, canvas.height);
  } catch {
    const photo = await api.send(file, file.name);
    const image = await api.preview(photo.id, null, MOST);
    await api.forget(photo.id).catch(() => undefined);
    return image;
  }
}
