import { call, get } from './api.js';
import { boxLayer, el, emptyState, setText } from './dom.js';
import { openDrawing } from './draw.js';
import { state } from './state.js';

const TILES = 12;
const EVERY_MS = 1000;
/** A stream that nobody looked at so far has a picture with its next frame. */
const SOON_MS = 300;

export function liveView(root) {
  let page = 0;
  let filter = '';
  const tiles = new Map();
  const list = el('ul', { class: 'tiles' });
  const where = el('p', { role: 'status' });
  const pager = el(
    'div',
    { class: 'pager' },
    el('button', { type: 'button', onclick: () => turn(-1) }, 'Previous'),
    where,
    el('button', { type: 'button', onclick: () => turn(1) }, 'Next'),
  );
  const search = el('input', {
    type: 'search',
    oninput: () => {
      filter = search.value.toLowerCase();
      page = 0;
      draw();
    },
  });
  const bar = el('div', { class: 'bar' }, el('label', {}, 'Find a stream', search));
  const none = emptyState(
    'No stream is watched yet',
    el(
      'p',
      {},
      'Add one under ',
      el('a', { href: '#/streams' }, 'Streams'),
      ', name it on the command line (',
      el('code', {}, 'logowatch watch rtsp://camera.example/live --web'),
      ') or in the config.',
    ),
  );
  root.append(el('h1', {}, 'Live'), bar, none, list, pager);

  function turn(by) {
    page += by;
    draw();
  }

  function draw() {
    const all = state.sortedStreams.filter((s) => s.id.toLowerCase().includes(filter));
    const pages = Math.max(1, Math.ceil(all.length / TILES));
    page = Math.min(Math.max(0, page), pages - 1);
    const shown = all.slice(page * TILES, (page + 1) * TILES);
    none.hidden = state.streams.size > 0 || !state.connected;
    bar.hidden = state.streams.size <= TILES;
    pager.hidden = pages === 1;
    const [previous, , next] = pager.children;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    setText(where, `Page ${page + 1} of ${pages}, ${all.length} streams`);
    const ids = new Set(shown.map((s) => s.id));
    for (const [id, tile] of tiles) {
      if (ids.has(id)) continue;
      tile.node.remove();
      tiles.delete(id);
    }
    for (const [i, stream] of shown.entries()) {
      if (!tiles.has(stream.id)) tiles.set(stream.id, makeTile(stream));
      const tile = tiles.get(stream.id);
      if (list.children[i] !== tile.node) list.insertBefore(tile.node, list.children[i] ?? null);
      tile.update(stream);
    }
  }

  let timer;
  let stopped = false;
  async function look() {
    let next = EVERY_MS;
    const running = [...tiles.keys()].filter((id) => state.streams.get(id)?.state === 'running');
    if (running.length > 0 && !document.hidden) {
      try {
        const { pictures } = await get(`/api/live?streams=${running.join(',')}`);
        for (const picture of pictures) tiles.get(picture.streamId)?.show(picture);
        if (pictures.length < running.length) next = SOON_MS;
      } catch {
        // The connection says so.
      }
    } else next = SOON_MS;
    if (!stopped) timer = setTimeout(look, next);
  }

  const onChange = ({ detail: { what, data } }) => {
    if (what === 'appearances' && data) tiles.get(data.streamId)?.update(state.streams.get(data.streamId));
    else draw();
  };
  state.addEventListener('change', onChange);
  draw();
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    state.removeEventListener('change', onChange);
  };
}

function makeTile({ id }) {
  const img = el('img', { alt: '', hidden: true });
  const layer = el('div');
  const waiting = el('span', {}, 'no picture yet');
  const picture = el('div', { class: 'picture' }, waiting, img, layer);
  const now = el('p', { class: 'now' });
  const status = el('p', { class: 'state' });
  const facts = el('p', { class: 'facts' });
  const error = el('p', { class: 'error', hidden: true });
  const missed = el(
    'button',
    {
      type: 'button',
      'aria-label': `Missed here: ${id}`,
      onclick: async () => {
        try {
          await openDrawing(await call('POST', `/api/streams/${id}/hold`), missed);
        } catch (fault) {
          error.hidden = false;
          error.textContent = fault.message;
        }
      },
    },
    'Missed here',
  );
  const node = el(
    'li',
    { class: 'tile', 'data-stream': id },
    picture,
    el('div', { class: 'about' }, el('h2', {}, id), now, status, facts, error, missed),
  );
  let labels = '';
  return {
    node,
    show({ jpeg, boxes, time }) {
      img.src = `data:image/jpeg;base64,${jpeg}`;
      img.alt = `${id} at ${time}`;
      img.hidden = false;
      waiting.hidden = true;
      layer.replaceChildren(boxLayer(boxes));
    },
    update(stream) {
      if (!stream) return;
      const open = state
        .openOn(id)
        .map((a) => a.label)
        .sort()
        .join(', ');
      setText(now, open === '' ? 'no logo' : open);
      if (open !== labels && open !== '') {
        node.classList.remove('fresh');
        void node.offsetWidth;
        node.classList.add('fresh');
      }
      labels = open;
      status.dataset.state = stream.state;
      setText(status, stream.state);
      const age = stream.ageMs === null ? 'no frame yet' : `${Math.round(stream.ageMs)} ms old`;
      setText(
        facts,
        `${stream.framesPerSecond} fps, ${age}, ${stream.dropped} dropped, ${stream.restarts} restarts`,
      );
      missed.hidden = !(state.may('reviewer') && stream.state === 'running');
      const wrong = stream.state === 'failed' || stream.state === 'waiting' ? stream.lastError : null;
      error.hidden = wrong === null;
      if (wrong !== null) setText(error, wrong);
    },
  };
}
