const sameDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const otherDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The time of day, in the reader's own language and zone; with its date unless that is today's. */
export function wallText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (Number.isNaN(at.getTime())) return '–';
  return (at.toDateString() === new Date(nowMs).toDateString() ? sameDay : otherDay).format(at);
}
