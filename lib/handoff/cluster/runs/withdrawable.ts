import { onAbort } from '../../../base/index.js';
import type { Question, Requests, WireMessage } from '../../../peer/index.js';

/** What is given with a question that may be withdrawn. */
export interface AskedFor {
  readonly withinMs: number;
  /** The question in words, for the message of a time-out. */
  readonly what: string;
  /** Withdraws the question, on the other node too. The promise rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Asks a node. Unlike other questions it does not keep the process alive, and can be withdrawn. */
export function askUntil<T>(
  { requests, send }: { readonly requests: Requests; readonly send: (to: string, message: WireMessage) => boolean },
  name: string,
  question: Question,
  { withinMs, what, signal }: AskedFor,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let number = 0;
    const make = (id: number): WireMessage => {
      number = id;
      return { type: 'ask', id, question };
    };
    const answered = (value: T): void => {
      forget();
      resolve(value);
    };
    const failed = (error: Error): void => {
      forget();
      reject(error);
    };
    const giveUp = requests.request<T>(name, make, { answered, failed }, { withinMs, what });
    const forget = onAbort(signal, () => {
      giveUp();
      send(name, { type: 'withdraw-question', id: number });
      reject(signal.reason);
    });
  });
}
