import { type ErrorCode, type ErrorDetails, errnoCode, isDiskFull, LogowatchError } from '../core/errors.js';

export type StoreErrorCode = Extract<ErrorCode, `store-${string}` | 'disk-full'>;

export interface StoreErrorDetails extends ErrorDetails {
  /** The same call may go through later. */
  transient?: boolean;
  /** What was handed over is what the database refuses: other events may be taken. */
  ofValue?: boolean;
}

export class StoreError extends LogowatchError {
  declare readonly code: StoreErrorCode;
  readonly transient: boolean;
  readonly ofValue: boolean;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(code, message, details);
    this.name = 'StoreError';
    this.transient = details.transient ?? false;
    this.ofValue = details.ofValue ?? false;
  }
}

/** Of the network: the server is away, or does not answer. */
const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENOENT',
];
/** What PostgreSQL calls shutting down, starting up, too many connections, deadlock, timeout and the like. */
const PASSING = /^(57P0[1-4]|57014|53300|40001|40P01|55P03|55006|25P0[23]|25006|08\w{3})$/;
const LOGIN = ['28P01', '28000'];
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: the value is out of range, unreadable, against a constraint. */
const VALUE = /^(22|23)/;

/** What a driver throws, as an error for the user; `location` names the database without secrets. */
export function storeError(error: unknown, location: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = errnoCode(error) ?? '';
  const said = error instanceof Error ? error.message : String(error);
  const details = { value: location, cause: error };
  if (code === '53100' || isDiskFull(error)) return diskFull(details);
  if (LOGIN.includes(code))
    return new StoreError('store-refused', 'The database does not let this user in', {
      ...details,
      remedy: 'Check the user and the password in store.url',
    });
  if (code === '3D000')
    return new StoreError('store-refused', 'There is no such database', {
      ...details,
      remedy: 'Create it (createdb NAME), or correct its name in store.url',
    });
  if (code === '42501')
    return new StoreError('store-refused', `The user lacks a right: ${said}`, {
      ...details,
      remedy: 'Grant it; docs/store.md has the statements',
    });
  if (UNREACHABLE.includes(code) || isLost(said))
    return new StoreError('store-unreachable', `The database cannot be reached: ${code || said}`, {
      ...details,
      remedy: 'Check that it runs, and its address in store.url',
      transient: true,
    });
  return new StoreError('store-failed', `The database failed: ${said}`, {
    ...details,
    transient: PASSING.test(code),
    ofValue: VALUE.test(code),
  });
}

function diskFull(details: StoreErrorDetails): StoreError {
  return new StoreError('disk-full', 'No space is left for the store', {
    ...details,
    remedy: 'Free some space: the events wait and are written then',
    transient: true,
  });
}

/** pg says so in words alone. */
const isLost = (message: string): boolean =>
  /connection terminated|timeout expired|query read timeout|timeout exceeded when trying to connect/i.test(
    message,
  );
