// Brain: pure.
import type { WaitDetail } from '../../views/view-types.js';
import { countOf, lackText } from '../format/amounts.js';

/** Why a function waits, as a sentence. What it names is listed beside it. */
export function waitSentence(wait: WaitDetail): string {
  switch (wait.for) {
    case 'producers':
      return wait.producers.length === 0
        ? 'It waits for values that it needs.'
        : `It waits for the ${wait.producers.length === 1 ? 'value' : 'values'} of ${countOf(wait.producers.length, 'function')}.`;
    case 'room':
      return roomSentence(wait);
    case 'delay':
      return 'Its last attempt failed. It rests before the next one.';
    case 'node':
      return 'It waits for the return of a node: only that one may run it.';
    case 'bound':
      return 'It waits for its turn: its map runs as many elements at a time as it may.';
  }
}

/** For a function that only makes more values, while they take more than `valueMemoryMiB`. */
const VALUES_SENTENCE = 'It is ready, and waits for memory for its value: until others have gone to the disk, or are needed no more.';

function roomSentence({ lacking }: WaitDetail): string {
  if (lacking.length === 0) return 'It is ready, and no node in the cluster could run it.';
  const free = lacking.filter((one) => Object.keys(one.lacking).length === 0);
  if (free.length > 0) return `It is ready, and ${free[0]!.node} has room: it is about to start.`;
  if (lacking.every((one) => 'valueMemoryMiB' in one.lacking)) return VALUES_SENTENCE;
  if (lacking.length === 1) return `It is ready. Its only node, ${lacking[0]!.node}, lacks ${lackText(lacking[0]!.lacking)}.`;
  return `It is ready, and none of the ${lacking.length} nodes that could run it has room.`;
}
