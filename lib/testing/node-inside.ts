import { exited, kill } from '../actor/index.js';
import { HandoffError } from '../base/index.js';
import type { Handoff } from '../handoff/index.js';

/** Ends an actor of a node abnormally. Resolves when it has ended; `TypeError` when there is none of that name. */
export async function crashActorOf(handoff: Handoff, actor: string): Promise<void> {
  const ref = handoff.whereis(actor);
  if (!ref) throw new TypeError(`Node "${handoff.name}" has no actor "${actor}" now`);
  kill(ref);
  await exited(ref);
}

/** The names of the members that a node knows and that are up. */
export async function upMembers(handoff: Handoff): Promise<readonly string[]> {
  try {
    const members = await handoff.nodes();
    return members.filter(({ status }) => status === 'up').map(({ name }) => name);
  } catch (error) {
    if (HandoffError.is(error, 'HANDOFF_STOPPED')) return [];
    throw error;
  }
}
