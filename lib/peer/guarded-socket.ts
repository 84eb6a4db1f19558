import { callSafely, isError, readSafely, safeThrown, systemClock, type Timer, textOf } from '../base/index.js';
import { type Closing, nextTurn, type Socket, type SocketEvents } from './transport.js';

const REASONS: ReadonlySet<unknown> = new Set(['refused', 'failed', 'closed', 'local']);

/**
 * Makes a socket of a user's own transport safe. If it throws, or breaks the order that `SocketEvents` promises, the connection ends as if
 * the network had ended it.
 */
export class GuardedSocket implements Socket {
  readonly #inner: object;
  readonly #broken: (fault: string) => void;
  /** Why it is not a socket, if it is not. */
  readonly #fault: string | undefined;
  #events: SocketEvents | undefined;
  #isOpen = false;
  #isOver = false;
  /** Ends the socket if the transport does not report its end. */
  #limit: Timer | undefined;

  /** `inner` may be anything, also an error: what is not a socket is one that failed. `broken` is called once if it breaks. */
  constructor(inner: unknown, broken: (fault: string) => void) {
    this.#inner = typeof inner === 'object' && inner !== null ? inner : {};
    this.#broken = broken;
    const missing = METHODS.find((name) => typeof readSafely(this.#inner, name) !== 'function');
    if (isError(inner)) this.#fault = textOf(inner);
    else if (missing) this.#fault = `it gave a socket without ${missing}`;
  }

  get bufferedBytes(): number {
    return count(readSafely(this.#inner, 'bufferedBytes'));
  }

  get receivedBytes(): number {
    return count(readSafely(this.#inner, 'receivedBytes'));
  }

  get exporter(): Uint8Array | undefined {
    const exporter = readSafely(this.#inner, 'exporter');
    return exporter instanceof Uint8Array ? exporter : undefined;
  }

  attach(events: SocketEvents): void {
    this.#events = events;
    if (this.#fault !== undefined) return nextTurn(() => this.#break(this.#fault!));
    this.#call('attach', {
      opened: () => this.#heard(() => this.#opened()),
      frame: (parts: unknown) => this.#heard(() => this.#frame(parts)),
      closed: (closing: unknown) => this.#over(closingOf(closing)),
    });
  }

  send(parts: readonly Uint8Array[]): void {
    this.#call('send', parts);
  }

  admit(): void {
    this.#call('admit');
  }

  close(abrupt = false): void {
    this.#call('close', abrupt);
    if (!this.#isOver) this.#limit ??= systemClock.after(CLOSE_MS, () => this.#over({ reason: 'local', text: 'closed here' }));
  }

  #opened(): void {
    if (this.#isOpen) return this.#break('it told twice that a socket is open');
    this.#isOpen = true;
    this.#events?.opened();
  }

  #frame(parts: unknown): void {
    if (!this.#isOpen) return this.#break('it gave a frame before the socket was open');
    if (!Array.isArray(parts) || !parts.every((part) => part instanceof Uint8Array)) return this.#break('it gave a frame that is no bytes');
    this.#events?.frame(parts as readonly Uint8Array[]);
  }

  /** Drops what is reported after the end. */
  #heard(tell: () => void): void {
    if (!this.#isOver) tell();
  }

  #call(name: (typeof METHODS)[number], ...args: readonly unknown[]): void {
    if (this.#isOver || this.#fault !== undefined) return;
    const call = (): unknown => Reflect.apply((this.#inner as Record<string, () => unknown>)[name]!, this.#inner, args);
    callSafely(call, (error) => this.#threw(name, error));
  }

  #threw(name: string, error: unknown): void {
    // Not within the call: its caller is not done.
    nextTurn(() => this.#break(`its ${name} threw: ${textOf(safeThrown(error))}`));
  }

  #break(fault: string): void {
    if (this.#isOver) return;
    const isOpen = this.#isOpen;
    this.#over({ reason: isOpen ? 'closed' : 'failed', text: fault });
    this.#broken(fault);
    // It is over for this node, whatever this does.
    const close = readSafely(this.#inner, 'close');
    if (typeof close === 'function')
      callSafely(
        () => Reflect.apply(close, this.#inner, [true]) as unknown,
        () => {},
      );
  }

  #over(closing: Closing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#limit?.cancel();
    this.#events?.closed(closing);
    this.#events = undefined;
  }
}

/** How long a socket that was closed may take to report its end, ms. Frames sent before have a second to leave. */
const CLOSE_MS = 2000;

const METHODS = ['attach', 'send', 'admit', 'close'] as const;

const count = (value: unknown): number => (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0);

function closingOf(given: unknown): Closing {
  const from = typeof given === 'object' && given !== null ? given : {};
  const reason = readSafely(from, 'reason');
  const text = readSafely(from, 'text');
  return {
    reason: REASONS.has(reason) ? (reason as Closing['reason']) : 'closed',
    text: typeof text === 'string' ? text : 'the transport did not say why',
  };
}
