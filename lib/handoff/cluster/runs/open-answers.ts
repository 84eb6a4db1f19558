import { HandoffError } from '../../../base/index.js';

/** How many questions about runs may wait for an answer, in all and of one node. */
const MOST_OPEN = 256;
const MOST_OF_ONE = 128;

/** Questions of other nodes about runs that are not answered yet. Each ends once: answered, withdrawn, or because its node is gone. */
export class OpenAnswers {
  readonly #byNode = new Map<string, Map<number, AbortController>>();
  #size = 0;

  /** The number of questions. */
  get size(): number {
    return this.#size;
  }

  /**
   * Opens an answer. The signal aborts when nobody wants it any more. A question that is asked again takes the place of the former one.
   * Throws `HANDOFF_ALLOCATION_FAILED` if too many are open.
   */
  open(from: string, id: number): AbortController {
    this.withdraw(from, id);
    const ofNode = this.#byNode.get(from) ?? new Map<number, AbortController>();
    if (this.#size >= MOST_OPEN || ofNode.size >= MOST_OF_ONE) {
      const most = this.#size >= MOST_OPEN ? `${MOST_OPEN}` : `${MOST_OF_ONE} of node "${from}"`;
      throw new HandoffError('HANDOFF_ALLOCATION_FAILED', `Cannot watch one more run: ${most} questions about runs are open here`);
    }
    const open = new AbortController();
    ofNode.set(id, open);
    this.#byNode.set(from, ofNode);
    this.#size += 1;
    return open;
  }

  /** The answer has been given. Returns false if it is not wanted any more. */
  close(from: string, id: number, open: AbortController): boolean {
    const ofNode = this.#byNode.get(from);
    if (ofNode?.get(id) !== open) return false;
    ofNode.delete(id);
    if (ofNode.size === 0) this.#byNode.delete(from);
    this.#size -= 1;
    return true;
  }

  /** The asking node no longer wants the answer. Ignored if none is open. */
  withdraw(from: string, id: number): void {
    const open = this.#byNode.get(from)?.get(id);
    if (open && this.close(from, id, open)) open.abort(new Error('the question was withdrawn'));
  }

  /** The asking node is gone. */
  gone(from: string): void {
    for (const id of [...(this.#byNode.get(from)?.keys() ?? [])]) this.withdraw(from, id);
  }
}
