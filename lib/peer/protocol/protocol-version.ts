/**
 * The protocol that this version speaks, and no other. It rises whenever a message changes; nodes that share none refuse each other.
 * 2: a node's slots are among its resources, so that an isolation of a user's own needs no change of the protocol.
 * 3: values can be named by one of their parts, and what maps and expansions made by its parts on any nodes.
 * 4: any node can list, look at, watch and cancel runs of any driver; an attempt's end says how long each part of it took;
 *    an attempt carries its place in a trace.
 * 5: a beat says how much of a node's memory its values may fill, and whether the disk is taking some;
 *    values that a node remembers have names; the messages of small functions have terse forms;
 *    attempts may be sent ahead of room, and taken back.
 */
export const PROTOCOL = 5;

/** Returns the protocols of a node in words. */
export const protocolText = (lowest: number, highest: number): string => (lowest === highest ? `${lowest}` : `${lowest} to ${highest}`);
