import { HandoffError, textOf } from '../../base/index.js';
import type { RecordedFile, RememberedFile } from '../../journal/index.js';
import type { ValueName } from '../../peer/index.js';
import type { ValueStore } from '../../store/index.js';
import { awayParts, type StoredValue } from '../../value/index.js';
import type { ValueListener } from './offers.js';
import { partOf } from './remote-value.js';

/** The name of a value of a run, or of a part of it. */
export type RunValueName = Extract<ValueName, { kind: 'of-run' | 'of-file' | 'remembered' }>;

/**
 * Finds values of runs that are on this node: in memory, on the disk, or in files; whole, or one part of them. It does not block the event
 * loop. A whole value that is found may not be in memory.
 */
export class OwnValues {
  readonly #deps: OwnValueDeps;
  /** Files that are being looked for. */
  readonly #reading = new Map<string, Promise<StoredValue | undefined>>();

  constructor(deps: OwnValueDeps) {
    this.#deps = deps;
  }

  /** Finds a value that the store has. Returns whether it has it; the listener is called then, or will be. */
  find(name: RunValueName, listener: ValueListener): boolean {
    const held = this.#deps.store.get(name.runId, name.functionId, name.epoch);
    if (held) this.#found(name, held, listener);
    return held !== undefined;
  }

  /** Finds a value in a file of this node. It is missing without an error if it has none. */
  findFiled(name: RunValueName, listener: ValueListener): void {
    const reading = this.#once(name, () => this.#read(name));
    if (!reading) return listener.missing(undefined);
    reading.then(
      (whole) => (whole ? this.#found(name, whole, listener) : listener.missing(undefined)),
      (error: unknown) => listener.missing(error as Error),
    );
  }

  /** Finds a value that the store has, or a file. What is found is in memory, with all that it is put together of. */
  bring(name: RunValueName, listener: ValueListener): void {
    const found = (held: StoredValue): void => {
      this.#deps.store.whenHere(held, { here: () => listener.found(held), lost: (error) => listener.missing(this.#lost(name, error)) });
    };
    const missing = (error: Error | undefined): void => listener.missing(error);
    if (!this.find(name, { found, missing })) this.findFiled(name, { found, missing });
  }

  #read(name: RunValueName): Promise<StoredValue | undefined> | undefined {
    const { openFile, openRecordedFile, openRemembered } = this.#deps;
    if (name.kind === 'of-file') return openRecordedFile(name.runId, name.file);
    return name.kind === 'remembered' ? openRemembered(name.file) : openFile(name.runId, name.functionId);
  }

  #found(name: RunValueName, whole: StoredValue, listener: ValueListener): void {
    const { part } = name;
    const away = part === null ? undefined : whole.away;
    if (part === null || !away) return this.#foundPart(whole, part, listener);
    const lost = (error: unknown): void => listener.missing(this.#lost(name, error));
    const parts = awayParts(away);
    if (parts) parts.at(part, whole.origin).then((held) => (held ? listener.found(held) : listener.missing(undefined)), lost);
    else this.#deps.store.whenHere(whole, { here: () => this.#foundPart(whole, part, listener), lost });
  }

  #foundPart(whole: StoredValue, part: number | null, listener: ValueListener): void {
    let held: StoredValue | undefined;
    try {
      held = partOf(whole, part);
    } catch (error) {
      return listener.missing(error as Error);
    }
    if (held) listener.found(held);
    else listener.missing(undefined);
  }

  /** Many may want a value, or its parts, at a time. */
  #once(name: RunValueName, read: () => Promise<StoredValue | undefined> | undefined): Promise<StoredValue | undefined> | undefined {
    const key = JSON.stringify([name.runId, name.functionId, name.epoch]);
    const known = this.#reading.get(key);
    if (known) return known;
    const reading = read()
      ?.then((whole) => {
        // The next one finds it in the store.
        if (whole) this.#deps.store.put(name.runId, name.functionId, whole, name.origin, name.epoch);
        return whole;
      })
      .finally(() => this.#reading.delete(key));
    if (reading) this.#reading.set(key, reading);
    return reading;
  }

  /** A value that cannot be read counts as lost: a run makes it again. */
  #lost({ functionId }: RunValueName, error: unknown): Error {
    return lostValue(error, this.#deps.node, functionId);
  }
}

/** Returns the error of a value that its node cannot read: `HANDOFF_RESULT_LOST`, unless its bytes are no value. */
export function lostValue(cause: unknown, node: string, functionId: string | undefined): HandoffError {
  if (HandoffError.is(cause, 'HANDOFF_NOT_SERIALIZABLE') || HandoffError.is(cause, 'HANDOFF_RESULT_LOST')) return cause;
  const what = functionId === undefined ? 'a value' : `the value of "${functionId}"`;
  return new HandoffError('HANDOFF_RESULT_LOST', `Node "${node}" has lost ${what}: ${textOf(cause)}`, { functionId, node, cause });
}

/** The parts of the node that finding its values needs. */
export interface OwnValueDeps {
  readonly node: string;
  readonly store: Pick<ValueStore, 'get' | 'put' | 'whenHere'>;
  /** Finds the file of a value of a run that this node drives; `undefined` if there is none, or it is lost. Nothing is read yet. */
  openFile(runId: string, functionId: string): Promise<StoredValue | undefined> | undefined;
  /** Finds a file of this node by its name in a record; `undefined` if there is none, or it is lost. Nothing is read yet. */
  openRecordedFile(runId: string, file: RecordedFile): Promise<StoredValue | undefined> | undefined;
  /** Finds a value that this node remembers; `undefined` if it has not that file. Nothing is read yet. */
  openRemembered(file: RememberedFile): Promise<StoredValue | undefined> | undefined;
}
