import { currentScope } from './current-function.js';

/**
 * From now on, an error that nothing caught goes to the DAG's function whose code it comes from; the async context identifies it. If the
 * attempt still runs, it fails with the error; else the error is logged as that function's. All others go to `onOther`: Node's own rule is
 * then to end the process. Returns a function that undoes it.
 *
 * For programs that run functions on their own event loop and must outlive them: it installs handlers for the whole process. `handoff node`
 * and `handoff run` do so. Worker threads do not need it.
 */
export function blameFunctions(onOther: StrayListener): () => void {
  const onStray: StrayListener = (error, origin) => {
    const scope = currentScope();
    if (scope) scope.strayed(error, howOf(origin));
    else onOther(error, origin);
  };
  return hearStrays(onStray);
}

/** Calls `onStray` once for each error that nothing caught, in the async context that it comes from. Returns a function that undoes it. */
export function hearStrays(onStray: StrayListener): () => void {
  const onRejection = (reason: unknown): void => onStray(reason, 'unhandledRejection');
  const onException: StrayListener = (error, origin) => {
    // With `--unhandled-rejections=strict` the error comes twice.
    const comesAgain = origin === 'unhandledRejection' && process.listenerCount('unhandledRejection') > 0;
    if (!comesAgain) onStray(error, origin);
  };
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  const undo = keepMicrotasksInScope((error) => onStray(error, 'uncaughtException'));
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
    undo();
  };
}

/** Says how an error came, for a log. */
export const howOf = (origin: NodeJS.UncaughtExceptionOrigin): string =>
  origin === 'unhandledRejection' ? 'a promise was rejected' : 'an error was thrown';

/**
 * Node has left the async context when it reports an error thrown in a callback of `queueMicrotask`. So errors of functions there go to
 * `onStray` from within the context. Returns a function that undoes it.
 */
function keepMicrotasksInScope(onStray: (error: unknown) => void): () => void {
  const original = globalThis.queueMicrotask;
  const scoped = (callback: () => void): void => {
    if (typeof callback !== 'function' || !currentScope()) return original(callback);
    return original(() => {
      try {
        callback();
      } catch (error) {
        onStray(error);
      }
    });
  };
  globalThis.queueMicrotask = scoped;
  return () => {
    if (globalThis.queueMicrotask === scoped) globalThis.queueMicrotask = original;
  };
}

/** Receives an error that nothing caught, and how it came. */
export type StrayListener = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => void;
