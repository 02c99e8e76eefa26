/** What calibration on logo-free video found for one brand; docs/temporal.md. */
export interface OnsetParameters {
  /** Taken off every frame's evidence before it is summed, nats: the level that this brand's look-alikes keep up. */
  readonly driftLlr: number;
  /** The sum at which an appearance opens, nats. */
  readonly thresholdLlr: number;
}

/** How evidence becomes appearances. Every time is media time. All of it can be set for each stream. */
export interface SmoothingParameters {
  /** Brands watched for: false alarms of all of them share `falsePerHour`. */
  readonly brands: number;
  /** Wanted rate of false appearances over all brands of one stream, per hour. */
  readonly falsePerHour: number;
  /** One frame's evidence is held within +- this, nats: no single frame decides. */
  readonly llrClip: number;
  /** Factor on the detector's log-likelihood ratio; under 1 where neighbouring frames tell the same thing twice. */
  readonly llrScale: number;
  /** Evidence of a frame in which a track was not found, nats: ln(1 - recall). */
  readonly absentLlr: number;
  /** A logo out of sight for less than this does not end its appearance; milliseconds. */
  readonly gapMs: number;
  /** Frames with evidence that an appearance needs at least, whatever the threshold. */
  readonly minFrames: number;
  /** Evidence at which a further track joins an appearance that is open already, nats. */
  readonly joinLlr: number;
  /** Mean time that a logo stays, and stays away; milliseconds. They are the hidden Markov model's transitions. */
  readonly meanOnMs: number;
  readonly meanOffMs: number;
  /** Frames nearer together than this share one frame's worth of evidence; milliseconds. */
  readonly decorrelationMs: number;
  /** An open appearance is reported again at most this often; milliseconds. */
  readonly ongoingEveryMs: number;
  /** By brand, where the model was calibrated; without it the threshold comes from `brands` and `falsePerHour`. */
  readonly onset: Readonly<Record<string, OnsetParameters>>;
  /** The interval between sampled frames until two frames have shown it; milliseconds. */
  readonly intervalMs: number;
}

export const SMOOTHING_DEFAULTS: SmoothingParameters = {
  brands: 10,
  falsePerHour: 0.1,
  llrClip: 3,
  llrScale: 1,
  absentLlr: -1,
  gapMs: 1000,
  minFrames: 3,
  joinLlr: 6,
  meanOnMs: 5_000,
  meanOffMs: 600_000,
  decorrelationMs: 100,
  ongoingEveryMs: 5_000,
  onset: {},
  intervalMs: 200,
};
