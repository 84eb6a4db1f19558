import type { Clock, Logger } from '../../base/index.js';
import type { RanCode } from '../../executor/index.js';
import { LimitedWork } from '../../files/index.js';
import { type RememberedFile, type RememberedShelf, SingleFlight } from '../../journal/index.js';
import type { ValueName } from '../../peer/index.js';
import { type RememberedPlace, type ValueOfRun, writeLarge } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';
import type { ClusterQuestions } from '../cluster/cluster-questions.js';
import { RememberedElsewhere } from '../cluster/remembered-elsewhere.js';
import type { SameCode } from './same-code.js';

/** How many large values are written at once for the runs of this node, and as many for those of others. */
const WRITTEN_AT_ONCE = 2;

/** How many files of hits are read at once to check them. */
const CHECKED_AT_ONCE = 4;

/** How long a node that is about to end waits for what is being remembered, ms. */
const SETTLED_MS = 5000;

/** Returns what remembers the results of a node's functions on this shelf. */
export function rememberedPlace(shelf: RememberedShelf, { node, ranCode, sameCode, cluster, digestOf }: RememberingNode): RememberedPlace {
  const elsewhere = new RememberedElsewhere({
    folders: () => cluster().folders(),
    haveRemembered: (name, files) => cluster().haveRemembered(name, files),
  });
  return {
    shelf,
    flights: new SingleFlight(),
    underWay: new Set(),
    writing: new LimitedWork(WRITTEN_AT_ONCE),
    checking: new LimitedWork(CHECKED_AT_ONCE),
    contentOf: async (module) => (await ranCode.contents.contentOf(module)).digest,
    isSameCode: (modules, on) => sameCode.isOn(on, modules),
    // It is not in this node's store, but may be in a file of its folder.
    digestElsewhere: (value) => (value.from === node ? digestOf(value.value) : cluster().takeDigest(value)),
    holderOf: (file) => elsewhere.holderOf(file),
    writeAt: (name, of) => cluster().rememberValue(name, of),
  };
}

/** Resolves when everything that was being remembered is, or cannot be, after five seconds at most; what is dropped then is logged. */
export async function settled({ underWay }: RememberedPlace, clock: Clock, logger: Logger): Promise<void> {
  if (underWay.size === 0) return;
  await new Promise<void>((resolve) => {
    const timer = clock.after(SETTLED_MS, () => {
      logger.warn({ dropped: underWay.size }, 'results were not remembered: the node stopped before they were written');
      resolve();
    });
    void Promise.all(underWay).then(() => {
      timer.cancel();
      resolve();
    });
  });
}

/**
 * Writes a large value that this node has made for another driver. Resolves to its file, or to `undefined`: there is no folder, no room for
 * it, or the value is gone. Never rejects.
 */
export async function rememberForOther(
  { runId, epoch, functionId }: ValueOfRun,
  shelf: RememberedShelf | undefined,
  store: ValueStore,
): Promise<RememberedFile | undefined> {
  const held = store.get(runId, functionId, epoch);
  if (!held || !shelf) return undefined;
  try {
    return await writeLarge(held, (parts) => shelf.writeFile(parts, true), { writing: writingForOthers, store });
  } catch {
    return undefined;
  }
}

/** Nodes of one process write few at once together, as they share the thread for files. */
const writingForOthers = new LimitedWork(WRITTEN_AT_ONCE);

/** The parts of a node that remembering needs. */
interface RememberingNode {
  readonly ranCode: RanCode;
  readonly sameCode: SameCode;
  readonly cluster: () => ClusterQuestions;
  readonly node: string;
  /** Takes the digest of a value that this node has, in memory or in a file. */
  readonly digestOf: (value: ValueName) => Promise<string | undefined>;
}
