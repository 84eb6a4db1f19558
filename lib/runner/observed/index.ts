// What a browser may load of the runner: it imports nothing but types.

export { ATTEMPT_OUTCOMES } from './attempt-history.js';
export { groupNameOf, isInGroup } from './group-name.js';
