import type { ObservedError, ObservedLine } from '../../runner/index.js';
import { SparseEncoder } from './encode-column.js';
import type { EncodedSparse } from './encoded-run.js';
import type { ReportLimits } from './report-limits.js';

/** The errors of functions, each different one once, and no more than the limits allow. */
export class ErrorEncoder {
  readonly errors: ObservedError[] = [];
  leftOut = 0;
  readonly #limits: ReportLimits;
  readonly #places = new Map<string, number>();
  readonly #failed = new SparseEncoder();
  #characters = 0;

  constructor(limits: ReportLimits) {
    this.#limits = limits;
  }

  add(index: number, error: ObservedError): void {
    const short = shortError(error, this.#limits);
    const text = JSON.stringify(short);
    const known = this.#places.get(text);
    if (known !== undefined) return this.#failed.add(index, known);
    if (this.errors.length < this.#limits.errors && this.#characters + text.length <= this.#limits.allErrorText) {
      this.#characters += text.length;
      this.#places.set(text, this.errors.length);
      this.#failed.add(index, this.errors.push(short) - 1);
      return;
    }
    this.leftOut += 1;
    this.#failed.add(index, -1);
  }

  encoded(): EncodedSparse {
    return this.#failed.encoded();
  }
}

/** An error without more text than the limits allow; the same one if it has no more. */
export function shortError(error: ObservedError, limits: ReportLimits, depth = 0): ObservedError {
  const cause = error.cause && depth < limits.causes ? shortError(error.cause, limits, depth + 1) : undefined;
  return {
    name: cut(error.name, limits.errorText),
    ...(error.code !== undefined && { code: cut(error.code, limits.errorText) }),
    message: cut(error.message, limits.errorText),
    ...(error.stack !== undefined && { stack: cut(error.stack, limits.errorText) }),
    ...(cause && { cause }),
  };
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`);

/** The lines of functions, as long as there is room for them. */
export class LineEncoder {
  readonly lines: (readonly ObservedLine[])[] = [];
  leftOut = 0;
  readonly #limits: ReportLimits;
  readonly #printed = new SparseEncoder();
  #characters = 0;

  constructor(limits: ReportLimits) {
    this.#limits = limits;
  }

  add(index: number, lines: readonly ObservedLine[]): void {
    if (lines.length === 0) return;
    const kept: ObservedLine[] = [];
    for (let at = lines.length - 1; at >= 0 && this.#characters <= this.#limits.allLineText; at -= 1) {
      const { attempt, node, stream, atMs, line } = lines[at]!;
      const short = { attempt, node, stream, atMs, line: cut(line, this.#limits.lineText) };
      this.#characters += short.line.length + OF_A_LINE;
      kept.push(short);
    }
    this.leftOut += lines.length - kept.length;
    if (kept.length > 0) this.#printed.add(index, this.lines.push(kept.reverse()) - 1);
  }

  encoded(): EncodedSparse {
    return this.#printed.encoded();
  }
}

/** What a line costs besides its text. */
const OF_A_LINE = 60;
