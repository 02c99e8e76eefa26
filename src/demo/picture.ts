import sharp, { type OverlayOptions } from 'sharp';
import { drawAlone } from '../core/drawing.js';
import type { Box } from '../core/geometry.js';
import type { Comparison, FoundSpan } from './report.js';

/** A watched frame with what was found in it. */
export interface PictureFrame {
  /** rgb24 */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Seconds into the broadcast. */
  readonly time: number;
  readonly boxes: readonly { readonly label: string; readonly score: number; readonly box: Box }[];
}

const WIDTH = 960;
const MARGIN = 24;
const GAP = 12;
const COLUMNS = 3;
const LABEL_WIDTH = 110;
const ROW_HEIGHT = 30;
const FRAMES_MAX = 6;

const COLOUR = {
  text: '#24292f',
  faint: '#6e7781',
  line: '#d8dee4',
  truth: '#b6d4f2',
  found: '#1a7f37',
  wrong: '#cf222e',
} as const;

/** Draws a run as a PNG, 960 pixels wide: up to six frames with their boxes, and truth against found over time. */
export async function drawComparison(
  comparison: Comparison,
  frames: readonly PictureFrame[],
): Promise<Buffer> {
  const shown = frames.slice(0, FRAMES_MAX);
  const width = Math.floor((WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS);
  const height = Math.round((width * 9) / 16);
  const tiles: OverlayOptions[] = await Promise.all(
    shown.map(async (frame, i) => ({
      input: await drawFrame(frame, width, height),
      left: MARGIN + (i % COLUMNS) * (width + GAP),
      top: MARGIN + Math.floor(i / COLUMNS) * (height + GAP),
    })),
  );
  const top = MARGIN + Math.ceil(shown.length / COLUMNS) * (height + GAP);
  const timeline = timelineSvg(comparison, top);
  const whole = sharp(Buffer.from(timeline)).composite(tiles).png({ compressionLevel: 9, palette: true });
  return drawAlone(() => whole.toBuffer());
}

async function drawFrame(frame: PictureFrame, width: number, height: number): Promise<Buffer> {
  const marks = frame.boxes.map(({ label, score, box: [x, y, w, h] }) => {
    const text = `${label} ${score.toFixed(2)}`;
    const left = x * width;
    const above = y * height > 18;
    const textTop = above ? y * height - 18 : Math.min(height - 18, (y + h) * height);
    return `<rect x="${left}" y="${y * height}" width="${w * width}" height="${h * height}" fill="none" stroke="#fff" stroke-width="4"/>
<rect x="${left}" y="${y * height}" width="${w * width}" height="${h * height}" fill="none" stroke="${COLOUR.found}" stroke-width="2"/>
<rect x="${left - 1}" y="${textTop}" width="${text.length * 7.4 + 8}" height="18" fill="${COLOUR.found}"/>
<text x="${left + 4}" y="${textTop + 13.5}" font-size="12.5" fill="#fff">${escapeXml(text)}</text>`;
  });
  const time = `<rect x="${width - 56}" y="${height - 24}" width="56" height="24" fill="#000a"/><text x="${width - 6}" y="${height - 8}" text-anchor="end" font-size="12.5" fill="#fff">${frame.time.toFixed(1)} s</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif">${marks.join('')}${time}</svg>`;
  const raw = { width: frame.width, height: frame.height, channels: 3 as const };
  const image = sharp(frame.data, { raw })
    .resize(width, height, { fit: 'fill' })
    .composite([{ input: Buffer.from(svg) }])
    .png();
  return drawAlone(() => image.toBuffer());
}

/** The whole picture's background with the timeline from `top` down. */
function timelineSvg(c: Comparison, top: number): string {
  const labels = [
    ...new Set([
      ...c.exposure.map((e) => e.label),
      ...c.truth.flashes.map((f) => f.label),
      ...c.falseAppearances.map((f) => f.found.label),
    ]),
  ].sort();
  const first = top + 34;
  const bottom = first + labels.length * ROW_HEIGHT;
  const x = (t: number) =>
    LABEL_WIDTH +
    MARGIN +
    (Math.min(Math.max(t, 0), c.truth.duration) / c.truth.duration) * (WIDTH - 2 * MARGIN - LABEL_WIDTH);
  const rows = labels.map((label, i) => labelRow(c, label, first + i * ROW_HEIGHT, x));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 34}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>${legend(top)}${axis(c.truth.duration, first, bottom, x)}${rows.join('')}</svg>`;
}

function labelRow(c: Comparison, label: string, y: number, x: (t: number) => number): string {
  const bar = (span: { start: number; end: number }, top: number, height: number, fill: string) =>
    `<rect x="${x(span.start)}" y="${y + top}" width="${Math.max(2, x(span.end) - x(span.start))}" height="${height}" rx="2" fill="${fill}"/>`;
  const ofLabel = <T extends { label: string }>(spans: readonly T[]) =>
    spans.filter((s) => s.label === label);
  const right: FoundSpan[] = c.rows.flatMap((r) => r.found);
  const wrong = c.falseAppearances.map((f) => f.found);
  const parts = [
    ...ofLabel(c.truth.spans).map((s) => bar(s, 5, 20, COLOUR.truth)),
    ...ofLabel(right).map((s) => bar(s, 11, 8, COLOUR.found)),
    ...ofLabel(wrong).map((s) => bar(s, 11, 8, COLOUR.wrong)),
    ...ofLabel(c.truth.flashes).map((f) => flash(x(f.start), y + 15)),
  ];
  return `<text x="${MARGIN}" y="${y + 19.5}" fill="${COLOUR.text}">${escapeXml(label)}</text>${parts.join('')}`;
}

function flash(x: number, y: number): string {
  return `<path d="M${x} ${y - 6} l5 6 l-5 6 l-5 -6 Z" fill="none" stroke="${COLOUR.faint}" stroke-width="1.5"/>`;
}

function legend(top: number): string {
  const y = top + 12;
  const text = (x: number, words: string) =>
    `<text x="${x}" y="${y + 4.5}" fill="${COLOUR.text}">${words}</text>`;
  const left = MARGIN + LABEL_WIDTH;
  return `<rect x="${left}" y="${y - 9}" width="26" height="18" rx="2" fill="${COLOUR.truth}"/>${text(left + 33, 'on screen')}
<rect x="${left + 120}" y="${y - 4}" width="26" height="8" rx="2" fill="${COLOUR.found}"/>${text(left + 153, 'found')}
<rect x="${left + 215}" y="${y - 4}" width="26" height="8" rx="2" fill="${COLOUR.wrong}"/>${text(left + 248, 'false')}
${flash(left + 315, y)}${text(left + 327, 'shown for a single frame: not to be found')}`;
}

function axis(duration: number, top: number, bottom: number, x: (t: number) => number): string {
  const step = [1, 2, 5, 10, 30, 60, 300].find((s) => duration / s <= 14) ?? 600;
  let svg = '';
  for (let t = 0; t <= duration + 1e-9; t += step) {
    svg += `<line x1="${x(t)}" x2="${x(t)}" y1="${top}" y2="${bottom}" stroke="${COLOUR.line}"/><text x="${x(t)}" y="${bottom + 18}" text-anchor="middle" font-size="12" fill="${COLOUR.faint}">${t} s</text>`;
  }
  return svg;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
