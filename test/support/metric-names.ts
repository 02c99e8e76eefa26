import { startOps } from '../../src/telemetry/ops-server.js';
import { PinoTelemetry } from '../../src/telemetry/telemetry.js';

/** Names of all series that a process shows, as Prometheus reads them: a histogram is three. */
export async function exportedSeries(): Promise<ReadonlySet<string>> {
  const { registry } = new PinoTelemetry('silent');
  const ops = await startOps({ host: '127.0.0.1', port: 0, registry, checks: () => ({ started: true }) });
  try {
    const text = await (await fetch(`${ops.url}/metrics`)).text();
    const names = new Set(['up']);
    for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
      for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
        names.add(name + suffix);
    return names;
  } finally {
    await ops.close();
  }
}

/** Names of series in a query in PromQL. */
export function namesIn(query: string): string[] {
  const bare = query
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/\b[a-z][a-z0-9_]*\b(?!\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !OPERATORS.has(name));
}

const OPERATORS = new Set([
  'or',
  'and',
  'unless',
  'by',
  'without',
  'bool',
  'group_left',
  'group_right',
  'offset',
]);
