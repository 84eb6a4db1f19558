// Brain: pure.
import type { ExitReason, Restart, SupervisorOptions } from '../contract.js';

type Strategy = NonNullable<SupervisorOptions['strategy']>;
type AutoShutdown = NonNullable<SupervisorOptions['autoShutdown']>;

/** Whether an exit is clean. Source: OTP, `normal` and `shutdown`. */
export const isClean = (reason: ExitReason): boolean => reason === 'normal' || reason === 'shutdown';

/**
 * Returns what happens to a child that ended by itself: it is restarted, kept as a stopped specification, or removed, as temporary ones
 * are. Source: OTP `supervisor`, `do_restart`.
 */
export function afterExit(restart: Restart, reason: ExitReason): 'restart' | 'keep' | 'forget' {
  if (restart === 'temporary') return 'forget';
  return restart === 'transient' && isClean(reason) ? 'keep' : 'restart';
}

/** The children of one restart: `stop` in this order, then remove those in `forget`, then `start` in this order. */
export interface RestartPlan {
  readonly stop: readonly string[];
  readonly forget: readonly string[];
  readonly start: readonly string[];
}

/**
 * Plans the restart of the child `id`. One-for-one starts that child; rest-for-one also takes those behind it, one-for-all takes all. They
 * are stopped in reverse order and started in order, including those that were stopped before. Temporary ones taken along are removed.
 * Source: OTP `supervisor`, `restart/3` and `restart_multiple_children`.
 */
export function restartPlan(strategy: Strategy, children: Iterable<ChildState>, id: string): RestartPlan {
  if (strategy === 'one-for-one') return { stop: [], forget: [], start: [id] };
  const all = [...children];
  const along = strategy === 'one-for-all' ? all : all.slice(all.findIndex((child) => child.id === id));
  const others = along.filter((child) => child.id !== id);
  return {
    stop: others.map((child) => child.id).reverse(),
    forget: others.filter((child) => child.restart === 'temporary').map((child) => child.id),
    start: along.filter((child) => child.id === id || child.restart !== 'temporary').map((child) => child.id),
  };
}

/**
 * Whether the supervisor shuts itself down after `ended`, a child that ended by itself and is not restarted. `left` are the present
 * children; one that is restarting counts as present. Source: OTP `supervisor`, `do_auto_shutdown`.
 */
export function endsSupervisor(mode: AutoShutdown, ended: ChildState, left: Iterable<ChildState>): boolean {
  if (mode === 'never' || !ended.significant) return false;
  if (mode === 'any-significant') return true;
  for (const child of left) if (child.significant && child.id !== ended.id && child.state !== 'stopped') return false;
  return true;
}

/** One child in the list, as far as a supervisor's decisions need it. */
export interface ChildState {
  readonly id: string;
  readonly restart: Restart;
  readonly significant: boolean;
  readonly state: 'running' | 'stopped' | 'restarting';
}
