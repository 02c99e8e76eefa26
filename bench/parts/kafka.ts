import { withoutKafka } from '../../test/support/kafka.js';
import { measure } from '../measure.js';
import type { Outcome, Part } from '../part.js';
import { script } from '../watched.js';

const KILOBYTES = 60;

/** Records in and out of Kafka beside bare kafkajs, by bench/kafka.ts in a process of its own. */
export const kafka: Part = {
  name: 'kafka',
  title: 'Kafka',
  async run({ quick }): Promise<Outcome> {
    const missing = withoutKafka();
    if (missing) return { skipped: missing };
    const records = quick ? 2000 : 4000;
    const { stdout } = await measure(process.execPath, [script('kafka'), String(records), String(KILOBYTES)]);
    const lines = stdout.split('\n').filter((line) => line.startsWith('|'));
    const cells = lines.map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    const [head = [], , ...rows] = cells;
    return {
      section: {
        tables: [{ head, rows }],
        notes: [
          'A broker of its own with six partitions, broker and clients on the same processors; bare kafkajs and the bus by turns, medians of the rounds after the first. ' +
            '`node dist/bench/kafka.js RECORDS KB` is the same alone. What is read is not decoded.',
        ],
      },
      raw: { records, kilobytes: KILOBYTES, rows },
    };
  },
};
