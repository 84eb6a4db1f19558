import { type Clock, type Logger, silentLogger, systemClock } from '../../base/index.js';
import { checkName } from '../actors/actor-options.js';
import type { ActorSystem } from '../contract.js';
import { close, type NactRef, NactSystem } from '../nact.js';
import { cellOf } from './cell.js';
import { Container } from './container.js';
import { Handle } from './handle.js';

/** The root of the tree. */
class SystemPlace extends Container {
  readonly handle: SystemHandle;

  constructor(ground: NactSystem) {
    super(ground, undefined, 'system', ground.name);
    this.handle = new SystemHandle(this);
    this.phase = 'running';
  }

  protected onFence(): void {
    this.system.close();
  }
}

class SystemHandle extends Handle {
  readonly name: string;
  readonly #place: SystemPlace;

  constructor(place: SystemPlace) {
    super(place);
    this.name = place.name;
    this.#place = place;
  }

  async stop(): Promise<void> {
    this.#place.stop('shutdown');
    await this.#place.exited;
  }
}

/** Opens a system of actors with the given clock and logger. Several may live in one process. Defaults: the machine's time, no log. */
export function openActorSystem({
  name = 'system',
  clock = systemClock,
  logger = silentLogger,
}: {
  readonly name?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
} = {}): ActorSystem {
  return new SystemPlace(new NactSystem(name, clock, logger)).handle as unknown as ActorSystem;
}

/**
 * Starts a system of actors. Several may live in one process, also with the same name.
 * @throws `TypeError` for a wrong name.
 */
export async function startActorSystem(name?: string): Promise<ActorSystem> {
  checkName(name);
  return openActorSystem({ name });
}

/**
 * Opens a plain nact reference for actors that are not ours. It stays valid as long as the system, whatever restarts behind it. `receive`
 * is called with one message after another; what it throws is logged and ignored.
 */
export function openPlainActor<M = unknown>(system: ActorSystem, name: string, receive: (message: M) => void): NactRef<M> {
  return cellOf('system', system).system.openPlainActor(name, receive as (message: unknown) => void) as NactRef<M>;
}

/** Closes a plain actor before its system ends. Closing it again does nothing. */
export function closePlainActor(ref: NactRef<never>): void {
  close(ref as NactRef<unknown>);
}
