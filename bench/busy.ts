import { readFileSync } from 'node:fs';

/** /proc counts in hundredths of a second on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/** Processor time that programs other than this process and its children have taken since the machine started, seconds. */
export function busySeconds(): number {
  const [cpu = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  // user nice system idle iowait irq softirq
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = cpu.split(/\s+/).slice(1).map(Number);
  const all = user + nice + system + irq + softirq;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime stime cutime cstime
  const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (all - own) / TICKS_PER_SECOND;
}
