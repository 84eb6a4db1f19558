import { exited, kill } from '../actor/index.js';
import { type Handoff, inspectNode } from '../handoff/index.js';

/** Ends an actor of a node abnormally. Resolves when it has ended; rejects with `TypeError` if there is none of that name. */
export async function crashActorOf(handoff: Handoff, actor: string): Promise<void> {
  const ref = handoff.whereis(actor);
  if (!ref) throw new TypeError(`Node "${handoff.name}" has no actor "${actor}" now`);
  kill(ref);
  await exited(ref);
}

/** Returns the names of the nodes that a node has a link with. */
export const linksOf = (handoff: Handoff): readonly string[] => handoff[inspectNode]().links;
