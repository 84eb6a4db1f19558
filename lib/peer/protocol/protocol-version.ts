/**
 * The protocol that this version speaks, and no other. It rises whenever a message changes; nodes that share none refuse each other.
 * 2: a node's slots are among its resources, so that an isolation of a user's own needs no change of the protocol.
 * 3: values can be named by one of their parts, and what maps and expansions made by its parts on any nodes.
 */
export const PROTOCOL = 3;

/** Returns the protocols of a node in words. */
export const protocolText = (lowest: number, highest: number): string => (lowest === highest ? `${lowest}` : `${lowest} to ${highest}`);
