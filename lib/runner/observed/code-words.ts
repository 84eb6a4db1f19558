import { inSteps, type RestOfWork, readSafely } from '../../base/index.js';
import type { FunctionSpec } from '../../dag/index.js';

/** Returns the code of a function for people: `module#name`, or the name of a plain function. */
export function codeWord({ code }: Pick<FunctionSpec, 'code'>): string {
  if (typeof code !== 'function') return `${code.module}#${code.name}`;
  // A proxy, or a getter, may throw here, and the end of a run must not fail.
  const name = readSafely(code, 'name');
  return typeof name === 'string' && name !== '' ? name : 'a function without a name';
}

/** The code and the isolation of each function of an ended run, in words: its functions themselves are not kept. */
export class CodeWords {
  readonly #words: string[] = [];
  #numbers: Map<string, number> | undefined;
  readonly #codes: Uint32Array;
  readonly #isolations: readonly string[];

  /** The isolations are words already. */
  constructor(isolations: readonly string[], size: number) {
    this.#codes = new Uint32Array(size);
    this.#isolations = isolations;
  }

  /** Takes the words of all functions, in steps. */
  take(specs: readonly FunctionSpec[]): RestOfWork<void> {
    let last: unknown;
    let number = 0;
    return inSteps(this.#codes.length, (from, to) => {
      for (let index = from; index < to; index += 1) {
        const spec = specs[index]!;
        // Functions of one module mostly share their code.
        if (spec.code !== last) {
          last = spec.code;
          number = this.#numberOf(codeWord(spec));
        }
        this.#codes[index] = number;
      }
    });
  }

  codeOf(index: number): string {
    return this.#words[this.#codes[index]!]!;
  }

  isolationOf(index: number): string {
    return this.#isolations[index]!;
  }

  #numberOf(word: string): number {
    if (this.#words[0] === word) return 0;
    this.#numbers ??= new Map();
    let number = this.#numbers.get(word);
    if (number === undefined) {
      number = this.#words.push(word) - 1;
      this.#numbers.set(word, number);
    }
    return number;
  }
}
