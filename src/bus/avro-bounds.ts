import type { Type, types } from 'avsc';

/** Deeper nesting than this is no record of ours. */
const DEPTH_MAX = 32;

/**
 * Walks Avro bytes without decoding them and throws a RangeError when a length or count in them promises more than
 * there is. avsc believes such a count before it looks: five bytes make it reserve hundreds of megabytes.
 */
export function checkAvroBounds(type: Type, bytes: Buffer): void {
  const end = new Walk(bytes).value(type, 0);
  if (end !== bytes.length) throw new RangeError(`${bytes.length - end} bytes too many`);
}

class Walk {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Returns where the value ends. */
  value(type: Type, depth: number): number {
    if (depth > DEPTH_MAX) throw new RangeError('nested too deep');
    switch (type.typeName) {
      case 'null':
        break;
      case 'boolean':
        this.#skip(1);
        break;
      case 'float':
        this.#skip(4);
        break;
      case 'double':
        this.#skip(8);
        break;
      case 'int':
      case 'long':
      case 'enum':
      case 'abstract:long':
        this.#long();
        break;
      case 'bytes':
      case 'string':
        this.#skip(this.#long());
        break;
      case 'fixed':
        this.#skip((type as types.FixedType).size);
        break;
      case 'array':
        this.#blocks(() => this.value((type as types.ArrayType).itemsType, depth + 1));
        break;
      case 'map':
        this.#blocks(() => {
          this.#skip(this.#long());
          this.value((type as types.MapType).valuesType, depth + 1);
        });
        break;
      case 'record':
      case 'error':
        for (const field of (type as types.RecordType).fields) this.value(field.type, depth + 1);
        break;
      default: {
        const branches = (type as Type & { types?: readonly Type[] }).types;
        const branch = branches?.[this.#long()];
        if (branch === undefined) throw new RangeError(`no such branch of ${type.typeName}`);
        this.value(branch, depth + 1);
      }
    }
    return this.#at;
  }

  #skip(count: number): void {
    if (!(count >= 0 && count <= this.#bytes.length - this.#at))
      throw new RangeError('length beyond the end');
    this.#at += count;
  }

  /** Blocks of items: a count, negative when the block's size in bytes follows; 0 ends them. */
  #blocks(item: () => void): void {
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      if (count < 0) this.#long();
      // An item of no bytes does not exist in our schemas, so a count beyond the bytes left is a lie.
      if (Math.abs(count) > this.#bytes.length - this.#at) throw new RangeError('count beyond the end');
      for (let i = Math.abs(count); i > 0; i--) item();
    }
  }

  /** A zigzag varint of up to 10 bytes; exact within 53 bits, which is all that a length needs. */
  #long(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('ends within a number');
      this.#at++;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    }
    throw new RangeError('a number of more than 10 bytes');
  }
}
