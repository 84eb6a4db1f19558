import { withRoom } from '../../../base/index.js';
import type { RecordedFile, RememberedFile } from '../../../journal/index.js';
import type { ValueName } from '../../../peer/index.js';
import type { RecalledValue } from '../growth/growth-record.js';
import type { RunPast } from '../run-job.js';

/** What a run knows of values that it has not made: those that its record tells of, and those that other nodes remember. */
export class RecalledValues {
  /** What the record has of the run before, until all of it has been taken over. */
  #past: RunPast | undefined;
  #recalledTo = 0;
  /** 1 for recorded values that nothing needs: no node has them, and none is missed. */
  #isUnneeded: Uint8Array | undefined;
  /** The epoch of each value that was made in an earlier one than the run's; 0 for the others. */
  #epochs: Uint32Array | undefined;
  /** The files of values that are in files of other nodes. */
  #files: Map<number, RecordedFile> | undefined;
  /** The files of values that other nodes remember. */
  #remembered: Map<number, RememberedFile> | undefined;

  /** The past of a run of so many functions that begins. */
  remember(past: RunPast, size: number): void {
    this.#past = past;
    this.#epochs = new Uint32Array(size);
    this.#isUnneeded = new Uint8Array(size);
  }

  /** The successes before `to` have been taken over: calls `take` for those that a node has. */
  recallTo(to: number, driver: string, take: (value: RecalledValue) => void): void {
    if (!this.#past) return;
    const { recollection, values, places, filesElsewhere, madeIn } = this.#past;
    for (; this.#recalledTo < to; this.#recalledTo += 1) {
      const { index, sizeBytes, isFiled } = recollection.successes[this.#recalledTo]!;
      const held = values[index];
      const place = held || isFiled ? driver : places.get(index);
      const file = held || isFiled ? undefined : filesElsewhere.get(index);
      this.recall({ index, sizeBytes, held, place, file, epoch: madeIn[index]! }, take);
    }
    if (to === recollection.successes.length) this.#past = undefined;
  }

  /** A function has been taken over: calls `take` if a node has its value. */
  recall(value: RecalledValue, take: (value: RecalledValue) => void): void {
    const { index, place, file, epoch } = value;
    this.#isUnneeded = withRoom(this.#isUnneeded ?? new Uint8Array(0), index + 1, 23);
    this.#epochs = withRoom(this.#epochs ?? new Uint32Array(0), index + 1, 24);
    if (place === undefined) {
      this.#isUnneeded[index] = 1;
      return;
    }
    take(value);
    this.#epochs[index] = epoch;
    if (file) this.#files = (this.#files ?? new Map<number, RecordedFile>()).set(index, file);
  }

  /** The value of a function has been made now. */
  made(index: number): void {
    if (this.#isUnneeded) this.#isUnneeded[index] = 0;
    if (this.#epochs) this.#epochs[index] = 0;
    this.#files?.delete(index);
    this.#remembered?.delete(index);
  }

  /** Whether no node has the recorded value of a function, and nothing needs it. */
  isUnneeded(index: number): boolean {
    return this.#isUnneeded?.[index] === 1;
  }

  /** Returns the earlier epoch in which the value of a function was made, or 0. */
  epochOf(index: number): number {
    return this.#epochs?.[index] ?? 0;
  }

  /** The value of a function is in a file of what another node remembers. */
  remembered(index: number, file: RememberedFile): void {
    this.#remembered = (this.#remembered ?? new Map<number, RememberedFile>()).set(index, file);
  }

  isRemembered(index: number): boolean {
    return this.#remembered?.has(index) === true;
  }

  /** The driver has the value now. */
  moved(index: number): void {
    this.#remembered?.delete(index);
  }

  /** Names a value as its node finds it: in memory, in a file of the run, or in one of what is remembered. */
  nameOf(index: number, of: Omit<Extract<ValueName, { kind: 'of-run' }>, 'kind'>): ValueName {
    const remembered = this.#remembered?.get(index);
    if (remembered) return { kind: 'remembered', ...of, file: remembered };
    const file = this.fileOf(index);
    return file ? { kind: 'of-file', ...of, file } : { kind: 'of-run', ...of };
  }

  /** Returns the file of a value that is in a file of another node. */
  fileOf(index: number): RecordedFile | undefined {
    return this.#files?.get(index);
  }
}
