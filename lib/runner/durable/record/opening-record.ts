import type { StepwiseWork } from '../../../base/index.js';
import type { PlanRecord } from '../../../dag/index.js';
import { GroupBuffer, type GroupReader } from '../../../journal/index.js';
import { type Packed, pack, unpack } from '../../../value/index.js';
import { KINDS, type Opening } from './records.js';

/** The columns of a plan and its DAG that are recorded as they lie in memory, by the number of their entries. Append only. */
const COLUMNS = [
  ['argsStart', Int32Array],
  ['args', Int32Array],
  ['asList', Uint8Array],
  ['code', Int32Array],
  ['edgeAt', Int32Array],
  ['serialize', Int32Array],
  ['deserialize', Int32Array],
  ['constants', Uint8Array],
  ['constantsStart', Float64Array],
  ['since', Uint32Array],
  ['option', Int32Array],
  ['wires', Int32Array],
] as const;

type ColumnName = (typeof COLUMNS)[number][0];
type Column = Int32Array | Uint8Array | Float64Array | Uint32Array;

/** How many ids stand in one entry, and how many constants. */
const IN_ENTRY = 1000;
/** The most bytes of a column in one entry, and from which size on a group is full. */
const ENTRY_BYTES = 256 * 1024;
const GROUP_BYTES = 1024 * 1024;

/** What an opening holds of its plan besides columns, ids and constants. */
type PlanHead = Omit<PlanRecord, ColumnName | 'ids'>;
type Head = Omit<Opening, 'planned'> & { readonly planned?: { readonly plan: PlanHead; readonly options: Planned['dag']['options'] } };
type Planned = NonNullable<Opening['planned']>;

/** Writes an opening into groups, in steps: a plan may have a million functions. What is small of it comes last. */
export function* openingGroups({ planned, inputs, ...opening }: Opening): StepwiseWork<Uint8Array[]> {
  const groups: Uint8Array[] = [];
  const group = new GroupBuffer();
  const write = function* (kind: number, index: number, content: () => void): StepwiseWork<undefined> {
    group.begin(kind, index);
    content();
    group.end();
    if (group.length >= GROUP_BYTES) groups.push(group.take());
    yield;
  };
  let head: Head['planned'];
  if (planned) {
    const { dag } = planned;
    const { ids, ...plan } = planned.plan;
    for (const some of slices(ids, IN_ENTRY)) yield* write(KINDS.ids, 0, () => group.bytes(Buffer.from(JSON.stringify(some))));
    const columns: Record<ColumnName, Column> = { ...plan, option: dag.option };
    for (const [number, [name]] of COLUMNS.entries()) {
      const { buffer, byteOffset, byteLength } = columns[name];
      for (let at = 0; at < byteLength; at += ENTRY_BYTES) {
        const bytes = new Uint8Array(buffer, byteOffset + at, Math.min(ENTRY_BYTES, byteLength - at));
        // With each part goes how long the whole is, and where the part belongs: then it is put there as it is read.
        const content = (): void => {
          group.number(byteLength);
          group.number(at);
          group.bytes(bytes);
        };
        yield* write(KINDS.column, number, content);
      }
    }
    for (const some of slices(dag.values, IN_ENTRY)) yield* write(KINDS.constants, 0, () => writeAll(group, some));
    const { dagId, size, inputs, inputDigests, modules, contents, codes, tests } = plan;
    head = { plan: { dagId, size, inputs, inputDigests, modules, contents, codes, tests }, options: dag.options };
  }
  const own: Head = { ...opening, inputs: inputs.map(([id, packed]) => [id, unshared(packed)]), ...(head && { planned: head }) };
  yield* write(KINDS.opening, 0, () => group.bytes(pack(own, { where: 'record' })));
  if (group.length > 0) groups.push(group.take());
  return groups;
}

/** Collects the entries of an opening, in the order in which they were written. */
export class OpeningReader {
  #ids: string[] = [];
  #columns: (Uint8Array | undefined)[] = [];
  #values: Packed[] = [];

  /** Takes the entry that `reader` has come to, if it is one of an opening. Returns the opening with its last entry. */
  read(reader: GroupReader): Opening | undefined {
    const { kind, index } = reader;
    if (kind === KINDS.ids) for (const id of JSON.parse(Buffer.from(reader.rest()).toString()) as string[]) this.#ids.push(id);
    else if (kind === KINDS.column) this.#readColumn(reader, index);
    else if (kind === KINDS.constants) while (reader.at < reader.end) this.#values.push(reader.bytes(reader.number()).slice());
    else if (kind === KINDS.opening) return this.#whole(unpack(reader.rest(), { freeze: false }) as Head);
    return undefined;
  }

  #whole({ planned, ...opening }: Head): Opening {
    if (!planned) return opening;
    const columns = Object.fromEntries(
      COLUMNS.map(([name, Type], number) => [name, new Type((this.#columns[number]?.buffer ?? new ArrayBuffer(0)) as ArrayBuffer)]),
    );
    const { option, ...ofPlan } = columns as unknown as Pick<PlanRecord, Exclude<ColumnName, 'option'>> & { option: Int32Array };
    const whole: Opening = {
      ...opening,
      planned: { plan: { ...planned.plan, ids: this.#ids, ...ofPlan }, dag: { options: planned.options, option, values: this.#values } },
    };
    [this.#ids, this.#columns, this.#values] = [[], [], []];
    return whole;
  }

  #readColumn(reader: GroupReader, number: number): void {
    const sizeBytes = reader.number();
    this.#columns[number] ??= new Uint8Array(sizeBytes);
    const at = reader.number();
    this.#columns[number].set(reader.rest(), at);
  }
}

/** Large packed values lie in memory that is shared with threads: that is no value itself. Returns the bytes in memory of their own. */
const unshared = (packed: Packed): Packed => (packed.buffer instanceof ArrayBuffer ? packed : packed.slice());

function writeAll(group: GroupBuffer, packed: readonly Packed[]): void {
  for (const bytes of packed) {
    group.number(bytes.length);
    group.bytes(bytes);
  }
}

function* slices<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
