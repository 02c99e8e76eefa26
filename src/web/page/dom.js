const SVG = 'http://www.w3.org/2000/svg';
const SVG_NAMES = new Set(['svg', 'rect', 'image']);

/**
 * An element. Keys that begin with `on` are listeners, null and false are left out; children are text or elements, so that
 * nothing that the server says ever becomes markup.
 */
export function el(name, attributes = {}, ...children) {
  const node = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets text only where it differs: screen readers and selections are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Boxes over a picture of any size; boxes are relative to it. */
export function boxLayer(boxes) {
  return el(
    'svg',
    { viewBox: '0 0 1 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    boxes.map(({ box: [x, y, width, height], kind = '' }) =>
      el('rect', { x, y, width, height, class: kind }),
    ),
  );
}

/** The place alone, enlarged, with some room around it. */
export function crop(url, { width, height }, [x, y, w, h], alt) {
  const margin = 0.2 * Math.max(w * width, h * height);
  const view = [x * width - margin, y * height - margin, w * width + 2 * margin, h * height + 2 * margin];
  return el(
    'svg',
    { viewBox: view.join(' '), class: 'crop', role: 'img', 'aria-label': alt },
    el('image', { href: url, width, height }),
  );
}

const announcer = document.getElementById('announcer');
let waiting = [];
let timer;

/** For screen readers; several at once become one sentence. */
export function announce(text) {
  waiting.push(text);
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    const more = waiting.length > 3 ? `, and ${waiting.length - 3} more` : '';
    announcer.textContent = waiting.slice(0, 3).join(', ') + more;
    waiting = [];
  }, 500);
}

const two = (n) => String(n).padStart(2, '0');

export function clock(iso) {
  const t = new Date(iso);
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
export const percent = (share) => `${Math.round(share * 100)} %`;

/** What to do where there is nothing yet. */
export function emptyState(title, ...body) {
  return el('section', { class: 'empty' }, el('h2', {}, title), ...body);
}

/** At most twice a second, however often it is asked for; the last time counts. */
export function seldom(work) {
  let pending;
  const run = () => {
    if (pending !== undefined) return;
    pending = setTimeout(() => {
      pending = undefined;
      work();
    }, 500);
  };
  return { run, cancel: () => clearTimeout(pending) };
}
