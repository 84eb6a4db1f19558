import { type Clock, systemClock } from '../../base/index.js';
import type { isolations } from '../../executor/index.js';
import { type Defer, nextTurn, type Transport } from '../../peer/index.js';
import type { WrapAttempt } from '../../runner/index.js';

/** What a node takes from the world: time, chance, and how frames get to other processes. */
export interface Environment {
  readonly clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  readonly defer: Defer;
  /** Default: WebSockets, with the node's own TLS options. */
  readonly transport: Transport | undefined;
  /** Comes between the runs that this node drives and their attempts, wherever those are. Default: nothing. */
  readonly interpose?: WrapAttempt;
  /** Where functions run, by the name that their `isolation` gives. Default: in threads and on the loop. */
  readonly isolations?: typeof isolations;
  /** Loads a module on this node's own loop. Default: `import`. */
  readonly importModule?: (url: string) => Promise<unknown>;
}

/** The machine's own. */
export const realEnvironment: Environment = { clock: systemClock, random: Math.random, defer: nextTurn, transport: undefined };
