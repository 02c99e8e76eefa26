import { call } from './api.js';
import { announce, el, emptyState, setText } from './dom.js';
import { state } from './state.js';

const PAGE = 50;

export function streamsView(root) {
  let page = 0;
  const fault = el('p', { class: 'error', role: 'alert' });
  const body = el('tbody');
  const table = el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Streams' },
    el(
      'table',
      {},
      el('caption', {}, 'Streams that a config names belong to it: here they can be paused and resumed.'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ['Stream', 'State', 'Address', 'fps', 'Age', 'Dropped', 'Restarts', 'Change'].map((h) =>
            el('th', { scope: 'col' }, h),
          ),
        ),
      ),
      body,
    ),
  );
  const none = emptyState(
    'No stream is watched yet',
    el('p', {}, 'Add the first one with the form below: an RTSP, HLS, RTMP, SRT or UDP address.'),
  );
  const where = el('p', { role: 'status' });
  const turn = (by) => () => {
    page += by;
    draw();
  };
  const pager = el(
    'div',
    { class: 'pager' },
    el('button', { type: 'button', onclick: turn(-1) }, 'Previous'),
    where,
    el('button', { type: 'button', onclick: turn(1) }, 'Next'),
  );
  root.append(el('h1', {}, 'Streams'), fault, none, table, pager, addForm(act));

  async function act(what, ...request) {
    try {
      await call(...request);
      fault.textContent = '';
      announce(what);
      return true;
    } catch (error) {
      fault.textContent = error.message;
      return false;
    }
  }

  const rows = new Map();
  function draw() {
    const all = state.sortedStreams;
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    page = Math.min(Math.max(0, page), pages - 1);
    none.hidden = all.length > 0;
    table.hidden = all.length === 0;
    pager.hidden = pages === 1;
    pager.firstChild.disabled = page === 0;
    pager.lastChild.disabled = page === pages - 1;
    setText(where, `Page ${page + 1} of ${pages}, ${all.length} streams`);
    const shown = all.slice(page * PAGE, (page + 1) * PAGE);
    for (const [id, row] of rows) {
      if (shown.some((s) => s.id === id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    for (const [i, stream] of shown.entries()) {
      if (!rows.has(stream.id)) rows.set(stream.id, makeRow(stream.id, act));
      const { node, update } = rows.get(stream.id);
      if (body.children[i] !== node) body.insertBefore(node, body.children[i] ?? null);
      update(stream);
    }
  }
  const onChange = ({ detail: { what } }) => (what === 'streams' || what === 'session') && draw();
  state.addEventListener('change', onChange);
  draw();
  return () => state.removeEventListener('change', onChange);
}

function makeRow(id, act) {
  const cells = Array.from({ length: 6 }, () => el('td'));
  const [status] = cells;
  const path = `/api/streams/${encodeURIComponent(id)}`;
  const rest = el('button', {
    type: 'button',
    onclick: () => {
      const verb = rest.dataset.verb;
      void act(`${id}: ${verb}`, 'POST', `${path}/${verb}`);
    },
  });
  const remove = el(
    'button',
    {
      type: 'button',
      'aria-label': `Remove ${id}`,
      onclick: () => void act(`${id} removed`, 'DELETE', path),
    },
    'Remove',
  );
  const node = el(
    'tr',
    { 'data-stream': id },
    el('th', { scope: 'row' }, id),
    cells,
    el('td', {}, rest, ' ', remove),
  );
  return {
    node,
    update(s) {
      const texts = [
        s.lastError !== null && s.state !== 'running' ? `${s.state}: ${s.lastError}` : s.state,
        s.url,
        s.framesPerSecond,
        s.ageMs === null ? '' : `${Math.round(s.ageMs)} ms`,
        s.dropped,
        s.restarts,
      ];
      for (const [i, text] of texts.entries()) setText(cells[i], String(text));
      status.className = 'state';
      status.dataset.state = s.state;
      const rests = s.paused || s.state === 'failed' || s.state === 'ended';
      rest.dataset.verb = rests ? 'resume' : 'pause';
      setText(rest, rests ? 'Resume' : 'Pause');
      rest.setAttribute('aria-label', `${rests ? 'Resume' : 'Pause'} ${id}`);
      const may = state.may('operator');
      rest.hidden = !may;
      remove.hidden = !may || s.owner !== null;
    },
  };
}

function addForm(act) {
  const id = el('input', {
    name: 'id',
    required: true,
    pattern: '[A-Za-z0-9_.\\-]{1,64}',
    autocomplete: 'off',
  });
  const url = el('input', {
    name: 'url',
    required: true,
    type: 'url',
    placeholder: 'https://tv.example/live.m3u8',
    size: 40,
  });
  const form = el(
    'form',
    {
      'aria-labelledby': 'add-title',
      onsubmit: async (event) => {
        event.preventDefault();
        const added = await act(`${id.value} added`, 'PUT', `/api/streams/${encodeURIComponent(id.value)}`, {
          url: url.value,
        });
        if (added) form.reset();
      },
    },
    el('h2', { id: 'add-title' }, 'Add a stream'),
    el(
      'div',
      { class: 'bar' },
      el('label', {}, 'Name', id),
      el('label', {}, 'Address', url),
      el('button', { type: 'submit', class: 'main' }, 'Add'),
    ),
    el(
      'p',
      { class: 'facts' },
      'Passwords are named, not written: rtsp://${CAM_USER}:${CAM_PASSWORD}@host/path; ops.streamSecrets lists the names.',
    ),
  );
  const show = () => {
    form.hidden = !state.may('operator');
  };
  state.addEventListener('change', show);
  show();
  return form;
}
