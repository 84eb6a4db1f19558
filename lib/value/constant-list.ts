/** More arguments than any call takes. A list that another node sends may say that it is longer than memory is. */
const MOST = 1_000_000;

/** Returns constants that were opened. Throws `TypeError` for what is no list of them. */
export function constantList(opened: unknown): readonly unknown[] {
  if (Array.isArray(opened) && opened.length <= MOST) return opened;
  throw new TypeError('Cannot call a function: its constants are no list that a call could take');
}
