import sharp from 'sharp';
import { LogowatchError } from '../core/errors.js';
import { Random } from './random.js';

/**
 * The marks that the demo's model knows, by their slug in the npm package simple-icons (CC0), which is also their
 * label. The model is trained on exactly these, and the generated broadcast shows them.
 */
export const DEMO_BRANDS: readonly string[] = [
  'docker',
  'evernote',
  'firefox',
  'github',
  'playstation',
  'reddit',
  'spotify',
  'twitch',
];

export interface Icon {
  readonly title: string;
  readonly slug: string;
  /** RRGGBB */
  readonly hex: string;
  /** SVG path data on a 24 x 24 field. */
  readonly path: string;
}

/**
 * How a mark is put on screen: the coloured glyph alone, with a white outline, or on a white rounded plate.
 * Faces of other logos are drawn in the same styles, so that the style gives nothing away.
 */
export type MarkStyle = 'glyph' | 'outline' | 'plate';

let loading: Promise<ReadonlyMap<string, Icon>> | undefined;

/** Every icon of the package by slug. Throws usage when the (development) dependency is not installed. */
export function loadIcons(): Promise<ReadonlyMap<string, Icon>> {
  loading ??= import('simple-icons').then(
    (module) =>
      new Map((Object.values(module) as Icon[]).filter((i) => 'path' in i).map((i) => [i.slug, i] as const)),
    (cause: unknown) => {
      loading = undefined;
      throw new LogowatchError(
        'usage',
        'The demo draws marks of the npm package simple-icons, which is absent',
        {
          remedy:
            'Run `npm install --include=dev` in a checkout, `npm install simple-icons@16` beside an installed logowatch',
          cause,
        },
      );
    },
  );
  return loading;
}

export async function loadIcon(slug: string): Promise<Icon> {
  const icon = (await loadIcons()).get(slug);
  if (icon !== undefined) return icon;
  throw new LogowatchError('usage', 'simple-icons has no such mark', {
    value: slug,
    remedy: 'Name a slug of the installed version',
  });
}

/** A square SVG of the mark, `size` pixels wide, transparent around it. */
export function markSvg(icon: Icon, style: MarkStyle, size: number): string {
  const plate = style === 'plate' ? '<rect x="-5" y="-5" width="34" height="34" rx="5" fill="#fff"/>' : '';
  const outline =
    style === 'outline'
      ? ' stroke="#fff" stroke-width="1.6" stroke-linejoin="round" paint-order="stroke"'
      : '';
  const margin = style === 'plate' ? 5 : style === 'outline' ? 1 : 0;
  const box = `${-margin} ${-margin} ${24 + 2 * margin} ${24 + 2 * margin}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="${box}">${plate}<path d="${icon.path}" fill="#${icon.hex}"${outline}/></svg>`;
}

/** The art a model is trained from: every brand in every style. */
export async function brandArt(size = 256): Promise<{ label: string; style: MarkStyle; svg: string }[]> {
  const styles: readonly MarkStyle[] = ['glyph', 'outline', 'plate'];
  const icons = await Promise.all(DEMO_BRANDS.map(loadIcon));
  return icons.flatMap((icon) =>
    styles.map((style) => ({ label: icon.slug, style, svg: markSvg(icon, style, size) })),
  );
}

/** Slugs that hold one of these belong to a brand's family. */
const FAMILIES = /docker|evernote|firefox|mozilla|github|octocat|octopress|playstation|reddit|spotify|twitch/;
/** Marks whose filled areas overlap a brand's by more (intersection over union) count as the same mark. */
const SAME_SHAPE_IOU = 0.72;

/**
 * `count` marks that are none of the brands, of their families or of nearly their shape. The package is split in two
 * by slug: `train` is for negatives, `demo` for the faces of other logos in the broadcast, so that the demo shows
 * logos that no training has seen.
 */
export async function distractorSlugs(
  seed: number,
  count: number,
  part: 'train' | 'demo' = 'train',
): Promise<string[]> {
  const icons = await loadIcons();
  const brands = await Promise.all(DEMO_BRANDS.map(async (slug) => shapeOf(await loadIcon(slug))));
  const random = new Random(seed);
  const candidates = [...icons.keys()].filter(
    (slug) => !FAMILIES.test(slug) && (slugHash(slug) % 4 === 0) === (part === 'demo'),
  );
  const found: string[] = [];
  for (const slug of random.shuffle(candidates.sort())) {
    if (found.length >= count) break;
    const shape = await shapeOf(icons.get(slug)!);
    if (brands.every((brand) => shapeIou(brand, shape) < SAME_SHAPE_IOU)) found.push(slug);
  }
  return found;
}

const SHAPE_SIZE = 32;

async function shapeOf(icon: Icon): Promise<Uint8Array> {
  const svg = Buffer.from(markSvg(icon, 'glyph', SHAPE_SIZE));
  return await sharp(svg).ensureAlpha().extractChannel(3).raw().toBuffer();
}

function shapeIou(a: Uint8Array, b: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    both += Math.min(a[i]!, b[i]!);
    either += Math.max(a[i]!, b[i]!);
  }
  return either === 0 ? 0 : both / either;
}

/** FNV-1a, 32 bits. */
function slugHash(slug: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < slug.length; i++) hash = Math.imul(hash ^ slug.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
