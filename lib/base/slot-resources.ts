/** What the names of resources begin with that stand for slots. Users cannot name a resource so. */
const PREFIX = 'slot:';

/** Returns the resource that stands for the slots of that name, in what nodes tell of themselves. */
export const slotResource = (slot: string): string => `${PREFIX}${slot}`;

/** Returns the slots that a resource stands for, or `undefined` for a resource of the users. */
export const slotOfResource = (resource: string): string | undefined =>
  resource.startsWith(PREFIX) ? resource.slice(PREFIX.length) : undefined;

/** Returns the resources of the users alone, as `[name, amount]`. */
export const withoutSlots = <E extends readonly [string, number]>(resources: readonly E[]): E[] =>
  resources.filter(([name]) => slotOfResource(name) === undefined);

/** Returns why a user cannot name a resource so, for a message that names it before; `undefined` if the name is free. */
export const reservedFault = (resource: string): string | undefined =>
  slotOfResource(resource) === undefined ? undefined : `begins with "${PREFIX}", as the names of slots do`;
