import type { Cell, Kind } from './columns.js';

/** For people: seconds as 1:02:03.4, shares in per cent, moments in a place's time. */
export interface Format {
  cell(value: Cell, kind: Kind): string;
  duration(ms: number): string;
  percent(share: number | null): string;
  money(amount: number): string;
}

export function formatOf(timeZone: string, currency: string | null): Format {
  const moments = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const amounts = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);
  const money = (amount: number) => `${amounts.format(amount)}${currency === null ? '' : ` ${currency}`}`;
  return {
    duration,
    percent,
    money,
    cell: (value, kind) => {
      if (value === null) return '-';
      if (typeof value === 'string') return kind === 'moment' ? moments.format(new Date(value)) : value;
      switch (kind) {
        case 'seconds':
          return duration(1000 * value);
        case 'share':
          return percent(value);
        case 'money':
          return money(value);
        case 'index':
          return value.toFixed(1);
        default:
          return String(value);
      }
    },
  };
}

/** `12.3 s`, `4:05.0`, `1:02:03` */
function duration(ms: number): string {
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const [hours, minutes, rest] = [
    Math.floor(tenths / 36_000),
    Math.floor(tenths / 600) % 60,
    (tenths % 600) / 10,
  ];
  if (hours === 0) return `${minutes}:${rest.toFixed(1).padStart(4, '0')}`;
  return `${hours}:${String(minutes).padStart(2, '0')}:${String(Math.floor(rest)).padStart(2, '0')}`;
}
