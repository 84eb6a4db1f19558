const IN_CALL = 'still blocked in a system call';
const NOT_ENDED = 'goes on, as its';

/** What nothing but a system call can hold up, once it is killed. */
const KILLED = new Set(['thread', 'process']);

/**
 * Returns why the code of a call that was given up goes on, for errors. `what` is that of the `BlockedCall`: a thread or process is blocked
 * in a system call; of another isolation it is only known that it has not ended the code. `ofWhom` lists functions; without it the sentence
 * follows the name of the one.
 */
export function blockedText(what: string, ofWhom?: string): string {
  if (KILLED.has(what)) return `${ofWhom === undefined ? `its ${what}` : `the ${what} of ${ofWhom}`} is ${IN_CALL}`;
  return `${ofWhom === undefined ? 'its code' : `the code of ${ofWhom}`} ${NOT_ENDED} ${what} has not ended it`;
}

/** Returns whether the message of an error has such a text already. */
export const saysBlocked = (message: string): boolean => message.includes(IN_CALL) || message.includes(NOT_ENDED);
