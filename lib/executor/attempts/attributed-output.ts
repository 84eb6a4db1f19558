import { type AttemptScope, currentScope, type OutputStream } from './current-function.js';

type Stream = NodeJS.WriteStream;
type Callback = (error: Error | null) => void;

/** The methods of a standard stream that functions call, and their replacements. */
type Diversion = {
  readonly [F in 'write' | 'end' | 'cork' | 'uncork' | 'destroy']: (scope: AttemptScope, given: readonly unknown[]) => unknown;
};

let users = 0;
let restore: (() => void) | undefined;

/**
 * From now on, what a function of a DAG writes to the standard streams, with `console` or directly, goes to its scope line by line. All
 * other code writes as before. Returns a function that undoes it. The streams are changed once per thread, however many nodes there are.
 */
export function attributeOutput(): () => void {
  users += 1;
  restore ??= divert();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    users -= 1;
    if (users > 0) return;
    restore?.();
    restore = undefined;
  };
}

function divert(): () => void {
  const undo = [divertStream('stdout'), divertStream('stderr')];
  return () => {
    for (const undone of undo) undone();
  };
}

function divertStream(name: OutputStream): () => void {
  const stream = process[name];
  // The streams belong to the whole process: a function that ends or corks them does so for itself only.
  const diversion: Diversion = {
    write: (scope, given) => {
      take(scope, name, given, true);
      return true;
    },
    end: (scope, given) => {
      take(scope, name, given, false);
      return stream;
    },
    cork: () => undefined,
    uncork: () => undefined,
    destroy: () => stream,
  };
  const undo = Object.entries(diversion).map(([method, instead]) => divertMethod(stream, method as keyof Diversion, instead));
  return () => {
    for (const undone of undo) undone();
  };
}

function divertMethod(stream: Stream, method: keyof Diversion, instead: Diversion[keyof Diversion]): () => void {
  const original = stream[method] as (...given: readonly unknown[]) => unknown;
  const own = Object.getOwnPropertyDescriptor(stream, method);
  const diverted = function (this: unknown, ...given: readonly unknown[]): unknown {
    const scope = currentScope();
    return scope ? instead(scope, given) : Reflect.apply(original, stream, given);
  };
  Object.assign(stream, { [method]: diverted });
  return () => {
    // If other code has replaced the method since, ours stays beneath and passes everything on.
    if ((stream[method] as unknown) !== diverted) return;
    if (own) Object.defineProperty(stream, method, own);
    else Reflect.deleteProperty(stream, method);
  };
}

/** Takes `(chunk, encoding?, callback?)` as a stream does, and throws what a stream throws. */
function take(scope: AttemptScope, name: OutputStream, given: readonly unknown[], isChunkNeeded: boolean): void {
  const callback = given.find((one): one is Callback => typeof one === 'function');
  const [chunk, encoding] = given;
  const isChunk = typeof chunk !== 'function' && (isChunkNeeded || (chunk !== undefined && chunk !== null));
  if (isChunk) scope.write(name, chunkOf(chunk, encoding));
  if (callback) callLater(scope, callback);
}

function chunkOf(chunk: unknown, encoding: unknown): string | Uint8Array {
  if (typeof chunk === 'string') {
    const isText = typeof encoding !== 'string' || /^(utf-?8|buffer)$/i.test(encoding);
    // Throws for an unknown encoding.
    return isText ? chunk : Buffer.from(chunk, encoding as BufferEncoding);
  }
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const received = chunk === null ? 'null' : `type ${typeof chunk}`;
  const message = `The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${received}`;
  throw Object.assign(new TypeError(message), { code: chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE' });
}

/** A callback that is due in the next tick, `times` over. `console` passes the same one each time, perhaps ten million times. */
interface Due {
  readonly scope: AttemptScope;
  readonly callback: Callback;
  times: number;
}

let last: Due | undefined;

function callLater(scope: AttemptScope, callback: Callback): void {
  if (last?.callback === callback && last.scope === scope) {
    last.times += 1;
    return;
  }
  last = { scope, callback, times: 1 };
  process.nextTick(callBack, last);
}

function callBack(due: Due): void {
  if (last === due) last = undefined;
  for (let time = 0; time < due.times; time += 1) due.callback(null);
}
