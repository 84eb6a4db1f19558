// Base: the words that every station uses.
// In:  nothing; it imports no other station.
// Out: errors, ids, clocks, loggers.
export { AgingMap } from './aging-map.js';
export { afterAttentive } from './attentive-timer.js';
export { type CallSite, callSite, withCallSite } from './call-site.js';
export { checkedFlag } from './checked-flag.js';
export { checkedNumber, type NumberBounds } from './checked-number.js';
export { type Clock, keepAlive, machineTimer, systemClock, type Timer } from './clock.js';
export {
  type DagFault,
  ERROR_CODES,
  HandoffError,
  type HandoffErrorCode,
  type HandoffErrorFields,
  NonRetryableError,
} from './errors.js';
export { givenObject, isPlainObject, refuseRevoked } from './given-object.js';
export { newDagId, newId, newRunId, type RunId, replaceIds } from './ids.js';
export { keepNewest } from './keep-newest.js';
export { lazyPackage } from './lazy-package.js';
export { isSource, LIB_FOLDER } from './lib-folder.js';
export { defaultLogger, guardedLogger, type Logger, type NodeLogger, silentLogger } from './log.js';
export type { LogState } from './log-writer.js';
export { isWellFormed, nameFault, refuseWrongName } from './name-fault.js';
export { onAbort } from './on-abort.js';
export { PassingMap } from './passing-map.js';
export { peerAddress, schemeOf } from './peer-address.js';
export { makeRoom, type NumberColumn, withRoom } from './room.js';
export { reservedFault, slotOfResource, slotResource, withoutSlots } from './slot-resources.js';
export { callSafely, entriesOf, isError, isThenable, readSafely, safeThrown, shortened, textOf } from './thrown.js';
export { Trampoline } from './trampoline.js';
export {
  andThen,
  atOnce,
  doAtOnce,
  doInTurns,
  doNowOrInTurns,
  doUnattended,
  inSteps,
  type RestOfWork,
  restAfter,
  resultInSteps,
  type StepwiseWork,
  wholeTurn,
} from './turns.js';
