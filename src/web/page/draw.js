import { call, get, pictureUrl } from './api.js';
import { announce, boxLayer, el } from './dom.js';
import { state } from './state.js';

/** Relative to the picture; what the arrow keys move by. */
const STEP = 0.01;
const START = [0.4, 0.4, 0.2, 0.2];

/**
 * A dialog in which a logo that was not found is drawn: with the pointer, or with the arrow keys (Shift: its size).
 * @param frame as the API shows it
 * @param back what gets the focus when it is done
 */
export async function openDrawing(frame, back) {
  const url = await pictureUrl(`/api/frames/${frame.id}`);
  // The page may have been opened before the model was loaded.
  if (state.session.labels.length === 0) state.session = await get('/api/session');
  let box = [...START];
  const layer = el('div');
  const picture = el(
    'div',
    {
      class: 'picture drawing',
      tabindex: '0',
      role: 'application',
      'aria-label': 'Box around the logo: arrow keys move it, with Shift they change its size',
    },
    el('img', { src: url, alt: `The frame of ${frame.streamId} at ${frame.time}` }),
    layer,
  );
  picture.style.aspectRatio = `${frame.width} / ${frame.height}`;
  const label = el(
    'select',
    {},
    state.session.labels.map((name) => el('option', {}, name)),
  );
  const fault = el('p', { class: 'error', role: 'alert' });
  const dialog = el(
    'dialog',
    { 'aria-label': 'A logo was missed', class: 'wide' },
    el('p', {}, 'Draw a box around the logo, or move the box with the arrow keys (with Shift: its size).'),
    picture,
    el(
      'div',
      { class: 'bar' },
      el('label', {}, 'Brand', label),
      el('button', { type: 'button', class: 'main', onclick: save }, 'Save'),
      el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
    ),
    fault,
  );

  function show() {
    const known = frame.detections
      .filter((d) => d.confident)
      .map(({ box: b }) => ({ box: b, kind: 'other' }));
    layer.replaceChildren(boxLayer([...known, { box, kind: 'missed' }]));
  }
  async function save() {
    try {
      await call('POST', `/api/frames/${frame.id}/missed`, { label: label.value, box });
      announce(`${label.value} noted as missed`);
      dialog.close();
    } catch (error) {
      fault.textContent = error.message;
    }
  }
  picture.addEventListener('keydown', (event) => {
    const [dx, dy] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const [x, y, w, h] = box;
    box = event.shiftKey
      ? [x, y, clamp(w + dx * STEP, STEP, 1 - x), clamp(h + dy * STEP, STEP, 1 - y)]
      : [clamp(x + dx * STEP, 0, 1 - w), clamp(y + dy * STEP, 0, 1 - h), w, h];
    show();
  });
  let from;
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    return [clamp((clientX - left) / width, 0, 1), clamp((clientY - top) / height, 0, 1)];
  };
  picture.addEventListener('pointerdown', (event) => {
    from = at(event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener('pointermove', (event) => {
    if (from === undefined) return;
    const to = at(event);
    const [x, y] = [Math.min(from[0], to[0]), Math.min(from[1], to[1])];
    box = [x, y, Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    show();
  });
  picture.addEventListener('pointerup', () => {
    from = undefined;
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (url) URL.revokeObjectURL(url);
    back?.focus();
  });
  document.body.append(dialog);
  show();
  dialog.showModal();
  picture.focus();
}

const clamp = (value, min, max) => Math.min(Math.max(value, min), Math.max(min, max));
