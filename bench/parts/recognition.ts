import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brandArt } from '../../src/demo/brands.js';
import type { EvalSummary } from '../../src/train/evaluate/document.js';
import { foundSpans } from '../../src/train/evaluate-events/found.js';
import { type EventMetrics, eventMetrics } from '../../src/train/evaluate-events/metrics.js';
import { measureCli } from '../measure.js';
import { type BenchContext, fixed, type Outcome, type Part } from '../part.js';
import { readResults } from '../results.js';
import { watchRun } from '../watched.js';

const ENGINES = ['onnx-int8', 'onnx-f32'] as const;
type Engine = (typeof ENGINES)[number];

/** What may not fall while speed rises: shares 0..1. */
interface Figures {
  readonly map50: number | null;
  readonly auroc: number;
  readonly rightAt1Percent: number;
  readonly rightAtOwn: number;
  readonly falseLogoFree: number;
  readonly falseUnknown: number;
}

interface Raw {
  readonly material: string;
  readonly quick: boolean;
  readonly modelHash: string;
  readonly pictures: { readonly logo: number; readonly logoFree: number; readonly unknown: number };
  readonly figures: Readonly<Record<Engine, Figures>>;
  readonly events: Readonly<Record<Engine, EventMetrics>>;
}

/** Points of mAP or of right brands that may be lost, of 8 bits against floats and of this run against the last. */
const LOSS_MAX = 0.005;

/** Speed may not cost silence: `logowatch eval` in 8 bits and in floats, and the events of a broadcast. */
export const recognition: Part = {
  name: 'recognition',
  title: 'Recognition, which speed may not cost',
  async run(context): Promise<Outcome> {
    const { quick, data, model, clips, say } = context;
    const figures = {} as Record<Engine, Figures>;
    const events = {} as Record<Engine, EventMetrics>;
    let modelHash = '';
    let pictures: Raw['pictures'] = { logo: 0, logoFree: 0, unknown: 0 };
    const { file, truth } = await clips.hd(quick ? 30 : 180);
    for (const engine of ENGINES) {
      say(`  eval ${engine}`);
      const summary = await evaluated(context, engine);
      modelHash = summary.model.hash;
      const { rightBrand, falseLogoFree, falseUnknown } = summary.ownThresholds;
      pictures = { logo: rightBrand.count, logoFree: falseLogoFree.count, unknown: falseUnknown.count };
      figures[engine] = figuresOf(summary);
      say(`  watch ${engine}`);
      const { events: seen } = await watchRun({ model, engine, streams: [{ streamId: 'clip', url: file }] });
      const found = foundSpans(
        seen.map(({ event }) => event),
        truth.duration,
      );
      events[engine] = eventMetrics([{ duration: truth.duration, truth: truth.spans, found }]);
    }
    const material = data === undefined ? 'generated' : 'the data set given';
    const raw: Raw = { material, quick, modelHash, pictures, figures, events };
    const lost = await lostSince(raw);
    for (const line of lost) say(`  ${line}`);
    if (lost.length > 0) process.exitCode = 1;
    return { section: sectionOf(raw, truth.duration, lost), raw };
  },
};

async function evaluated({ quick, data, model, folder }: BenchContext, engine: Engine): Promise<EvalSummary> {
  const common = ['--engine', engine, '--json', '-o', join(folder, 'eval')];
  const args =
    data === undefined
      ? [await writeArt(folder), '--frames', quick ? '30' : '200', '--composed', quick ? '30' : '200']
      : [
          join(data, 'logos', 'val'),
          '--negatives',
          join(data, 'no-logo', 'test'),
          join(data, 'unknown-logos', 'test'),
        ];
  const { stdout } = await measureCli('eval', model, ...args, ...common);
  return JSON.parse(stdout);
}

/** The demo's marks, a folder a brand; frames are composed from them. */
async function writeArt(folder: string): Promise<string> {
  const root = join(folder, 'art');
  for (const { label, style, svg } of await brandArt()) {
    await mkdir(join(root, label), { recursive: true });
    await writeFile(join(root, label, `${style}.svg`), svg);
  }
  return root;
}

