import { HandoffError } from '../../../base/index.js';
import type { ConstantsOf } from '../../../dag/index.js';
import { check, constantList, type Packed, StoredValue, smallCopy, smallSnapshot, snapshot, surfaceSize } from '../../../value/index.js';

/** The constants of a run's functions and edges, as they were when `execute` was called. Later changes by the caller have no effect. */
export class Constants {
  readonly #freeze: boolean;
  /** Constants that contain objects, by the array that the specification holds. */
  readonly #taken = new Map<readonly unknown[], StoredValue | HandoffError>();
  /** Those that are not small trees, by identity: a table shared by a thousand functions is captured once. */
  #large: Map<object, StoredValue> | undefined;

  constructor(constants: readonly ConstantsOf[], freeze: boolean) {
    this.#freeze = freeze;
    this.add(constants);
  }

  /** Takes further constants as they are now. */
  add(constants: readonly ConstantsOf[], prefix = ''): void {
    for (const { functionId, values } of constants) this.#taken.set(values, this.#snapshot(prefix + functionId, values));
  }

  /** Takes constants that have been packed, for the list that stands for them in a specification. */
  addPacked(values: readonly unknown[], packed: Packed): void {
    this.#taken.set(values, StoredValue.packed(packed, 'caller').asList());
  }

  /** Returns the constants of a function. Throws `HANDOFF_NOT_SERIALIZABLE` if one is not a value. */
  held(functionId: string, values: readonly unknown[]): StoredValue {
    const taken = this.#taken.get(values) ?? this.#snapshot(functionId, values);
    if (taken instanceof StoredValue) return taken;
    throw taken;
  }

  /** Returns the constants of an edge, after what is passed before them. Throws as `held` does. */
  after(before: readonly unknown[], functionId: string, values: readonly unknown[]): StoredValue {
    const all = [...before, ...(values.length === 0 ? values : constantList(this.held(functionId, values).open(this.#freeze)))];
    return StoredValue.live(all, surfaceSize(all), 'caller').asList();
  }

  #snapshot(functionId: string, values: readonly unknown[]): StoredValue | HandoffError {
    const freeze = this.#freeze;
    try {
      if (!values.some(isObject))
        return StoredValue.live(values, freeze ? check(values, { where: 'extraArgs', freeze: false }) : 0, 'caller');
      return smallSnapshot(values, freeze) ?? this.#composed(values) ?? snapshot(values, { where: 'extraArgs', freeze });
    } catch (error) {
      if (HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) {
        return new HandoffError(error.code, error.message, { functionId, path: error.path });
      }
      throw error;
    }
  }

  /** Returns constants of which some are not small trees, or `undefined` if all are. */
  #composed(values: readonly unknown[]): StoredValue | undefined {
    if (!values.some((value) => isObject(value) && (this.#large?.has(value) || !smallCopy(value)))) return undefined;
    this.#large ??= new Map();
    const large = this.#large;
    const freeze = this.#freeze;
    let sizeBytes = 0;
    const parts = values.map((value, at) => {
      const known = isObject(value) ? large.get(value) : undefined;
      const part = known ?? snapshot(value, { where: `extraArgs[${at}]`, freeze });
      if (isObject(value)) large.set(value, part);
      sizeBytes += part.sizeBytes;
      return part;
    });
    const open = (): unknown[] => parts.map((part) => part.open(freeze));
    return (freeze ? StoredValue.fresh(open, sizeBytes, 'caller') : StoredValue.live(open(), sizeBytes, 'caller')).asList();
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
