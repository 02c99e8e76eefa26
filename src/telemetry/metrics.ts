import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EvidenceMetrics } from './evidence-metrics.js';
import type { InternalEvent } from './internal-event.js';
import { LABEL_VALUES_MAX, LabelValues } from './label-values.js';
import { ReaderLags } from './reader-lags.js';

const AGE_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60];
const INFERENCE_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const COMMIT_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/**
 * What Prometheus reads of the internal events; docs/operations.md says what each is for. Names that others choose (streams,
 * brands) are bounded; reasons, states, groups, topics and sinks are of closed lists.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #streams = new LabelValues(LABEL_VALUES_MAX);
  readonly #labels = new LabelValues(LABEL_VALUES_MAX);
  readonly #sampled = this.#counter('logowatch_frames_sampled_total', 'Frames taken from sources', 'stream');
  readonly #dropped = this.#counter('logowatch_frames_dropped_total', 'Frames dropped', 'stream', 'reason');
  readonly #inferred = this.#counter('logowatch_frames_inferred_total', 'Frames inferred', 'stream');
  readonly #age = this.#histogram(
    'logowatch_frame_age_seconds',
    'Arrival of a frame to the end of its detection',
    AGE_SECONDS,
  );
  readonly #inference = this.#histogram(
    'logowatch_inference_seconds',
    'Duration of one inference batch',
    INFERENCE_SECONDS,
  );
  readonly #up = this.#gauge(
    'logowatch_source_up',
    '1 while a session is open, 0 while it is away',
    'stream',
  );
  readonly #sessions = this.#counter('logowatch_source_sessions_total', 'Sessions opened', 'stream');
  readonly #retries = this.#counter('logowatch_source_retries_total', 'Reconnections', 'stream', 'reason');
  readonly #events = this.#counter(
    'logowatch_appearance_events_total',
    'Revisions of appearances published',
    'stream',
    'state',
  );
  readonly #opened = this.#counter('logowatch_appearances_opened_total', 'Appearances opened', 'label');
  readonly #ended = this.#counter('logowatch_appearances_ended_total', 'Appearances ended', 'label');
  readonly #commitSeconds = this.#histogram(
    'logowatch_bus_commit_seconds',
    'Duration of the commit of one batch',
    COMMIT_SECONDS,
    'group',
  );
  readonly #commitFailures = this.#counter(
    'logowatch_bus_commit_failures_total',
    'Batches not committed, and read again',
    'group',
  );
  readonly #committed = this.#counter(
    'logowatch_bus_records_committed_total',
    'Records read and committed',
    'group',
  );
  readonly #rebalances = this.#counter('logowatch_bus_rebalances_total', 'Times a group was joined', 'group');
  readonly #restarts = this.#counter('logowatch_bus_reader_restarts_total', 'Readers started anew', 'group');
  readonly #partitions = this.#gauge(
    'logowatch_bus_partitions',
    'Partitions assigned to this process',
    'group',
  );
  readonly #rejected = this.#counter('logowatch_records_rejected_total', 'Records nobody can read', 'topic');
  readonly #deadLetters = this.#counter('logowatch_dead_letters_total', 'Records set aside', 'topic');
  readonly #sinkEvents = this.#counter('logowatch_sink_events_total', 'Events delivered', 'sink');
  readonly #sinkRetries = this.#counter('logowatch_sink_retries_total', 'Deliveries tried again', 'sink');
  readonly #sinkFailures = this.#counter('logowatch_sink_failures_total', 'Failures that are final', 'sink');
  readonly #sinkLost = this.#counter('logowatch_sink_events_lost_total', 'Events a sink never took', 'sink');
  readonly #spansDropped = this.#counter('logowatch_spans_dropped_total', 'Spans not sent', 'reason');
  readonly #pagesCutOff = this.#counter(
    'logowatch_pages_cut_off_total',
    'Pages that could not follow their events',
  );
  readonly #evidence = new EvidenceMetrics(this.registry);
  readonly #lags = new ReaderLags(this.registry);

  measure(event: InternalEvent): void {
    switch (event.type) {
      case 'source-added':
      case 'source-opened':
      case 'source-closed':
      case 'source-retry':
      case 'source-ended':
        this.#source(event);
        break;
      case 'frames-sampled':
        this.#sampled.inc({ stream: this.#streams.of(event.streamId) }, event.count);
        break;
      case 'frames-dropped': {
        const { streamId, reason, count } = event;
        this.#dropped.inc({ stream: this.#streams.of(streamId), reason }, count);
        break;
      }
      case 'frames-inferred':
        this.#inferred.inc({ stream: this.#streams.of(event.streamId) }, event.count);
        this.#age.observe(event.ageMs / 1000);
        break;
      case 'batch-inferred':
        this.#inference.observe(event.durationMs / 1000);
        break;
      case 'appearance':
        this.#appearance(event.streamId, event.label, event.state);
        break;
      case 'spans-dropped':
        this.#spansDropped.inc({ reason: event.reason }, event.count);
        break;
      case 'page-cut-off':
        this.#pagesCutOff.inc();
        break;
      case 'record-rejected':
        this.#rejected.inc({ topic: event.topic });
        break;
      default:
        this.#reader(event);
        this.#sink(event);
        this.#evidence.measure(event);
    }
  }

  #source(event: Extract<InternalEvent, { type: `source-${string}` }>): void {
    const stream = this.#streams.of(event.streamId);
    switch (event.type) {
      case 'source-added':
        this.#up.set({ stream }, 0);
        this.#sessions.inc({ stream }, 0);
        break;
      case 'source-opened':
        this.#sessions.inc({ stream });
        this.#up.set({ stream }, 1);
        break;
      case 'source-closed':
        this.#up.set({ stream }, 0);
        break;
      case 'source-retry':
        this.#retries.inc({ stream, reason: event.reason });
        break;
      case 'source-ended':
        // One that ended as it should is missed by nobody.
        if (!event.failed) this.#up.remove({ stream });
        break;
    }
  }

  #appearance(streamId: string, name: string, state: string): void {
    const label = this.#labels.of(name);
    this.#events.inc({ stream: this.#streams.of(streamId), state });
    if (state === 'started') this.#opened.inc({ label });
    if (state === 'ended') this.#ended.inc({ label });
  }

  #reader(event: InternalEvent): void {
    switch (event.type) {
      case 'reader-opened': {
        const { group, topic } = event;
        // From 0 on, so that the first of each is seen as an increase.
        for (const counter of [this.#commitFailures, this.#restarts, this.#rebalances])
          counter.inc({ group }, 0);
        for (const counter of [this.#deadLetters, this.#rejected]) counter.inc({ topic }, 0);
        break;
      }
      case 'reader-assigned':
        this.#rebalances.inc({ group: event.group });
        this.#partitions.set({ group: event.group }, event.partitions);
        break;
      case 'reader-lag':
        this.#lags.set(event);
        break;
      case 'reader-restarted':
        this.#restarts.inc({ group: event.group });
        break;
      case 'batch-committed':
        this.#commitSeconds.observe({ group: event.group }, event.durationMs / 1000);
        this.#committed.inc({ group: event.group }, event.records);
        this.#deadLetters.inc({ topic: event.topic }, event.deadLetters);
        break;
      case 'commit-failed':
        this.#commitFailures.inc({ group: event.group });
        break;
    }
  }

  #sink(event: InternalEvent): void {
    switch (event.type) {
      case 'sink-opened':
        for (const counter of [this.#sinkEvents, this.#sinkRetries, this.#sinkFailures, this.#sinkLost])
          counter.inc({ sink: event.sink }, 0);
        break;
      case 'sink-delivered':
        this.#sinkEvents.inc({ sink: event.sink }, event.events);
        break;
      case 'sink-retry':
        this.#sinkRetries.inc({ sink: event.sink });
        break;
      case 'sink-failed':
        this.#sinkFailures.inc({ sink: event.sink });
        this.#sinkLost.inc({ sink: event.sink }, event.events);
        break;
    }
  }

  #counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }
}
