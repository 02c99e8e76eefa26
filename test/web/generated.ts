import fc, { type Arbitrary } from 'fast-check';

/** The parts of JSON Schema that the API's document uses. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const HOSTILE = [
  '',
  '\u0000',
  '../../etc/passwd',
  '%00',
  "'; DROP TABLE appearances; --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  '😀'.repeat(50),
  'x'.repeat(5000),
  '-1',
  '1e309',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  '9999-99-99T99:99:99Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '\ud800',
  '$' + '{HOME}',
];

/** Texts that others have broken servers with. */
export const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** What a schema cannot say: brands that the model of the tests knows. */
const KNOWN: Readonly<Record<string, Arbitrary<unknown>>> = {
  label: fc.constantFrom('acme', 'globex', 'other'),
};

/** What a schema allows. */
export function valid(schema: Schema): Arbitrary<unknown> {
  const { type, format, pattern } = schema;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const kind = Array.isArray(type) ? type[0] : type;
  switch (kind) {
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 1000) });
    case 'number':
      return fc.double({
        min: schema.exclusiveMinimum ?? schema.minimum ?? -10,
        max: schema.maximum ?? 60,
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'array':
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(valid));
      return fc.array(valid(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 5, 5) });
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([k, v]) => [k, KNOWN[k] ?? valid(v)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      );
    case 'string':
      if (format === 'date-time')
        return fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
          .map((d) => d.toISOString());
      if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
      return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 60, 60) });
    default:
      return fc.jsonValue();
  }
}

/** What a schema may or may not allow: often right, else of the right type, else anything. */
export function any(schema: Schema): Arbitrary<unknown> {
  const inside =
    schema.type === 'object'
      ? fc.record(Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, v]) => [k, any(v)])), {
          requiredKeys: [],
        })
      : hostileText;
  return fc.oneof(
    { weight: 5, arbitrary: valid(schema) },
    { weight: 3, arbitrary: inside },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}
