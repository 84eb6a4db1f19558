// Brain: pure.
import type { FunctionRow, RunHeader } from '../../views/view-types.js';
import { countText } from '../format/amounts.js';

type Source = NonNullable<FunctionRow['source']>;

/** Where the result of a function is from that did not run, in a word. */
export const SOURCE_WORDS: Readonly<Record<Source, string>> = { journal: 'recorded', cache: 'remembered' };

/** The same as a sentence. */
export const SOURCE_SENTENCES: Readonly<Record<Source, string>> = {
  journal: 'It did not run: an earlier run of this key had made its result.',
  cache: 'It did not run: its result was remembered.',
};

/** How many functions of a run did not have to run, and why: "37 of 40 did not run (remembered)"; nothing if all ran. */
export function notRunWords({ notRun, progress: { total } }: Pick<RunHeader, 'notRun' | 'progress'>): string | undefined {
  if (!notRun) return undefined;
  const { cache, journal } = notRun;
  const isOne = cache === 0 || journal === 0;
  const word = (count: number, source: Source): string => (isOne ? SOURCE_WORDS[source] : `${countText(count)} ${SOURCE_WORDS[source]}`);
  const words = [...(cache > 0 ? [word(cache, 'cache')] : []), ...(journal > 0 ? [word(journal, 'journal')] : [])];
  return `${countText(cache + journal)} of ${countText(total)} did not run (${words.join(', ')})`;
}
