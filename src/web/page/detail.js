import { call, get, pictureUrl } from './api.js';
import { announce, boxLayer, clock, crop, el, emptyState, percent, seconds } from './dom.js';
import { openDrawing } from './draw.js';
import { state } from './state.js';

export function detailView(root, id) {
  let stopped = false;
  let url;
  async function load() {
    const path = `/api/appearances/${encodeURIComponent(id)}`;
    try {
      const { appearance, frame } = await get(path);
      const picture = frame && (await pictureUrl(`/api/frames/${frame.id}`));
      if (stopped) return;
      if (url) URL.revokeObjectURL(url);
      url = picture;
      draw(appearance, frame, path);
    } catch (error) {
      root.replaceChildren(
        el('h1', {}, 'Appearance'),
        emptyState(
          'It is not to be had',
          el('p', {}, error.message),
          el('a', { href: '#/timeline' }, 'To the timeline'),
        ),
      );
    }
  }
  function draw(a, frame, path) {
    const missed = el(
      'button',
      { type: 'button', onclick: () => void openDrawing(frame, missed) },
      'A logo was missed here',
    );
    root.replaceChildren(
      el('h1', {}, `${a.label} on ${a.streamId}`),
      el(
        'div',
        { class: 'detail' },
        el(
          'div',
          {},
          evidence(a, frame, url),
          state.may('reviewer') && verdictButtons(a, path, load),
          state.may('reviewer') && frame && missed,
        ),
        el(
          'div',
          { class: 'panel' },
          frame && url && crop(url, frame, placeIn(a, frame), 'The place, enlarged'),
          factsOf(a),
        ),
      ),
    );
  }
  const onChange = ({ detail: { what, data } }) => {
    if (what === 'session' || (what === 'verdict' && data.id === id)) void load();
  };
  state.addEventListener('change', onChange);
  void load();
  return () => {
    stopped = true;
    state.removeEventListener('change', onChange);
    if (url) URL.revokeObjectURL(url);
  };
}

/** The box of the appearance in its kept frame. */
export function placeIn(a, frame) {
  const own = frame.detections.filter((d) => d.label === a.label).sort((b, c) => c.score - b.score);
  return own[0]?.box ?? a.box;
}

export function evidence(a, frame, url) {
  if (!frame || !url) {
    return emptyState(
      'No picture was kept',
      el(
        'p',
        {},
        'Best frames are kept of the newest appearances, and with evidence in the config of all for a while.',
      ),
    );
  }
  const boxes = frame.detections.map((d) => ({ box: d.box, kind: d.label === a.label ? '' : 'other' }));
  const missed = frame.missed.map((m) => ({ box: m.box, kind: 'missed' }));
  const picture = el(
    'div',
    { class: 'picture' },
    el('img', { src: url, alt: `Best frame of ${a.label} on ${a.streamId}, at ${clock(frame.time)}` }),
    boxLayer([...boxes, ...missed]),
  );
  picture.style.aspectRatio = `${frame.width} / ${frame.height}`;
  return picture;
}

export const VERDICTS = [
  ['wrong', 'Wrong', '1'],
  ['right', 'Right', '2'],
  ['unsure', 'Not sure', '3'],
];

function verdictButtons(a, path, done) {
  const verdict = a.verdict?.verdict;
  return el(
    'div',
    { class: 'verdicts', role: 'group', 'aria-label': 'Is the logo there?' },
    VERDICTS.map(([value, text]) =>
      el(
        'button',
        {
          type: 'button',
          'aria-pressed': String(value === verdict),
          onclick: async () => {
            await (value === verdict
              ? call('DELETE', `${path}/verdict`)
              : call('PUT', `${path}/verdict`, { verdict: value }));
            announce(value === verdict ? 'Taken back' : text);
            await done();
          },
        },
        text,
      ),
    ),
  );
}

export function factsOf(a) {
  const facts = {
    State: a.state === 'ended' ? `ended: ${a.endReason}` : 'still there',
    From: new Date(a.startTime).toLocaleString(),
    To: new Date(a.endTime).toLocaleString(),
    Seen: seconds(a.exposureMs),
    'Best score': percent(a.score),
    'Share of the picture': `${(a.areaMax * 100).toFixed(1)} % at most`,
    'Frames looked at': percent(a.coverage),
    Model: `${a.modelId} ${a.modelHash.slice(0, 12)}`,
  };
  return el(
    'dl',
    {},
    Object.entries(facts).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );
}
