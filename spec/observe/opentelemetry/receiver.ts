import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it came. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
}

type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
interface Sent extends Omit<SentSpan, 'attributes' | 'events' | 'links'> {
  readonly attributes?: Attributes;
  readonly links?: SentSpan['links'];
  readonly events?: readonly { readonly name: string; readonly attributes?: Attributes }[];
}
interface Request {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Sent[] }[] }[];
}

/** What a collector of OpenTelemetry does, as far as it receives spans as JSON over HTTP. */
export class OtlpReceiver {
  readonly spans: SentSpan[] = [];
  readonly #server: Server;
  #waiting: { readonly isThere: () => boolean; readonly told: () => void }[] = [];

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.#take(JSON.parse(Buffer.concat(chunks).toString()) as Request);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** The value of OTEL_EXPORTER_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many spans are there. */
  until(count: number): Promise<void> {
    return new Promise((told) => {
      this.#waiting.push({ isThere: () => this.spans.length >= count, told });
      this.#tell();
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #take({ resourceSpans }: Request): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { attributes = [], links = [], events = [], ...span } of scopeSpans.flatMap(({ spans }) => spans)) {
        const told = events.map(({ name, attributes: of = [] }) => ({ name, attributes: recordOf(of) }));
        this.spans.push({ ...span, attributes: recordOf(attributes), links, events: told });
      }
    }
    this.#tell();
  }

  #tell(): void {
    const ready = this.#waiting.filter(({ isThere }) => isThere());
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { told } of ready) told();
  }
}

const recordOf = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
