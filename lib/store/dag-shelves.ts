import type { StoredValue } from '../value/index.js';
import { Locations } from './locations.js';
import type { TrackedShelf } from './tracked-shelf.js';

/** What a DAG id holds besides its runs. */
interface DagShelf {
  /** Values from `storeValue`, kept until `clear`. */
  readonly values: TrackedShelf;
  /** Results from `storeResult`, kept until the next run of the id starts. */
  results: TrackedShelf;
  /** Copies of other nodes' values, kept until their originals go, or until the next run of the id starts. */
  copies: TrackedShelf;
}

/** A copy that is on its way to this node. */
interface ExpectedCopy {
  readonly dagId: string;
  isStale: boolean;
}

/** The values by DAG id: those stored by hand, and copies of other nodes' values. */
export class DagShelves {
  readonly locations = new Locations();
  readonly #dags = new Map<string, DagShelf>();
  readonly #open: () => TrackedShelf;
  /** For each DAG id, the nodes that fetched a value of it and may have kept a copy. */
  readonly #copiedTo = new Map<string, Set<string>>();
  readonly #expected = new Set<ExpectedCopy>();
  /** Called when `node` may have copies of values that are no longer here. */
  onCopiesStale: (node: string, dagId: string) => void = () => {};

  constructor(open: () => TrackedShelf) {
    this.#open = open;
  }

  /** Bytes of all values. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const { values, results, copies } of this.#dags.values()) bytes += values.sizeBytes + results.sizeBytes + copies.sizeBytes;
    return bytes;
  }

  /** Keeps a value given by hand: a `result` until the next run of the DAG starts, a `value` until `clear`. */
  keep(dagId: string, id: string, value: StoredValue, as: 'value' | 'result'): void {
    const dag = this.#shelfOf(dagId);
    (as === 'value' ? dag.values : dag.results).put(id, value);
  }

  /** Returns the value that `storeValue` left. */
  valueOf(dagId: string, id: string): StoredValue | undefined {
    return this.#dags.get(dagId)?.values.get(id);
  }

  /** Returns whatever is there of that id. */
  find(dagId: string, id: string): StoredValue | undefined {
    const dag = this.#dags.get(dagId);
    return dag?.results.get(id) ?? dag?.copies.get(id) ?? dag?.values.get(id);
  }

  /** See `ValueStore.expectCopy`. */
  expectCopy(dagId: string, id: string): (value: StoredValue | undefined, origin: string) => void {
    const expected: ExpectedCopy = { dagId, isStale: false };
    this.#expected.add(expected);
    return (value, origin) => {
      this.#expected.delete(expected);
      if (expected.isStale || !value) return;
      this.#shelfOf(dagId).copies.put(id, value);
      this.locations.register(dagId, id, origin);
    };
  }

  /** Records that another node fetched a value of a DAG and may keep a copy. */
  copyGiven(dagId: string, node: string): void {
    const nodes = this.#copiedTo.get(dagId);
    if (nodes) nodes.add(node);
    else this.#copiedTo.set(dagId, new Set([node]));
  }

  /** The values are gone: notifies the nodes that may have copies. */
  copiesStale(dagId: string): void {
    const nodes = this.#copiedTo.get(dagId);
    if (!nodes) return;
    this.#copiedTo.delete(dagId);
    for (const node of nodes) this.onCopiesStale(node, dagId);
  }

  /** Drops copies whose originals are gone. */
  forgetCopies(dagId: string): void {
    for (const expected of this.#expected) if (expected.dagId === dagId) expected.isStale = true;
    const dag = this.#dags.get(dagId);
    if (!dag) return;
    for (const id of dag.copies.ids()) this.locations.forget(dagId, id);
    dag.copies.close();
    dag.copies = this.#open();
    this.#tidy(dagId, dag);
  }

  /** Drops all copies of nodes that were unreachable: they could not send notice that an original is gone. */
  forgetAllCopies(isReachable: (node: string) => boolean): void {
    for (const dagId of [...this.#dags.keys()]) {
      const ids = [...this.#dags.get(dagId)!.copies.ids()];
      if (ids.length > 0 && ids.every((id) => isReachable(this.locations.lookup(dagId, id) ?? ''))) this.forgetCopies(dagId);
    }
  }

  /** Results stored by hand, and copies, are dropped when a run starts. */
  forgetResults(dagId: string): void {
    const dag = this.#dags.get(dagId);
    if (dag) {
      for (const id of dag.results.ids()) this.locations.forget(dagId, id);
      dag.results.close();
      dag.results = this.#open();
    }
    this.forgetCopies(dagId);
  }

  /** Drops everything of a DAG id. */
  clear(dagId: string): void {
    this.forgetCopies(dagId);
    this.copiesStale(dagId);
    const dag = this.#dags.get(dagId);
    dag?.values.close();
    dag?.results.close();
    this.#dags.delete(dagId);
    this.locations.clear(dagId);
  }

  #tidy(dagId: string, { values, results, copies }: DagShelf): void {
    for (const shelf of [values, results, copies]) for (const _ of shelf.ids()) return;
    this.#dags.delete(dagId);
  }

  #shelfOf(dagId: string): DagShelf {
    let dag = this.#dags.get(dagId);
    if (!dag) {
      dag = { values: this.#open(), results: this.#open(), copies: this.#open() };
      this.#dags.set(dagId, dag);
    }
    return dag;
  }
}
