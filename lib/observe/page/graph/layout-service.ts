import { after } from '../browser-clock.js';
import { type GraphLayout, type LayoutInput, layeredLayout } from './graph-layout.js';

/** A layout, and whether a better one is being made. */
export interface OfferedLayout {
  readonly layout: GraphLayout;
  readonly isFinal: boolean;
}

/** How long nothing is shown: small graphs are done by then, and need not be shown twice. */
const PATIENCE_MS = 250;
/** How many layouts are kept, by name. */
const KEPT = 8;

/**
 * Gets layouts from a worker, and keeps the last ones by name. While the worker takes its time, a plain layered one is offered. If there is
 * no worker, or it fails, the layered one is final.
 */
export class LayoutService {
  readonly #start: (() => Worker) | undefined;
  readonly #kept = new Map<string, GraphLayout>();
  #worker: Worker | undefined;
  #hasFailed = false;
  #number = 0;
  #cancel: (() => void) | undefined;

  constructor(start: (() => Worker) | undefined) {
    this.#start = start;
  }

  /** Calls `offer` once or twice, at once if it can. Another request, or `end`, silences it. */
  request(name: string, input: LayoutInput, offer: (offered: OfferedLayout) => void): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#number += 1;
    const known = this.#kept.get(name);
    if (known) {
      offer({ layout: known, isFinal: true });
      return;
    }
    const worker = this.#running();
    if (!worker) {
      offer({ layout: layeredLayout(input), isFinal: true });
      return;
    }
    const number = this.#number;
    this.#cancel = after(PATIENCE_MS, () => offer({ layout: layeredLayout(input), isFinal: false }));
    worker.onmessage = ({ data }: MessageEvent<{ readonly number: number; readonly layout: GraphLayout }>) => {
      if (data.number !== number) return;
      this.#cancel?.();
      this.#keep(name, data.layout);
      offer({ layout: data.layout, isFinal: true });
    };
    worker.onerror = () => {
      this.#hasFailed = true;
      this.end();
      offer({ layout: layeredLayout(input), isFinal: true });
    };
    worker.postMessage({ number, input });
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Ends a worker whose answer nobody waits for any more: the next one starts at once. */
  #running(): Worker | undefined {
    this.#worker?.terminate();
    this.#worker = undefined;
    if (!this.#start || this.#hasFailed) return undefined;
    try {
      this.#worker = this.#start();
    } catch {
      this.#hasFailed = true;
    }
    return this.#worker;
  }

  #keep(name: string, layout: GraphLayout): void {
    this.#kept.set(name, layout);
    for (const old of this.#kept.keys()) if (this.#kept.size > KEPT) this.#kept.delete(old);
  }
}
