import type { ExitReason } from '../contract.js';
import { Cell } from './cell.js';

/** A cell without a handler of its own: it stands for its children, and ends after them. */
export abstract class Container extends Cell {
  readonly grace = 'infinity';

  post(): boolean {
    return false;
  }

  stop(reason: ExitReason): void {
    if (this.phase !== 'running') return;
    this.phase = 'closing';
    const ending = this.endChildren();
    if (ending) void ending.then(() => this.end(reason));
    else this.end(reason);
  }
}
