import uPlot from '/vendor/uPlot.esm.js';
import { get } from './api.js';
import { el, emptyState, percent, seconds } from './dom.js';
import { state } from './state.js';

const RANGES = [
  ['10 minutes', 600_000],
  ['1 hour', 3_600_000],
  ['24 hours', 86_400_000],
  ['7 days', 604_800_000],
  ['30 days', 2_592_000_000],
];
/** Told apart by lightness too, on light and on dark ground. */
const COLOURS = ['#2563eb', '#d97706', '#059669', '#db2777', '#7c3aed', '#0891b2', '#dc2626', '#65a30d'];
const EVERY_MS = 10_000;

export function shareView(root) {
  let plot;
  let stopped = false;
  let asks = 0;
  const range = el(
    'select',
    { onchange: () => void load() },
    RANGES.map(([text, ms]) => el('option', { value: ms }, text)),
  );
  range.selectedIndex = 1;
  const stream = el(
    'select',
    { onchange: () => void load() },
    el('option', { value: '' }, 'all'),
    state.sortedStreams.map((s) => el('option', {}, s.id)),
  );
  const body = el('div');
  const fault = el('p', { class: 'error', role: 'alert' });
  root.append(
    el('h1', {}, 'Share of voice'),
    el('div', { class: 'bar' }, el('label', {}, 'The last', range), el('label', {}, 'Stream', stream)),
    fault,
    body,
  );

  async function load() {
    const to = new Date();
    const from = new Date(to.getTime() - Number(range.value));
    const query = new URLSearchParams({ from: from.toISOString(), to: to.toISOString() });
    if (stream.value !== '') query.set('streams', stream.value);
    const asked = ++asks;
    try {
      const answer = await get(`/api/exposure?${query}`);
      // A slow answer must not take the place of a newer one.
      if (stopped || asked !== asks) return;
      fault.textContent = '';
      draw(answer);
    } catch (error) {
      fault.textContent = error.message;
    }
  }

  function draw({ report, series }) {
    plot?.destroy();
    plot = undefined;
    const brands = [...report.all.brands].sort((a, b) => b.exposureMs - a.exposureMs);
    if (report.all.exposureMs === 0) {
      body.replaceChildren(
        emptyState(
          'Nothing was seen in this time',
          el('p', {}, 'Choose a longer time, or wait for the first logo.'),
        ),
      );
      return;
    }
    const chart = el('div', { 'aria-hidden': 'true' });
    body.replaceChildren(
      el('h2', {}, 'Of all the time that any brand was seen'),
      el('ul', { class: 'sov' }, brands.map(meter)),
      el('h2', {}, 'Over time'),
      chart,
      el('h2', {}, 'By stream'),
      table(report),
    );
    plot = new uPlot(
      plotOptions(series, chart.clientWidth),
      [series.times, ...series.brands.map((b) => b.seconds)],
      chart,
    );
  }
  const onResize = () => plot?.setSize({ width: body.clientWidth, height: 240 });
  window.addEventListener('resize', onResize);
  // What long times add up to changes slowly, and costs the server more.
  const timer = setInterval(() => {
    const seldom = Number(range.value) > 3_600_000 && Date.now() % (6 * EVERY_MS) > EVERY_MS;
    if (!document.hidden && !seldom) void load();
  }, EVERY_MS);
  void load();
  return () => {
    stopped = true;
    clearInterval(timer);
    window.removeEventListener('resize', onResize);
    plot?.destroy();
  };
}

function meter({ label, exposureMs, shareOfVoice }) {
  const share = shareOfVoice ?? 0;
  return el(
    'li',
    {},
    el('span', {}, label),
    el('meter', { min: 0, max: 1, value: share, 'aria-label': `Share of ${label}` }),
    el('span', {}, `${percent(share)}, ${seconds(exposureMs)}`),
  );
}

function table({ streams }) {
  const heads = ['Stream', 'Brand', 'Appearances', 'Seen', 'Alone', 'Share', 'Quality', 'Looked at'];
  const known = (value, write) => (value === null ? '' : write(value));
  const row = (stream, b) => {
    const cells = [
      stream,
      b.label,
      b.appearances,
      seconds(b.exposureMs),
      seconds(b.solusMs),
      known(b.shareOfVoice, percent),
      known(b.qualityIndex, (q) => q.toFixed(0)),
      known(b.coverage, percent),
    ];
    return el(
      'tr',
      {},
      cells.map((text) => el('td', {}, String(text))),
    );
  };
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Exposure by stream' },
    el(
      'table',
      {},
      el('caption', {}, 'Two marks of a brand at once count once; quality is 0 to 100'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          heads.map((h) => el('th', { scope: 'col' }, h)),
        ),
      ),
      el(
        'tbody',
        {},
        streams.flatMap((s) => s.brands.map((b) => row(s.streamId, b))),
      ),
    ),
  );
}

function plotOptions({ brands }, width) {
  const style = getComputedStyle(document.documentElement);
  const [text, line] = ['--text', '--line'].map((name) => style.getPropertyValue(name).trim());
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  return {
    width: Math.max(200, width),
    height: 240,
    axes: [axis, { ...axis, label: 'seconds seen' }],
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    series: [
      {},
      ...brands.map(({ label }, i) => ({
        label,
        stroke: COLOURS[i % COLOURS.length],
        width: 2,
        points: { show: false },
      })),
    ],
  };
}
