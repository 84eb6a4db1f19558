import { parentPort, workerData } from 'node:worker_threads';
import { machineTimer, textOf } from '../../base/index.js';
import { isStorageFailed } from '../../files/index.js';
import { type OpenedShelf, openShelf, setShelfAside } from './opened-shelf.js';
import type { RememberedStats } from './remembered-shelf.js';
import type { ShelfAnswer, ShelfBatch, ShelfCall, ShelfNotice, ShelfThreadData } from './shelf-messages.js';

const port = parentPort!;
const data = workerData as ShelfThreadData;

let notices: ShelfNotice[] = [];
const notice = (one: ShelfNotice): void => void notices.push(one);

let opened: OpenedShelf | undefined;
let stats: RememberedStats = { entries: 0, bytes: 0, hits: 0 };

/** The failure that was told last: it is told again only once something was written meanwhile. */
let toldFailure: string | undefined;
const WRITING: ReadonlySet<string> = new Set<ShelfCall['name']>(['remember', 'place', 'clear']);

function failed(error: unknown): undefined {
  const reason = isStorageFailed(error) ? `${error.reason}` : 'bug';
  if (reason !== toldFailure) notice({ message: 'cannot remember results', fields: { reason, cause: textOf(error) } });
  toldFailure = reason;
}

/** Returns the shelf, open. Rejects as `openShelf` does. */
async function theShelf(): Promise<OpenedShelf> {
  opened ??= await openShelf(data, notice);
  return opened;
}

function close(): void {
  const { database } = opened ?? {};
  opened = undefined;
  try {
    database?.close();
  } catch {
    // It is left as after a crash.
  }
}

const nothing = (calls: readonly ShelfCall[]): undefined[] => calls.map(() => undefined);

/**
 * Performs calls. What cannot be done is answered with `undefined`. A database that turns out to be damaged is set aside. While it is not
 * in its place, nothing is found and nothing is remembered: the system writes into a deleted file without an error.
 */
async function perform(calls: readonly ShelfCall[]): Promise<unknown[]> {
  try {
    const shelf = await theShelf();
    shelf.watch.check();
    const answers = performWith(shelf, calls);
    shelf.watch.check();
    return answers;
  } catch (error) {
    if (!isStorageFailed(error, 'damaged') || !opened) return nothing(calls).fill(failed(error));
  }
  close();
  try {
    setShelfAside(data.path, notice);
    return performWith(await theShelf(), calls);
  } catch (error) {
    return nothing(calls).fill(failed(error));
  }
}

/** Performs calls together. If they fail, each is tried for itself. Throws for a damaged database. */
function performWith(shelf: OpenedShelf, calls: readonly ShelfCall[]): unknown[] {
  try {
    const answers = shelf.keeper.perform(calls);
    if (calls.some(({ name }) => WRITING.has(name))) toldFailure = undefined;
    if (calls.some(({ name }) => name === 'clear')) shrink(shelf.database);
    return answers;
  } catch (error) {
    if (isStorageFailed(error, 'damaged')) throw error;
    if (calls.length === 1) return [failed(error)];
    return calls.flatMap((call) => performWith(shelf, [call]));
  }
}

/** Gives the space of a database that was emptied back. */
function shrink({ query }: OpenedShelf['database']): void {
  try {
    query('VACUUM');
    query('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It is used again.
  }
}

/** Uses are written so long after the first of them, ms: many together. */
const USES_WAIT_MS = 100;

let areUsesDue = false;

/** Writes uses between batches. */
function writeUses(): void {
  areUsesDue = false;
  try {
    if (opened?.keeper.hasUses && opened.keeper.writeUses()) setImmediate(writeUses);
  } catch (error) {
    // The next call finds out what to do about it.
    if (!isStorageFailed(error)) throw error;
  }
}

function writeUsesSoon(): void {
  if (areUsesDue || !opened?.keeper.hasUses) return;
  areUsesDue = true;
  machineTimer(USES_WAIT_MS, writeUses);
}

let last: Promise<unknown> = Promise.resolve();

async function answer({ id, calls }: ShelfBatch): Promise<void> {
  const answers = await perform(calls);
  stats = opened?.keeper.stats ?? stats;
  const message: ShelfAnswer = { id, answers, stats, notices };
  notices = [];
  port.postMessage(message);
  writeUsesSoon();
}

/** One batch after the other. */
port.on('message', (batch: ShelfBatch | 'close') => {
  last = last.then(async () => {
    if (batch !== 'close') return answer(batch);
    while (opened?.keeper.hasUses) writeUsesOrGiveUp();
    close();
    port.close();
  });
});

function writeUsesOrGiveUp(): void {
  try {
    opened?.keeper.writeUses();
  } catch {
    close();
  }
}
