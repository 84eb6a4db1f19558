import type { ExitReason, SupervisorScope } from '../contract.js';
import { Cell } from './cell.js';
import { Handle } from './handle.js';

/**
 * What one call of a child's `start` spawns under: a place of its own below the supervisor, so that a start that fails leaves nothing
 * behind, and what a child started beside itself ends with it. Names are the supervisor's: they are unique among all its children.
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
