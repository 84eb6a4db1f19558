import { type DurablePlace, noJournal } from '../../runner/index.js';
import { openSpillDisk, type SpillDisk } from '../../store/index.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import { openDurablePlace } from './durable-place.js';
import type { Environment } from './environment.js';

const MIB = 2 ** 20;

/** What a node has beside its memory. */
export interface NodeStorage {
  /** Where durable runs are recorded; `undefined` where the node's options name no place. */
  readonly durable: DurablePlace | undefined;
  /** Takes the values that the memory has no room for; `undefined` where the node's options say that nothing does. */
  readonly disk: SpillDisk | undefined;
}

/** Opens the storage of a node. Rejects as `openDurablePlace` does, and with `TypeError` if the node is to resume runs without a place. */
export async function openStorage(options: CheckedNodeOptions, environment: Environment): Promise<NodeStorage> {
  const durable = await openDurablePlace(options, environment);
  if (options.resume && !durable) throw noJournal('resume');
  return { durable, disk: await openDisk(options, environment) };
}

/** The `dataDir`, if there is one, is this node's already. */
async function openDisk(
  { values, dataDir, logger }: CheckedNodeOptions,
  { openDisk: open, clock }: Environment,
): Promise<SpillDisk | undefined> {
  const { spill, spillMiB } = values;
  if (!spill) return undefined;
  const limitBytes = spillMiB === undefined ? undefined : Math.floor(spillMiB * MIB);
  return open ? open(limitBytes) : openSpillDisk({ dataDirPath: dataDir, limitBytes, logger, clock });
}
