import type { SupervisorScope } from '../contract.js';
import type { Cell } from './cell.js';
import { Container } from './container.js';
import { Handle } from './handle.js';

/**
 * The parent of what one call of a child's `start` spawns, in a cell of its own below the supervisor. A failed start leaves nothing behind,
 * and what a child started besides itself ends with it. Names belong to the supervisor: they are unique among all its children.
 */
export class Scope extends Container {
  readonly handle = new Handle(this) as unknown as SupervisorScope;

  constructor(supervisor: Cell) {
    super(supervisor.system, supervisor, 'scope', undefined);
    this.phase = 'running';
  }

  protected override get names(): Map<string, Cell> {
    return (this.parent as Scope).names;
  }

  protected onFence(): void {}
}
