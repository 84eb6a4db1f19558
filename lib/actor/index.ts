// Actor: the ground everything stands on: nact, tamed, with Erlang's supervision.
// In:  handlers, child specifications, a clock and a logger.
// Out: actors and supervisors with exit reasons, fences and questions; groups of short-lived actors; references for other nact actors.

export { type CrashReport, startCrashBoundary } from './actors/crash-boundary.js';
export { spawnNow } from './actors/spawn-actor.js';
export { type ActorGroup, type GroupRef, type MemberExit, type MemberHandler, openGroup } from './group.js';
export { type NactRef, tellNact } from './nact.js';
export * from './public.js';
export { gaveUp, type SupervisionTree, startLimitedChild, supervisionTree } from './supervisors/supervisor.js';
export { whenExited } from './tree/ending.js';
export { closePlainActor, openActorSystem, openPlainActor } from './tree/system.js';
