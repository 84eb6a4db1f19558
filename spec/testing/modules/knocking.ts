import { connect } from 'node:net';

/** Knocks at the door of a spec, from whatever process, and waits until it is opened; gives `value` then. */
export function knock<T>(port: number, name: string, value: T): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${JSON.stringify({ name, pid: process.pid })}\n`));
    socket.once('data', () => {
      socket.end();
      resolve(value);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the door was taken away')));
  });
}

/** The same, for a function with an argument. */
export const knockAfter = (_before: unknown, port: number, name: string): Promise<string> => knock(port, name, `${name} is done`);

export const pid = (): number => process.pid;

export const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(7);

export const length = (value: Uint8Array): number => value.length;

export const fail = (message: string): never => {
  throw new Error(message);
};
