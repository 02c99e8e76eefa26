import sharp from 'sharp';
import type { Appearance } from '../../core/appearance.js';
import { LogowatchError } from '../../core/errors.js';
import type { Frame, FrameRecord, StreamPosition } from '../../core/frame.js';
import type { Topic } from '../bus.js';
import { decode, encode } from '../codec.js';
import { topics } from '../topics.js';
import { type Framing, RegistryFraming, type RegistrySettings, SingleObjectFraming } from './framing.js';
import type { Encoded, Wire } from './wire.js';

const JPEG_QUALITY = 85;
const SOURCE = 'logowatch';
const TYPE = 'io.logowatch';

/**
 * Records as Avro behind the name of their schema, with the attributes of CloudEvents (binary mode, Kafka protocol binding 1.0.2)
 * as headers. Frames travel as JPEG and arrive as pixels. States are ours alone, and JSON.
 */
export class AvroWire implements Wire {
  readonly #framing: Framing;

  constructor(registry: RegistrySettings | undefined, prefix: string) {
    this.#framing =
      registry === undefined ? new SingleObjectFraming() : new RegistryFraming(registry, prefix);
  }

  async encode(topic: Topic<unknown>, value: unknown): Promise<Encoded> {
    if (topic.name === topics.states.name)
      return { value: Buffer.from(JSON.stringify(value)), headers: { 'content-type': 'application/json' } };
    const sent = topic.name === topics.frames.name ? await asJpeg(value as FrameRecord) : value;
    const header = await this.#framing.header(topic);
    return { value: Buffer.concat([header, encode(topic, sent)]), headers: cloudEvent(topic, value) };
  }

  async decode(topic: Topic<unknown>, message: Buffer): Promise<unknown> {
    if (topic.name === topics.states.name) return JSON.parse(message.toString());
    const { writer, at } = await this.#framing.open(topic, message);
    const value = decode(topic, message.subarray(at), writer);
    return topic.name === topics.frames.name ? asPixels(value as FrameRecord) : value;
  }
}

async function asJpeg(record: FrameRecord): Promise<FrameRecord> {
  if (record.kind !== 'frame' || record.format === 'jpeg') return record;
  const { data, width, height } = record;
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
  return { ...record, format: 'jpeg', data: jpeg };
}

async function asPixels(record: FrameRecord): Promise<FrameRecord> {
  if (record.kind !== 'frame' || record.format !== 'jpeg') return record;
  const { width, height } = record;
  const limit = width * height;
  const { data, info } = await sharp(record.data, { failOn: 'error', limitInputPixels: limit })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw damagedFrame(record, (cause as Error).message, cause);
    });
  if (info.width !== width || info.height !== height || info.channels !== 3)
    throw damagedFrame(record, `${info.width}x${info.height} where ${width}x${height} was said`);
  return { ...record, format: 'rgb24', data };
}

const damagedFrame = ({ streamId, seq }: Frame, what: string, cause?: unknown): LogowatchError =>
  new LogowatchError('message-invalid', 'frames: a picture cannot be decoded', {
    value: `${streamId} #${seq}: ${what}`.slice(0, 200),
    remedy: 'The message is set aside; check what writes to the topic',
    cause,
  });

/** CloudEvents 1.0: an id that is the same for the same fact, so that readers may drop what they have seen. */
function cloudEvent(topic: Topic<unknown>, value: unknown): Record<string, string> {
  const { id, kind, time } =
    topic.name === topics.appearances.name
      ? appearanceFact(value as Appearance)
      : streamFact(value as StreamPosition);
  return {
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: `${SOURCE}/${encodeURIComponent((value as StreamPosition).streamId)}`,
    ce_type: `${TYPE}.${topic.name}.${kind}`,
    ce_time: time,
  };
}

const appearanceFact = (a: Appearance) => ({ id: `${a.id}.${a.revision}`, kind: a.state, time: a.startTime });

function streamFact(record: StreamPosition & { readonly kind?: string; readonly seq?: number }) {
  const { session, ptsUs, wallTimeMs, kind = 'record', seq } = record;
  return {
    id: `${session}.${seq ?? `${kind}-${ptsUs}`}`,
    kind,
    time: new Date(wallTimeMs).toISOString(),
  };
}
