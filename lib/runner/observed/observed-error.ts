import { isError, readSafely, shortened, textOf } from '../../base/index.js';
import type { ObservedError } from './observed-run.js';

/** How many characters are kept of a message and of a stack, and how many causes. */
const MESSAGE_CHARACTERS = 10_000;
const STACK_CHARACTERS = 10_000;
const CAUSES = 10;

/** Without its stack, an error is kept with so many characters of its message, and with its nearest cause. */
const SHORT_CHARACTERS = 1000;

/**
 * Returns what was thrown as text, with its stack and its nearest causes; each bounded. `isShort`: without stacks, and shorter. Never
 * throws.
 */
export function observedErrorOf(thrown: unknown, isShort = false): ObservedError {
  const chain: unknown[] = [];
  for (let one = thrown; one !== undefined && chain.length < (isShort ? 2 : CAUSES) && !chain.includes(one); ) {
    chain.push(one);
    one = isError(one) ? readSafely(one, 'cause') : undefined;
  }
  let error: ObservedError | undefined;
  for (const one of chain.reverse()) error = { ...oneError(one, isShort), ...(error && { cause: error }) };
  return error ?? oneError(thrown, isShort);
}

function oneError(thrown: unknown, isShort: boolean): ObservedError {
  if (!isError(thrown)) return { name: 'Thrown', message: shortened(textOf(thrown), isShort ? SHORT_CHARACTERS : MESSAGE_CHARACTERS) };
  const [name, code, message] = [readSafely(thrown, 'name'), readSafely(thrown, 'code'), readSafely(thrown, 'message')];
  // Reading a stack formats it, which takes longer than all else.
  const stack = isShort ? undefined : readSafely(thrown, 'stack');
  return {
    name: shortened(typeof name === 'string' && name !== '' ? name : 'Error', 200),
    ...(typeof code === 'string' && { code: shortened(code, 200) }),
    message: shortened(typeof message === 'string' ? message : '', isShort ? SHORT_CHARACTERS : MESSAGE_CHARACTERS),
    ...(typeof stack === 'string' && { stack: shortened(stack, STACK_CHARACTERS) }),
  };
}