function figuresOf({ pictures, ownThresholds, detection }: EvalSummary): Figures {
  return {
    map50: detection?.map50.value ?? null,
    auroc: pictures.auroc.value,
    rightAt1Percent: pictures.operatingPoints[0]!.rightBrand.value,
    rightAtOwn: ownThresholds.rightBrand.value,
    falseLogoFree: ownThresholds.falseLogoFree.value,
    falseUnknown: ownThresholds.falseUnknown.value,
  };
}

/** What is worse than in the last run of the same kind, or in 8 bits than in floats. */
async function lostSince(raw: Raw): Promise<string[]> {
  const before = (await readResults()).recognition?.raw as Raw | undefined;
  const comparable =
    before?.material === raw.material && before.quick === raw.quick && before.modelHash === raw.modelHash;
  const lines: string[] = [];
  const compare = (what: string, value: number | null, other: number | null | undefined): void => {
    if (value === null || other === null || other === undefined || value >= other - LOSS_MAX) return;
    lines.push(`${what} fell from ${(100 * other).toFixed(1)} to ${(100 * value).toFixed(1)} %`);
  };
  for (const engine of ENGINES) {
    if (!comparable) continue;
    compare(`${engine}: mAP@0.5`, raw.figures[engine].map50, before.figures[engine].map50);
    const right = 'right brand at 1 % false pictures';
    compare(
      `${engine}: ${right}`,
      raw.figures[engine].rightAt1Percent,
      before.figures[engine].rightAt1Percent,
    );
    compare(`${engine}: recall of events`, raw.events[engine].recall, before.events[engine].recall);
    compare(`${engine}: precision of events`, raw.events[engine].precision, before.events[engine].precision);
  }
  return lines;
}

function sectionOf({ material, pictures, figures, events }: Raw, seconds: number, lost: readonly string[]) {
  const percent = (v: number | null) => (v === null ? '-' : `${(100 * v).toFixed(1)} %`);
  const points = (a: number | null, b: number | null) =>
    a === null || b === null ? '-' : fixed(100 * (a - b), 2);
  const [bits, floats] = [figures['onnx-int8'], figures['onnx-f32']];
  const row = (name: string, of: (f: Figures) => number | null) => [
    name,
    percent(of(bits)),
    percent(of(floats)),
    points(of(bits), of(floats)),
  ];
  const [a, b] = [events['onnx-int8'], events['onnx-f32']];
  const both = (name: string, of: (m: EventMetrics) => string) => [name, of(a), of(b)];
  return {
    tables: [
      {
        head: ['pictures: `logowatch eval`', '8 bits', 'floats', 'difference, points'],
        rows: [
          row('mAP@0.5', (f) => f.map50),
          row('AUROC, logo against logo-free', (f) => f.auroc),
          row('right brand at 1 % false pictures', (f) => f.rightAt1Percent),
          row('right brand at the model’s thresholds', (f) => f.rightAtOwn),
          row('false logo-free pictures at them', (f) => f.falseLogoFree),
          row('unknown logos reported at them', (f) => f.falseUnknown),
        ],
      },
      {
        head: ['events: a generated broadcast', '8 bits', 'floats'],
        rows: [
          both('true / found / hits', (m) => `${m.truth} / ${m.found} / ${m.hits}`),
          both('precision, recall', (m) => `${fixed(m.precision, 2)}, ${fixed(m.recall, 2)}`),
          both('false appearances', (m) => String(m.falseAppearances)),
          both(
            'onset latency, median and p95, s',
            (m) => `${fixed(m.onsetLatencyMedian, 2)}, ${fixed(m.onsetLatencyP95, 2)}`,
          ),
          both('exposure error', (m) => percent(m.exposureError)),
        ],
      },
    ],
    notes: [
      `Pictures: ${material} material (with --data FOLDER: real photos); generated pictures are easier than real ones, good for comparing two versions, not for trusting one. ${pictures.logo} with a logo, ${pictures.logoFree} logo-free, ${pictures.unknown} of unknown logos: one picture is ${(100 / pictures.logo).toFixed(1)} points of the first. ` +
        `Events: ${seconds.toFixed(0)} s of 720p. The bench fails when a figure falls by more than ${100 * LOSS_MAX} points below the last run of the same kind and model.`,
      ...lost.map((line) => `**${line}.**`),
    ],
  };
}
