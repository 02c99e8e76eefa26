import { clock, el, emptyState, percent, seconds, seldom, setText } from './dom.js';
import { state } from './state.js';

const RANGES = [
  ['5 minutes', 300_000],
  ['1 hour', 3_600_000],
  ['24 hours', 86_400_000],
];
const LANES_MAX = 60;
const ROWS = 50;

export function timelineView(root) {
  let range = RANGES[0][1];
  const stream = el('select', { onchange: draw }, el('option', { value: '' }, 'all'));
  const brand = el('select', { onchange: draw }, el('option', { value: '' }, 'all'));
  const length = el(
    'select',
    {
      onchange: () => {
        range = Number(length.value);
        draw();
        void load();
      },
    },
    RANGES.map(([text, ms]) => el('option', { value: ms }, text)),
  );
  const lanes = el('dl', { class: 'lanes' });
  const axis = el('div', { class: 'axis', 'aria-hidden': 'true' }, el('span'), el('span'));
  const more = el('p', { class: 'facts' });
  const rows = el('tbody');
  const table = el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Newest appearances' },
    el(
      'table',
      {},
      el('caption', {}, `The newest ${ROWS} of them`),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ['Brand', 'Stream', 'From', 'To', 'Seen', 'Score'].map((h) => el('th', { scope: 'col' }, h)),
        ),
      ),
      rows,
    ),
  );
  const none = emptyState(
    'No logo has appeared in this time',
    el(
      'p',
      {},
      'As soon as one is seen on a stream it is shown here. Is a stream running? See ',
      el('a', { href: '#/live' }, 'Live'),
      '.',
    ),
  );
  root.append(
    el('h1', {}, 'Timeline'),
    el(
      'div',
      { class: 'bar' },
      el('label', {}, 'The last', length),
      el('label', {}, 'Stream', stream),
      el('label', {}, 'Brand', brand),
    ),
    none,
    lanes,
    axis,
    more,
    table,
  );

  let complete = true;
  async function load() {
    try {
      complete = await state.loadSince(Date.now() - range);
      draw();
    } catch (error) {
      setText(more, error.message);
    }
  }
  function draw() {
    const all = [...state.appearances.values()];
    fill(stream, new Set([...state.streams.keys(), ...all.map((a) => a.streamId)]));
    fill(brand, new Set(all.map((a) => a.label)));
    const to = Math.max(Date.now(), ...all.map((a) => Date.parse(a.endTime)));
    const from = to - range;
    const shown = all
      .filter((a) => Date.parse(a.endTime) >= from)
      .filter(
        (a) =>
          (stream.value === '' || a.streamId === stream.value) &&
          (brand.value === '' || a.label === brand.value),
      )
      .sort((a, b) => Date.parse(b.startTime) - Date.parse(a.startTime));
    none.hidden = shown.length > 0;
    table.hidden = axis.hidden = shown.length === 0;
    const left = drawLanes(lanes, shown, from, to);
    const hints = [
      !complete && 'Not all of this time: only the newest appearances',
      left > 0 && `${left} more rows: choose a stream or a brand`,
    ];
    setText(more, hints.filter(Boolean).join('. '));
    setText(axis.children[0], clock(from));
    setText(axis.children[1], clock(to));
    rows.replaceChildren(...shown.slice(0, ROWS).map(row));
  }
  const redraw = seldom(draw);
  const onChange = ({ detail: { what } }) => what !== 'streams' && redraw.run();
  state.addEventListener('change', onChange);
  const timer = setInterval(() => !lanes.contains(document.activeElement) && draw(), 5000);
  draw();
  void load();
  return () => {
    redraw.cancel();
    clearInterval(timer);
    state.removeEventListener('change', onChange);
  };
}

function fill(select, names) {
  const have = new Set([...select.options].map((o) => o.value));
  for (const name of [...names].sort())
    if (!have.has(name)) select.append(el('option', { value: name }, name));
}

/** The focus stays where it is. Returns how many rows there was no room for. */
function drawLanes(lanes, shown, from, to) {
  const groups = new Map();
  for (const a of shown) {
    const key = `${a.label} on ${a.streamId}`;
    groups.set(key, [...(groups.get(key) ?? []), a]);
  }
  const keys = [...groups.keys()].sort();
  const focused = document.activeElement?.dataset?.id;
  lanes.replaceChildren(
    ...keys.slice(0, LANES_MAX).flatMap((key) => [
      el('dt', { title: key }, key),
      el(
        'dd',
        {},
        groups
          .get(key)
          .map((a) => mark(a, from, to))
          .reverse(),
      ),
    ]),
  );
  if (focused) lanes.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  return keys.length - LANES_MAX;
}

function mark(a, from, to) {
  const at = (iso) => Math.min(1, Math.max(0, (Date.parse(iso) - from) / (to - from)));
  const node = el('a', {
    href: `#/appearance/${encodeURIComponent(a.id)}`,
    'data-id': a.id,
    class: a.state === 'ended' ? '' : 'open',
    'aria-label': `${a.label} on ${a.streamId}, ${clock(a.startTime)} to ${clock(a.endTime)}`,
    title: `${clock(a.startTime)} to ${clock(a.endTime)}`,
  });
  node.style.left = `${at(a.startTime) * 100}%`;
  node.style.width = `${(at(a.endTime) - at(a.startTime)) * 100}%`;
  return node;
}

function row(a) {
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, el('a', { href: `#/appearance/${encodeURIComponent(a.id)}` }, a.label)),
    el('td', {}, a.streamId),
    el('td', {}, clock(a.startTime)),
    el('td', {}, a.state === 'ended' ? clock(a.endTime) : 'still there'),
    el('td', {}, seconds(a.exposureMs)),
    el('td', {}, percent(a.score)),
  );
}
