import { el, seconds } from './dom.js';

const stamp = (ms) => new Date(ms).toISOString().slice(11, 23);

/** Captions as WebVTT: when, in the clip, the logo is on screen. */
function captionsOf(a, clip) {
  const from = Math.max(0, a.startPtsMs - clip.startPtsMs);
  const to = Math.max(from + 1, Math.min(a.endPtsMs, clip.endPtsMs) - clip.startPtsMs);
  const name = a.label
    .replace(/[\r\n]+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
  const text = `WEBVTT\n\n${stamp(from)} --> ${stamp(to)}\n${name} is on screen\n`;
  return URL.createObjectURL(new Blob([text], { type: 'text/vtt' }));
}

/** The clip around an appearance. @param url of its bytes in memory @param keep is given addresses to be revoked later */
export function clipPlayer(a, clip, url, keep) {
  const length = seconds(clip.endPtsMs - clip.startPtsMs);
  const captions = captionsOf(a, clip);
  keep(captions);
  return el(
    'figure',
    { class: 'clip' },
    el(
      'video',
      {
        ...{ src: url, controls: true, loop: true, playsinline: true, preload: 'metadata' },
        ...{ width: clip.width, height: clip.height },
        'aria-label': `Clip of ${a.label} on ${a.streamId}, ${length}, without sound`,
      },
      el('track', {
        kind: 'captions',
        src: captions,
        srclang: 'en',
        label: 'What is on screen',
        default: true,
      }),
    ),
    el('figcaption', {}, `Clip of ${length}, ${clip.frames} frames. SHA-256 `, el('code', {}, clip.sha256)),
  );
}
