import type { NodeUse } from '../../lib/index.js';

/** What a node holds that has no values. */
export const NO_VALUES: NodeUse['values'] = {
  memoryBytes: 0,
  memoryLimitBytes: 0,
  diskBytes: 0,
  rememberedBytes: 0,
  rememberedResults: 0,
  rememberedHits: 0,
};
