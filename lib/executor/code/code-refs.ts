import { keepNewest } from '../../base/index.js';
import type { CodeRef } from '../../dag/index.js';

const KEPT = 10_000;

/**
 * Returns the same object for the same reference, so that what was loaded for one attempt is found for the next. Bounded: the oldest
 * reference is dropped first.
 */
export class CodeRefs {
  readonly #byName = new Map<string, CodeRef>();

  readonly refOf = (module: string, name: string): CodeRef => {
    const key = `${module.length} ${module}${name}`;
    let ref = this.#byName.get(key);
    if (!ref) {
      ref = { module, name };
      keepNewest(this.#byName, key, ref, KEPT);
    }
    return ref;
  };
}
