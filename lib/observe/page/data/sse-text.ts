// Brain: pure.

/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** The longest event, characters: what comes from elsewhere is bounded. A view of the largest run has about 2 million. */
const LONGEST = 64 * 1024 * 1024;

/**
 * Reads server-sent events from text that comes in pieces of any length, as the HTML standard has them. Comments, and events without data,
 * are left out; `id` and `retry` are not used here.
 * @throws RangeError if an event is longer than 64 Mi characters.
 */
export class SseText {
  #rest = '';
  #event = '';
  #data: string[] = [];

  /** Adds a piece. Returns the events that are complete with it. */
  read(piece: string): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const text = this.#rest + piece;
    let from = 0;
    for (;;) {
      const found = /\r\n|\r(?=[\s\S])|\n/g;
      found.lastIndex = from;
      const end = found.exec(text);
      if (!end) break;
      this.#line(text.slice(from, end.index), events);
      from = end.index + end[0].length;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > LONGEST) throw new RangeError('Cannot read an event of the server: it is too long');
    return events;
  }

  #line(line: string, events: ServerSentEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push({ event: this.#event || 'message', data: this.#data.join('\n') });
      this.#event = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
  }
}
