import { currentScope, type OutputStream } from './current-function.js';

type Write = NodeJS.WriteStream['write'];

let users = 0;
let restore: (() => void) | undefined;

/**
 * From now on, what a function of a DAG writes to the standard streams, with `console` or directly, goes to its scope, line by line;
 * everybody else writes as before. Answers how to undo it. The streams are changed once per thread, however many nodes ask.
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
  const original = stream.write;
  const own = Object.getOwnPropertyDescriptor(stream, 'write');
  const diverted = function (this: unknown, ...given: Parameters<Write>): boolean {
    const scope = currentScope();
    if (!scope) return Reflect.apply(original, stream, given);
    const [chunk, encoding, callback] = given as [string | Uint8Array, unknown, unknown];
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8');
    scope.write(name, text);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  } as Write;
  stream.write = diverted;
  return () => {
    // Somebody else may have changed the stream after us: then ours stays beneath, and passes everything on.
    if (stream.write !== diverted) return;
    if (own) Object.defineProperty(stream, 'write', own);
    else Reflect.deleteProperty(stream, 'write');
  };
}
