// The public names of the station: what `handoff-dag/supervisor` is.
export { ask } from './ask.js';
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
export { exited, kill } from './ending.js';
export { spawnActor } from './spawn-actor.js';
export { startSupervisor } from './supervisor.js';
export { startActorSystem } from './system.js';
export { tell } from './tell.js';
