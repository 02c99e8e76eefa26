/** CRC-64-AVRO of a schema's canonical form (Avro 1.12, "Schema Fingerprints"), 8 bytes, little-endian. */
const EMPTY = 0xc15d213aa4d7a795n;
const TABLE = Array.from({ length: 256 }, (_, i) => {
  let value = BigInt(i);
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (EMPTY & -(value & 1n));
  return value;
});

export function schemaFingerprint(canonical: string): Buffer {
  let value = EMPTY;
  for (const byte of Buffer.from(canonical))
    value = (value >> 8n) ^ TABLE[Number((value ^ BigInt(byte)) & 0xffn)]!;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
