import { terminalName } from './terminal-text.js';

/** The name under which it is said that memory for values is lacked. */
export const VALUE_MEMORY = 'valueMemoryMiB';

/** Returns how much of a resource is lacked, for a person. */
export function lackedText(name: string, amount: number): string {
  const number = Number(amount.toFixed(3));
  if (name === VALUE_MEMORY) return `${number} MiB of memory for values`;
  return `${number}${name === 'memory' ? ' MiB of' : ''} ${terminalName(name)}`;
}
