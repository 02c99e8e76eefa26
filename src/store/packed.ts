import { type FactRows, FIELD, FIELDS, type OfBrand } from '../core/fact-rows.js';
import { StoreError } from './errors.js';

/**
 * The column `packed` of an appearance, as the migration that adds it says: a number that stands for stream and brand, the start,
 * and the fields of a row but for the start. Big-endian. Kept by the database beside what it is made of, since packing a million
 * rows when they are asked for takes three times as long as reading them.
 */
const BYTES = 8 * (1 + FIELDS);

/** Stream and brand as one number: a chain of hashes, since their texts would be most of a row. */
export const CODE = 'int8send(hashtextextended(stream_id, hashtextextended(label, 0)))';

/** Every brand of every stream, by the index on both: a step for each, however many appearances they have. */
export const NAMES = `
WITH RECURSIVE names AS (
  (SELECT stream_id, label FROM logowatch.appearances ORDER BY stream_id, label LIMIT 1)
  UNION ALL
  SELECT n.* FROM names CROSS JOIN LATERAL (SELECT a.stream_id, a.label FROM logowatch.appearances a
    WHERE (a.stream_id, a.label) > (names.stream_id, names.label) ORDER BY a.stream_id, a.label LIMIT 1) AS n)
SELECT stream_id, label, ${CODE} AS code FROM names`;

export interface NameRow {
  readonly stream_id: string;
  readonly label: string;
  readonly code: Uint8Array;
}

/** Which brands the numbers of packed rows stand for. */
export class Names {
  readonly brands: readonly OfBrand[];
  readonly #byCode = new Map<number, number>();

  /** Errors: store-refused where two have one number, which takes some 100 million brands to be likely. */
  constructor(rows: readonly NameRow[]) {
    this.brands = rows.map(({ stream_id: streamId, label }) => ({ streamId, label }));
    for (const [i, { code }] of rows.entries()) this.#byCode.set(codeAt(viewOf(code), 0), i);
    if (this.#byCode.size === rows.length) return;
    const alike = rows.find(({ code }, i) => this.#byCode.get(codeAt(viewOf(code), 0)) !== i);
    throw new StoreError(
      'store-refused',
      'Two brands have one number, so that their appearances cannot be told apart',
      {
        value: `${alike?.label} on ${alike?.stream_id}`,
        remedy: 'Give one of them another label, and report from an events file until then',
      },
    );
  }

  /** Undefined where some rows are of brands that are not known: they were written after the names were read. */
  unpack(packed: Uint8Array): FactRows | undefined {
    const rows = this.unpackKnown(packed);
    return rows.brand.length * BYTES === packed.byteLength ? rows : undefined;
  }

  /** Without the rows whose brands are not known. */
  unpackKnown(packed: Uint8Array): FactRows {
    const view = viewOf(packed);
    const count = packed.byteLength / BYTES;
    const brand = new Uint32Array(count);
    const values = new Float64Array(FIELDS * count);
    let n = 0;
    for (let at = 0; at < packed.byteLength; at += BYTES) {
      const index = this.#byCode.get(codeAt(view, at));
      if (index === undefined) continue;
      brand[n] = index;
      const row = n++ * FIELDS;
      values[row + FIELD.startMs] = startAt(view, at + 8);
      for (let i = 1; i < FIELDS; i++) values[row + i] = view.getFloat64(at + 8 + 8 * i);
    }
    return { brands: this.brands, brand: brand.subarray(0, n), values: values.subarray(0, FIELDS * n) };
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** As much of 64 bits as a number holds: 53. */
const codeAt = (view: DataView, at: number): number =>
  view.getUint32(at) * 2 ** 21 + (view.getUint32(at + 4) >>> 11);

/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
const EPOCH_US = 946_684_800_000_000;

/** Rounded as `date_part('epoch', ...) * 1000` is in other queries. */
const startAt = (view: DataView, at: number): number =>
  Math.round(((view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4) + EPOCH_US) / 1e6) * 1000);
