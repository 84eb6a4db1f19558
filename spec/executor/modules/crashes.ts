// What only a process of its own can survive, and what it starts.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';

export const abort = (): never => process.abort();
export const endItself = (signal: NodeJS.Signals): Promise<never> => {
  process.kill(process.pid, signal);
  return new Promise(() => {});
};
export const exhaust = (): never => {
  const held: number[] = [];
  for (;;) held.push(0);
};
export const leaveAbort = (): string => {
  setTimeout(() => process.abort(), 1);
  return 'left';
};
export const outlast = async (): Promise<string> => {
  console.log('outlasting');
  await new Promise((resolve) => setTimeout(resolve, 300));
  return 'outlasted';
};

const sleepAside = (): number => spawn('sleep', ['1000'], { stdio: 'ignore' }).pid!;
const tellPids = (): void => console.log(`${process.pid} ${sleepAside()}`);

/** Tells its process and that of a program which it started, and blocks in a system call. */
export const block = (): void => {
  tellPids();
  execFileSync('sleep', ['1000']);
};
/** The same, and never ends. */
export const spin = (): never => {
  tellPids();
  for (;;);
};
/** The same, and ends when it is told to; what it started does not. */
export const untilAborted = (): Promise<void> =>
  new Promise((resolve) => {
    tellPids();
    currentFunction().signal.addEventListener('abort', () => resolve());
  });
export const abortAfterStart = (): never => {
  tellPids();
  return process.abort();
};

export const visible = (): unknown => {
  const { send, channel, disconnect, connected, argv, env } = process as NodeJS.Process & { readonly channel?: unknown };
  return [
    typeof send,
    typeof channel,
    typeof disconnect,
    typeof connected,
    argv.length,
    process.listenerCount('message'),
    env.HANDOFF_COOKIE,
  ];
};
export const closeWay = (): string => {
  closeSync(4);
  return 'closed';
};
export const writeNoise = (): Promise<never> => {
  writeSync(4, 'noise that is no frame');
  return new Promise(() => {});
};
export const printPast = (): void => {
  console.log('by itself');
  execFileSync('echo', ['by a program'], { stdio: 'inherit' });
};
export const writeMuch = (lines: number): number => {
  for (let line = 0; line < lines; line += 1) console.log(`line ${line}`);
  return process.abort();
};
export const same = (value: unknown): unknown => value;
export const isBuffer = (value: unknown): boolean => Buffer.isBuffer(value);
export const bytes = (sizeBytes: number): Buffer => Buffer.alloc(sizeBytes, 7);
export const nothing = (): undefined => undefined;
