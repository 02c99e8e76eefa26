/** A brand on screen, seconds of the video. */
export interface EventSpan {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** What was found: `reportedAt` is the media time at which the first event of it was out. */
export interface FoundSpan extends EventSpan {
  readonly reportedAt: number;
}

/** Spans of one label that follow each other within `gap` seconds are one. By label, in the order of time. */
export function mergeSpans<S extends EventSpan>(
  spans: readonly S[],
  gap: number,
  join: (a: S, b: S) => S,
): Map<string, S[]> {
  const merged = new Map<string, S[]>();
  for (const span of spans.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const list = merged.get(span.label) ?? [];
    const last = list.at(-1);
    if (last !== undefined && span.start - last.end <= gap) list[list.length - 1] = join(last, span);
    else list.push(span);
    merged.set(span.label, list);
  }
  return merged;
}

export const joinTruth = (a: EventSpan, b: EventSpan): EventSpan => ({ ...a, end: Math.max(a.end, b.end) });

export const joinFound = (a: FoundSpan, b: FoundSpan): FoundSpan => ({
  ...a,
  end: Math.max(a.end, b.end),
  reportedAt: Math.min(a.reportedAt, b.reportedAt),
});

export const overlapSeconds = (a: EventSpan, b: EventSpan): number =>
  Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));

/** Temporal intersection over union, 0..1. */
export function temporalIou(a: EventSpan, b: EventSpan): number {
  const inter = overlapSeconds(a, b);
  return inter <= 0 ? 0 : inter / (Math.max(a.end, b.end) - Math.min(a.start, b.start));
}
