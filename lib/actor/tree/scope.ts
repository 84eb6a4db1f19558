import type { ExitReason, SupervisorScope } from '../contract.js';
import { Cell } from './cell.js';
import { Handle } from './handle.js';

/**
 * The parent of what one call of a child's `start` spawns, in a cell of its own below the supervisor. A failed start leaves nothing behind,
 * and what a child started besides itself ends with it. Names belong to the supervisor: they are unique among all its children.
 */
export class Scope extends Cell {
  readonly grace = 'infinity';
  readonly handle = new Handle(this) as unknown as SupervisorScope;

  constructor(supervisor: Cell) {
    super(supervisor.system, supervisor, 'scope', undefined);
    this.phase = 'running';
  }

  protected override get names(): Map<string, Cell> {
    return (this.parent as Scope).names;
  }

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

  protected onFence(): void {}
}
