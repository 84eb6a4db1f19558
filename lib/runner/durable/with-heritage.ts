import type { Plan } from '../../dag/index.js';
import { adoptionOf } from '../brain/adoption.js';
import type { RecalledSuccess } from '../brain/messages.js';
import type { Heritage, RunPast } from '../run/run-job.js';
import type { Recalled } from './record/run-record.js';

/**
 * Adds to the recorded past of a run what nodes still have of it. What this node itself has goes first. `folders`: the members that have a
 * `dataDir`, by its id.
 */
export function withHeritage(
  { recollection, values, plan: { since }, madeIn, filesElsewhere }: Recalled,
  plan: Plan,
  node: string,
  { own, others }: Heritage,
  folders: ReadonlyMap<string, string>,
): RunPast {
  const { indexOf, producersStart, producers, dependentsStart, dependents } = plan;
  const wiring = { indexOf, producersStart, producers, dependentsStart, dependents };
  const adoption = adoptionOf({ ...wiring, since, madeIn }, own ? [[node, own.inheritance], ...others] : others);
  const { adopted } = adoption;
  const places = new Map(adoption.places);
  for (const [index, { dataDir }] of filesElsewhere) {
    const holder = folders.get(dataDir);
    if (holder !== undefined && !places.has(index)) places.set(index, holder);
  }
  const rest = { filesElsewhere, madeIn, own };
  if (places.size === 0) return { recollection: { ...recollection, adopted }, values, places, ...rest };
  const atHand = values.slice();
  const elsewhere = new Map<number, string>();
  const successes = recollection.successes.map((success): RecalledSuccess => {
    const { index, hasValue } = success;
    const place = hasValue ? undefined : places.get(index);
    if (place === undefined) return success;
    const held = place === node ? own!.valueOf(plan.ids[index]!, madeIn[index]!) : undefined;
    if (held) atHand[index] = held;
    else elsewhere.set(index, place);
    return { ...success, hasValue: true, isElsewhere: held === undefined };
  });
  return { recollection: { ...recollection, successes, adopted }, values: atHand, places: elsewhere, ...rest };
}
