import { detailView } from './detail.js';
import { el, setText } from './dom.js';
import { liveView } from './live.js';
import { reviewView } from './review.js';
import { shareView } from './share.js';
import { state } from './state.js';
import { streamsView } from './streams.js';
import { timelineView } from './timeline.js';

const views = {
  live: ['Live', liveView],
  timeline: ['Timeline', timelineView],
  share: ['Share of voice', shareView],
  review: ['Review', reviewView],
  streams: ['Streams', streamsView],
  appearance: ['Appearance', detailView],
};

const main = document.getElementById('main');
let close = () => {};

/** A view is a function that fills an element, and returns what to call when it goes. */
function show({ focus }) {
  const [name = 'live', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const [title, view] = views[name] ?? views.live;
  close();
  document.title = `${title} · logowatch`;
  for (const link of document.querySelectorAll('#nav a')) {
    const current = link.getAttribute('href') === `#/${name in views ? name : 'live'}`;
    if (current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const root = el('div');
  main.replaceChildren(root);
  close = view(root, rest.map(decodeURIComponent).join('/')) ?? (() => {});
  if (!focus) return;
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

const connection = document.getElementById('connection');
state.addEventListener('change', ({ detail: { what } }) => {
  if (what !== 'connection') return;
  connection.dataset.state = state.connected ? 'on' : 'off';
  setText(connection, state.connected ? 'connected' : 'no connection: trying again');
});

window.addEventListener('hashchange', () => show({ focus: true }));
show({ focus: false });
try {
  await state.start();
} catch (error) {
  connection.dataset.state = 'off';
  setText(connection, error.message);
}
