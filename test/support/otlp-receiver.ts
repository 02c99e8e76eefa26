import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Of the process that recorded it. */
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

interface Attribute {
  readonly key: string;
  readonly value: Record<string, string | number | boolean>;
}
type SpanJson = Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes: Attribute[] };
interface TracesJson {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: SpanJson[] }[];
  }[];
}

/** An OTLP/HTTP receiver that keeps what it is sent; `deaf`: it takes requests and answers none. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  requests = 0;
  readonly #server: Server;

  private constructor(deaf: boolean) {
    this.#server = createServer(async (request, response) => {
      this.requests++;
      if (deaf) return;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.#keep(JSON.parse(Buffer.concat(chunks).toString()) as TracesJson);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }

  static async start({ deaf = false } = {}): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(deaf);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((s) => s.name === name);
  }

  /** A span, its parent, and so on to the root: what one trace says of how it came about. */
  wayTo(span: ReceivedSpan): ReceivedSpan[] {
    const parent = this.spans.find((s) => s.traceId === span.traceId && s.spanId === span.parentSpanId);
    return parent === undefined ? [span] : [...this.wayTo(parent), span];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep({ resourceSpans }: TracesJson): void {
    for (const { resource, scopeSpans } of resourceSpans)
      for (const span of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({
          ...span,
          parentSpanId: span.parentSpanId || undefined,
          links: span.links ?? [],
          attributes: plain(span.attributes),
          resource: plain(resource.attributes),
        });
  }
}

const plain = (attributes: readonly Attribute[]): Record<string, string | number | boolean> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]!]));
