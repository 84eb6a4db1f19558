import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { textOf } from '../base/index.js';
import { countShared } from '../value/index.js';
import type { FileAnswer, FileCall, PieceBundle } from './file-messages.js';
import type { FileLoss, FilePlace, FileStamp } from './file-place.js';
import { FileReading } from './read-file.js';
import { FILE_MODE, FileWriting } from './write-file.js';

/** From this size on the system reads or writes while the thread takes the digest, and others get their turn meanwhile, bytes. */
const LARGE_BYTES = 1 << 20;
/** After so many bytes in small pieces it is the turn of other calls. */
const STEP_BYTES = 1 << 20;

const port = parentPort!;
/** Files that have several values, while they are written. */
const open = new Map<string, number>();
/** What is being written, by its number. The bundles of one value go in order. */
const writings = new Map<number, OpenWriting>();
const readers = new Map<number, FileReading>();

interface OpenWriting {
  readonly file: FileWriting;
  readonly isSynced: boolean;
  /** Its last bundle. */
  last: Promise<unknown>;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function answer(message: FileAnswer): void {
  const own = message.type === 'done' && message.value instanceof Uint8Array && message.value.buffer instanceof ArrayBuffer;
  countAnswered();
  port.postMessage(message, own ? [(message.value as Uint8Array<ArrayBuffer>).buffer] : []);
}

/** Counts shared memory that came here: of a large value when it can be collected, as it stays as long as this thread has not. */
function count(bytes: number): void {
  if (bytes < LARGE_BYTES) countShared(bytes);
  else counted += bytes;
}

/** Bytes of large values that are counted when the call is answered. */
let counted = 0;

function countAnswered(): void {
  if (counted === 0) return;
  const bytes = counted;
  counted = 0;
  // By then nothing refers to the call any more.
  setImmediate(() => countShared(bytes));
}

async function addPieces(writing: FileWriting, pieces: readonly Uint8Array[]): Promise<void> {
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.buffer instanceof SharedArrayBuffer) count(piece.length);
    if (piece.length >= LARGE_BYTES) {
      await writing.addLarge(piece);
      continue;
    }
    if (bytes >= STEP_BYTES) {
      await nextTurn();
      bytes = 0;
    }
    writing.add(piece);
    bytes += piece.length;
  }
}

function begin({ path, at, kind }: Extract<FileCall, { type: 'write' }>): FileWriting {
  if (at === undefined) return FileWriting.open(path, kind);
  let file = open.get(path);
  if (file === undefined) {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
    open.set(path, file);
  }
  return FileWriting.into(path, file, at, kind);
}

function write(call: Extract<FileCall, { type: 'write' }>): Promise<FileStamp | undefined> {
  const writing = { file: begin(call), isSynced: call.isSynced, last: Promise.resolve() };
  if (!call.isWhole) writings.set(call.writing, writing);
  return addBundle(writing, call);
}

function writeOn(call: Extract<FileCall, { type: 'write-on' }>): Promise<FileStamp | undefined> {
  const writing = writings.get(call.writing);
  if (!writing) throw new Error('a bundle before it could not be written');
  return writing.last.then(() => addBundle(writing, call));
}

function addBundle(writing: OpenWriting, { writing: id, pieces, isWhole }: PieceBundle): Promise<FileStamp | undefined> {
  const added = addPieces(writing.file, pieces).then(
    () => {
      if (!isWhole) return undefined;
      writings.delete(id);
      return finish(writing);
    },
    (error) => {
      writings.delete(id);
      writing.file.abort();
      throw error;
    },
  );
  writing.last = added.catch(() => {
    throw new Error('a bundle before it could not be written');
  });
  writing.last.catch(() => {});
  return added;
}

/** A sync may take long, so it does not block the thread. */
async function finish({ file, isSynced }: OpenWriting): Promise<FileStamp> {
  try {
    if (isSynced) await file.sync();
    return file.finish();
  } catch (error) {
    file.abort();
    throw error;
  }
}

function stopWriting(id: number): void {
  const writing = writings.get(id);
  writings.delete(id);
  writing?.last.then(
    () => writing.file.abort(),
    () => {},
  );
}

async function readAll(place: FilePlace, into: Uint8Array | undefined): Promise<Uint8Array | FileLoss | undefined> {
  if (into) count(into.length);
  const reading = FileReading.open(place);
  if (typeof reading === 'string') return reading;
  try {
    const bytes = into ?? new Uint8Array(place.sizeBytes);
    const loss = bytes.length >= LARGE_BYTES ? await reading.readLarge(bytes) : reading.readInto(bytes);
    return loss ?? (into ? undefined : bytes);
  } finally {
    reading.close();
  }
}

function readOn(id: number, place: FilePlace, mostBytes: number): Uint8Array | FileLoss {
  const reading = readers.get(id) ?? FileReading.open(place);
  if (typeof reading === 'string') return reading;
  readers.set(id, reading);
  const bytes = new Uint8Array(Math.min(mostBytes, place.sizeBytes - reading.readBytes));
  let loss: FileLoss | undefined;
  try {
    loss = reading.readInto(bytes);
    return loss ?? bytes;
  } catch (error) {
    loss = 'damaged';
    throw error;
  } finally {
    if (loss || reading.readBytes === place.sizeBytes) closeReader(id);
  }
}

function closeReader(id: number): void {
  readers.get(id)?.close();
  readers.delete(id);
}

function endFile(path: string): void {
  const file = open.get(path);
  open.delete(path);
  if (file !== undefined) closeSync(file);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function perform(call: Extract<FileCall, { id: number }>): Promise<FileStamp | Uint8Array | FileLoss | undefined> {
  switch (call.type) {
    case 'write':
      return write(call);
    case 'write-on':
      return writeOn(call);
    case 'read':
      return readAll(call.place, call.into);
    case 'read-on':
      return readOn(call.reader, call.place, call.mostBytes);
    case 'remove':
      return void remove(call.path);
  }
}

port.on('message', (call: FileCall) => {
  switch (call.type) {
    case 'end-file':
      return endFile(call.path);
    case 'close-reader':
      return closeReader(call.reader);
    case 'stop-writing':
      return stopWriting(call.writing);
  }
  const { id } = call;
  perform(call).then(
    (value) => answer({ type: 'done', id, value }),
    (error) => answer({ type: 'failed', id, code: `${(error as NodeJS.ErrnoException).code ?? ''}`, message: textOf(error) }),
  );
});
