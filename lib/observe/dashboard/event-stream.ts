import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../base/index.js';
import type { FailedAnswer } from './failed-answer.js';
import type { FeedListener } from './shared-feeds.js';

/** How often a quiet stream shows that it lives, ms. Proxies give up silent ones, mostly after 30 or 60 s. */
const COMMENT_MS = 10_000;
/** For how long a reader may take nothing, ms. */
const STALLED_MS = 60_000;

/**
 * One reader of server-sent events. A slow one misses answers between the one that it takes and the newest: at most two are held for it,
 * and one that takes nothing for a minute is cut off.
 */
export class EventStream implements FeedListener {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #begin: () => void;
  readonly #refuse: (fault: FailedAnswer) => void;
  #timer: Timer | undefined;
  #newest: string | undefined;
  #isBlocked = false;
  #isBegun = false;
  #isOver = false;
  #blockedAt = 0;

  /** `begin` writes the head; `refuse` answers a question that has no first answer. */
  constructor(response: ServerResponse, clock: Clock, begin: () => void, refuse: (fault: FailedAnswer) => void) {
    this.#response = response;
    this.#clock = clock;
    this.#begin = begin;
    this.#refuse = refuse;
    response.on('drain', () => this.#drained());
    response.on('close', () => this.#over());
    this.#rest();
  }

  data(json: string): void {
    this.#send(`event: data\ndata: ${json}\n\n`);
  }

  gone({ status, code, message, isBug }: FailedAnswer): void {
    if (this.#isOver) return;
    if (!this.#isBegun) this.#refuse({ status, code, message, isBug });
    // What a slow reader has not taken is old by now.
    else this.#response.end(`event: gone\ndata: ${JSON.stringify({ error: { code, message } })}\n\n`);
    this.#over();
  }

  #send(text: string): void {
    if (this.#isOver) return;
    if (this.#isBlocked) {
      this.#newest = text;
      return;
    }
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.#begin();
    }
    this.#isBlocked = !this.#response.write(text);
    if (this.#isBlocked) this.#blockedAt = this.#clock.now();
  }

  #drained(): void {
    this.#isBlocked = false;
    const newest = this.#newest;
    this.#newest = undefined;
    if (newest !== undefined) this.#send(newest);
  }

  #rest(): void {
    this.#timer = this.#clock.after(COMMENT_MS, () => {
      if (!this.#isBlocked) this.#send(':\n\n');
      else if (this.#clock.now() - this.#blockedAt >= STALLED_MS) return void this.#response.destroy();
      return this.#rest();
    });
  }

  #over(): void {
    this.#isOver = true;
    this.#newest = undefined;
    this.#timer?.cancel();
  }
}
