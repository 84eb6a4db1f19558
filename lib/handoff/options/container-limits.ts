import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Returns the text of a file, or `undefined` if there is none. */
export type ReadText = (path: string) => string | undefined;

const MOUNT = '/sys/fs/cgroup';
const MIB = 2 ** 20;

/**
 * Returns how many CPUs the cgroups of this process may use, as a fraction: the smallest quota of its own cgroup and all above it, in
 * version 2 (`cpu.max`) or 1 (`cpu.cfs_quota_us`). `Infinity` if there is no quota, or there are no cgroups. Source: the kernel's
 * documentation, admin-guide/cgroup-v2, "CPU".
 */
export function cpuQuota(read: ReadText): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '')
      least = Math.min(
        least,
        leastQuota(MOUNT, path, (folder) => quotaOf(read(`${folder}/cpu.max`))),
      );
    else if (controllers.split(',').includes('cpu')) {
      // Some systems mount it under both names; either works.
      for (const mount of new Set([`${MOUNT}/${controllers}`, `${MOUNT}/cpu`])) {
        const quota = (folder: string): number => quotaOf(`${read(`${folder}/cpu.cfs_quota_us`)} ${read(`${folder}/cpu.cfs_period_us`)}`);
        least = Math.min(least, leastQuota(mount, path, quota));
      }
    }
  }
  return least;
}

/** Searches from the process's own cgroup up to the mount. In a container the path may be the host's, and only the mount itself exists. */
function leastQuota(mount: string, path: string, quota: (folder: string) => number): number {
  const names = path.split('/').filter((name) => name !== '');
  let least = Number.POSITIVE_INFINITY;
  for (let depth = names.length; depth >= 0; depth -= 1) {
    least = Math.min(least, quota([mount, ...names.slice(0, depth)].join('/')));
  }
  return least;
}

/** Reads `quota period`, both in µs. Any other text, `max` and -1 mean no quota. */
function quotaOf(text: string | undefined): number {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec((text ?? '').replaceAll('\n', '')) ?? [];
  const cpus = Number(quota) / Number(period);
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}

/**
 * Returns the default CPUs of a node: the available parallelism, or the container's quota if that is less, but at least 1, as functions ask
 * for 1.
 */
export function defaultCpu(parallelism: number, quota: number): number {
  return Math.max(1, Math.min(parallelism, Math.round(quota * 1000) / 1000));
}

/**
 * Returns the default MiB of a node: the machine's, or the container's limit if that is less. Both arguments are in bytes; a limit of 0
 * means none.
 */
export function defaultMemoryMiB(machineBytes: number, limitBytes: number): number {
  return Math.floor((limitBytes > 0 ? Math.min(machineBytes, limitBytes) : machineBytes) / MIB);
}

/** Returns the default capabilities of a node in this process: those of the machine, or of its container. */
export function defaultCapabilities(): { readonly cpu: number; readonly memory: number } {
  return { cpu: defaultCpu(availableParallelism(), cpuQuota(readText)), memory: defaultMemoryMiB(totalmem(), process.constrainedMemory()) };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
