import { defaultLimitBytes } from '../../allocator/index.js';
import { checkedFlag, checkedNumber } from '../../base/index.js';

/** The checked options of a node that say how much of its values lies where. */
export interface ValueOptions {
  /** How much of the values stays in memory. `undefined`: half of the registered `memory`. */
  readonly valueMemoryMiB: number | undefined;
  /** The memory that counts for a node that registers none: that of the machine, or the limit of its container. */
  readonly machineMiB: number;
  readonly spill: boolean;
  /** The most that values may take on the disk. `undefined`: a part of what is free there at the start. */
  readonly spillMiB: number | undefined;
  /** The most that remembered results may take. */
  readonly cacheMiB: number;
}

const DEFAULT_CACHE_MIB = 1024;
const MIB = 2 ** 20;

/** Throws `TypeError` or `RangeError` naming the wrong option. */
export function checkedValueOptions(options: Readonly<Record<string, unknown>>, machineMiB: number): ValueOptions {
  const given = (name: 'valueMemoryMiB' | 'spillMiB'): number | undefined =>
    options[name] === undefined ? undefined : checkedNumber(name, options[name], { or: 0 });
  return {
    valueMemoryMiB: given('valueMemoryMiB'),
    machineMiB,
    spill: checkedFlag('spill', options.spill, true),
    spillMiB: given('spillMiB'),
    cacheMiB: checkedNumber('cacheMiB', options.cacheMiB, { or: DEFAULT_CACHE_MIB }),
  };
}

/** Returns how many bytes of values may be in the memory of a node, which has registered so many MiB if it has. */
export const valueLimitBytes = ({ valueMemoryMiB, machineMiB }: ValueOptions, memoryMiB: number | undefined): number =>
  valueMemoryMiB === undefined ? defaultLimitBytes(memoryMiB ?? machineMiB) : valueMemoryMiB * MIB;
