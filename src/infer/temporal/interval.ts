const KEPT = 9;

/** Keeps the newest few; a median of nine forgets any one odd interval. */
export function remember(intervalsUs: readonly number[], intervalUs: number): readonly number[] {
  return [...intervalsUs, intervalUs].slice(-KEPT);
}

export function medianUs(intervalsUs: readonly number[], fallbackUs: number): number {
  if (intervalsUs.length === 0) return fallbackUs;
  const sorted = [...intervalsUs].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
