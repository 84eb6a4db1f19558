import { createHash } from 'node:crypto';
import type { CodeRef, RecipeSource, RecipeStep, RunPlan } from '../../dag/index.js';
import { moduleOnWire } from '../../executor/index.js';
import { digestOfHeld } from '../../value/index.js';
import type { Constants } from '../run/values/constants.js';
import type { KnownDigest, KnownDigests } from './known-digests.js';
import { codeKeyOf, type KeyedStep, resultKeyText } from './result-key.js';

/** Makes the keys under which the results of a run's functions are remembered. One for each run. */
export class ResultKeys {
  readonly #of: KeysOf;
  /** The content of each module that was asked for; `undefined` for one that this node does not have. */
  readonly #contents = new Map<string, string | undefined>();

  constructor(of: KeysOf) {
    this.#of = of;
  }

  /**
   * Returns the key of a function whose arguments are there; `undefined` if it has none, as something that decides about its result is not
   * known. A promise if modules must be read, or large values.
   */
  keyOf(index: number): KnownDigest {
    const waits: Promise<unknown>[] = [];
    const key = this.#keyOf(index, waits);
    // What was waited for is known now. What still is not, cannot be.
    return waits.length === 0 ? key : Promise.all(waits).then(() => this.#keyOf(index, []));
  }

  /** Returns the modules whose content is a part of the key. */
  modulesOf(index: number): readonly string[] {
    const { steps } = this.#of.plan.recipe(index);
    return [...new Set(steps.filter(isByContent).map(({ code }) => (code as CodeRef).module))];
  }

  /** Returns the functions whose values are serialized, and of each the modules that do that where its value was made. */
  serializedOf(index: number): ReadonlyMap<number, readonly string[]> {
    const found = new Map<number, string[]>();
    for (const step of this.#of.plan.recipe(index).steps) {
      const [source] = step.sources;
      if (step.role !== 'serialize' || source?.from !== 'function' || !isByContent(step)) continue;
      found.set(source.index, [...(found.get(source.index) ?? []), (step.code as CodeRef).module]);
    }
    return found;
  }

  #keyOf(index: number, waits: Promise<unknown>[]): string | undefined {
    const { steps } = this.#of.plan.recipe(index);
    const text = resultKeyText(steps.map((step) => this.#keyed(step, waits)));
    return waits.length > 0 || text === undefined ? undefined : createHash('sha256').update(text).digest('base64url');
  }

  #keyed(step: RecipeStep, waits: Promise<unknown>[]): KeyedStep {
    const { root, constants } = this.#of;
    const awaited = (digest: KnownDigest): string | undefined => {
      if (!(digest instanceof Promise)) return digest;
      waits.push(digest);
      return undefined;
    };
    const code = codeKeyOf(step, {
      version: step.spec.version,
      idOf: () => step.spec.id,
      nameOf: ({ module }) => moduleOnWire(module, root),
      contentOf: ({ module }) => awaited(this.#contentOf(module)),
    });
    const { extraArgs, functionId, asList } = step;
    const extra = extraArgs.length === 0 ? undefined : awaited(digestOfHeld(constants.held(functionId, extraArgs)));
    const inputs = step.sources.map((source) => (source.from === 'step' ? source.step : awaited(this.#digestOf(source))));
    // Constants without a digest are no values: there is no key then.
    return { code: extra === undefined && extraArgs.length > 0 ? null : code, asList, extra, inputs };
  }

  #digestOf(source: Exclude<RecipeSource, { from: 'step' }>): KnownDigest {
    const { digests } = this.#of;
    if (source.from === 'function') return digests.ofFunction(source.index);
    return source.from === 'input' ? digests.ofInput(source.id) : digests.ofElement(source.map, source.place);
  }

  #contentOf(module: string): KnownDigest {
    if (this.#contents.has(module)) return this.#contents.get(module);
    const keep = (digest?: string): string | undefined => {
      this.#contents.set(module, digest);
      return digest;
    };
    return this.#of.contentOf(module).then(keep, () => keep());
  }
}

/** Whether the content of a module stands for the code of a step: a version stands for that of a function alone. */
const isByContent = ({ role, code, spec }: RecipeStep): boolean =>
  typeof code !== 'function' && (spec.version === undefined || role === 'serialize' || role === 'deserialize');

/** The run whose functions they are of. */
export interface KeysOf {
  readonly plan: RunPlan;
  /** The folder that modules are relative to. */
  readonly root: string;
  readonly constants: Constants;
  readonly digests: KnownDigests;
  /** Returns the digest of the content of a module and of what it imports. Rejects if this node does not have it. */
  contentOf(module: string): Promise<string>;
}
