import { randomBytes } from 'node:crypto';

/** Tells nothing of what it names, and cannot be guessed: 32 hex digits. */
export const opaqueName = (): string => randomBytes(16).toString('hex');
