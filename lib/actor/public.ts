// The public names of the station: what `handoff-dag/supervisor` is.
export { ask } from './actors/ask.js';
export { spawnActor } from './actors/spawn-actor.js';
export { tell } from './actors/tell.js';
export type {
  ActorContext,
  ActorRef,
  ActorSystem,
  ChildInfo,
  ChildRef,
  ChildSpec,
  ExitReason,
  Handler,
  Parent,
  Restart,
  Shutdown,
  Supervisor,
  SupervisorOptions,
  SupervisorScope,
} from './contract.js';
export { startSupervisor } from './supervisors/supervisor.js';
export { exited, kill } from './tree/ending.js';
export { startActorSystem } from './tree/system.js';
