import { systemClock } from '../../base/index.js';
import { ModuleContents } from './module-content.js';
import type { CodeRoot } from './module-resolution.js';
import { SharedLooks } from './shared-looks.js';

/** A module, and the digest of its content as the driver of a run has it. */
export interface ModuleClaim {
  readonly module: string;
  readonly digest: string;
}

/**
 * Knows what code has run on this node. Loaded code is not loaded again, and a thread that starts later loads what is there then. So what
 * ran is what the content says only if no file of it was changed between its first use here and now.
 */
export class RanCode {
  readonly contents: ModuleContents;
  /** When each module was used for the first time, by the wall clock: files have no other. */
  readonly #firstUsedMs = new Map<string, number>();
  #latest = '';
  readonly #looks = new SharedLooks<ReadonlyMap<string, number> | undefined>();

  /** `outside` does what reads files; by default it is just done. */
  constructor(place: CodeRoot, outside?: <T>(work: () => Promise<T>) => Promise<T>) {
    this.contents = new ModuleContents(place, outside);
  }

  /** An attempt is about to use the module. */
  used(module: string): void {
    // Most attempts use the module of the one before.
    if (module === this.#latest) return;
    this.#latest = module;
    // The clock counts whole milliseconds. Files know parts of them: what was written just before must not seem to be later.
    if (!this.#firstUsedMs.has(module)) this.#firstUsedMs.set(module, systemClock.wallNow() + 1);
  }

  /**
   * Whether all that attempts have run of these modules until now was certainly this content. Modules that the program itself imported are
   * not known here: of those, files that were changed afterwards are not noticed in the isolation `loop`. Never rejects.
   */
  async isStill(claims: readonly ModuleClaim[]): Promise<boolean> {
    const found = await Promise.all(claims.map((claim) => this.#isStill(claim)));
    return found.every(Boolean);
  }

  async #isStill({ module, digest }: ModuleClaim): Promise<boolean> {
    try {
      const content = await this.contents.contentOf(module);
      if (content.digest !== digest) return false;
      const changes = await this.#looks.look(module, () => this.contents.changesOf(module));
      return changes !== undefined && !(await this.#isUsedBefore(changes));
    } catch {
      return false;
    }
  }

  /** Whether a file was changed after a module was used that it belongs to. */
  async #isUsedBefore(changes: ReadonlyMap<string, number>): Promise<boolean> {
    const latestMs = Math.max(...changes.values());
    // Mostly none: code is older than the node.
    for (const [module, usedMs] of [...this.#firstUsedMs].filter(([, usedMs]) => usedMs < latestMs)) {
      const files = await this.contents.filesOf(module).catch(() => []);
      if (files.some((file) => (changes.get(file) ?? usedMs) > usedMs)) return true;
    }
    return false;
  }
}
