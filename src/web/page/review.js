import { call, get, pictureUrl } from './api.js';
import { evidence, factsOf, placeIn, VERDICTS } from './detail.js';
import { announce, crop, el, emptyState, setText } from './dom.js';
import { openDrawing } from './draw.js';
import { state } from './state.js';

const KEYS = Object.fromEntries(VERDICTS.map(([value, , key]) => [key, value]));

/** One appearance after the other, by keyboard: the keys are those of the page that `mine` writes. */
export function reviewView(root) {
  let queue = [];
  let done = [];
  let stopped = false;
  let busy = false;
  let url;
  const counts = el('p', { role: 'status' });
  const fault = el('p', { class: 'error', role: 'alert' });
  const card = el('section', { 'aria-label': 'The appearance to judge', tabindex: '-1' });
  const undo = el('button', { type: 'button', onclick: () => void takeBack() }, 'Undo ', el('kbd', {}, 'U'));
  const buttons = VERDICTS.map(([value, text, key]) =>
    el(
      'button',
      { type: 'button', 'data-verdict': value, onclick: () => void judge(value) },
      `${text} `,
      el('kbd', {}, key),
    ),
  );
  const skip = el('button', { type: 'button', onclick: () => void next() }, 'Skip ', el('kbd', {}, '→'));
  const missed = el(
    'button',
    { type: 'button', onclick: () => queue[0]?.frame && void openDrawing(queue[0].frame, missed) },
    'Missed here ',
    el('kbd', {}, 'M'),
  );
  const bar = el(
    'div',
    { class: 'verdicts', role: 'group', 'aria-label': 'Is the logo there?' },
    buttons,
    undo,
    skip,
    missed,
  );
  const after = el('details', {}, el('summary', {}, 'What becomes of it'));
  root.append(
    el('h1', {}, 'Review'),
    el('p', {}, 'Is the logo in the box?'),
    counts,
    bar,
    fault,
    card,
    after,
  );

  async function load() {
    const answer = await get('/api/review?limit=50');
    if (stopped) return;
    const skipped = new Set(done.filter((d) => d.verdict === undefined).map((d) => d.id));
    queue = answer.queue.filter(({ appearance }) => !skipped.has(appearance.id));
    say(answer.counts);
    tellWhatNext(after, answer.folder);
    await show();
  }
  function say({ right, wrong, unsure, missed: boxes }) {
    setText(counts, `Judged: ${right} right, ${wrong} wrong, ${unsure} not sure; ${boxes} drawn`);
  }
  async function show() {
    const [first] = queue;
    for (const b of [...buttons, skip, missed]) b.disabled = first === undefined || !state.may('reviewer');
    missed.disabled ||= !first?.frame;
    undo.disabled = done.length === 0;
    if (url) URL.revokeObjectURL(url);
    url = undefined;
    if (first === undefined) {
      card.replaceChildren(
        emptyState(
          'Nothing to judge',
          el('p', {}, 'New appearances come here by themselves, once a logo is seen.'),
        ),
      );
      delete card.dataset.id;
      return;
    }
    const { appearance: a, frame } = first;
    const picture = frame && (await pictureUrl(`/api/frames/${frame.id}`));
    if (stopped) return;
    url = picture;
    card.dataset.id = a.id;
    card.replaceChildren(
      el('h2', {}, `${a.label} on ${a.streamId}`),
      el(
        'div',
        { class: 'detail' },
        el('div', {}, evidence(a, frame, url)),
        el(
          'div',
          { class: 'panel' },
          frame && url && crop(url, frame, placeIn(a, frame), 'The place, enlarged'),
          factsOf(a),
        ),
      ),
    );
    announce(`${a.label} on ${a.streamId}: 1 wrong, 2 right, 3 not sure`);
  }
  async function act(work) {
    if (busy) return;
    busy = true;
    try {
      await work();
      fault.textContent = '';
    } catch (error) {
      fault.textContent = error.message;
    } finally {
      busy = false;
    }
  }
  const judge = (verdict) =>
    act(async () => {
      const [first] = queue;
      if (first === undefined || !state.may('reviewer')) return;
      const { id } = first.appearance;
      const answer = await call('PUT', `/api/appearances/${encodeURIComponent(id)}/verdict`, { verdict });
      done.push({ id, verdict, item: first });
      queue.shift();
      say(answer.counts);
      if (queue.length > 0) await show();
      else await load();
    });
  const next = () =>
    act(async () => {
      const first = queue.shift();
      if (first === undefined) return;
      done.push({ id: first.appearance.id, item: first });
      await show();
    });
  const takeBack = () =>
    act(async () => {
      const last = done.pop();
      if (last === undefined) return;
      queue.unshift(last.item);
      if (last.verdict !== undefined) {
        const answer = await call('DELETE', `/api/appearances/${encodeURIComponent(last.id)}/verdict`);
        say(answer.counts);
      }
      await show();
      announce('Taken back');
    });
  const onKey = (event) => {
    const typing = event.target.closest?.('input, select, textarea, dialog');
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    if (key in KEYS) void judge(KEYS[key]);
    else if (key === 'u' || key === 'backspace') void takeBack();
    else if (key === 'arrowright') void next();
    else if (key === 'm' && !missed.disabled) missed.click();
    else return;
    event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  const onChange = ({ detail: { what } }) => {
    if (what === 'session' || (what === 'appearances' && queue.length === 0)) void act(load);
  };
  state.addEventListener('change', onChange);
  void act(load);
  return () => {
    stopped = true;
    done = [];
    document.removeEventListener('keydown', onKey);
    state.removeEventListener('change', onChange);
    if (url) URL.revokeObjectURL(url);
  };
}

function tellWhatNext(node, folder) {
  const commands = [
    `logowatch mine apply ${folder} ${folder}/verdicts.json`,
    `logowatch train logos/ ${folder}/positives --negatives ${folder}/negatives -o better`,
    `logowatch promote better my-model --reviewed ${folder}`,
  ];
  node.replaceChildren(
    el('summary', {}, 'What becomes of it'),
    el(
      'p',
      {},
      'Verdicts and pictures are kept on the server. To train with them, and to use the new model only where it is better:',
    ),
    ...commands.map((text) => el('p', {}, el('code', {}, text))),
    el(
      'p',
      {},
      'A wrong one is taught as a picture without your logos: if one is elsewhere in it, draw it with “Missed here”.',
    ),
  );
}
