// A module that takes the thread it runs in for its own: it sends at once, listens, and closes what it finds.
import * as threads from 'node:worker_threads';
import { MessagePort } from 'node:worker_threads';

const { parentPort, workerData, isMainThread } = threads;
/** What has come on the public port. */
const heard: unknown[] = [];
if (!isMainThread) {
  parentPort!.on('message', (message) => heard.push(message));
  for (const message of ['ready', null, { type: 'line', key: 1 }, { type: 'succeeded', key: 1, values: [666], tookMs: 1 }, () => 1]) {
    try {
      parentPort!.postMessage(message);
    } catch {
      // A function is no message.
    }
  }
}

export const forge = (): string => {
  const answer = { type: 'succeeded', values: [666], tookMs: 1, lines: 0 };
  for (let key = 0; key < 100; key += 1) parentPort!.postMessage({ ...answer, key });
  for (const name of ['run', 'handoff', String(threads.threadId)]) {
    const channel = new BroadcastChannel(name);
    channel.postMessage({ type: 'abort', key: 1 });
    channel.close();
  }
  return 'mine';
};
export const overheard = (): unknown => ({ heard, data: workerData, now: threads.workerData });
export const closePort = (): string => {
  parentPort!.removeAllListeners();
  parentPort!.close();
  return 'closed';
};
/** What of the engine's own can be found among the open handles is used as a port. */
export const useFoundPorts = (messages: readonly unknown[]): number => {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const ports = handles.filter((handle) => handle instanceof MessagePort) as unknown as MessagePort[];
  for (const port of ports) for (const message of messages) port.postMessage(message);
  return ports.length;
};
/** All ports that can be found, the engine's among them, are closed. */
export const closeFoundPorts = async (): Promise<number> => {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const ports = handles.filter((handle) => handle instanceof MessagePort) as unknown as MessagePort[];
  for (const port of ports) port.close();
  setInterval(() => {}, 1000);
  await new Promise((resolve) => setImmediate(resolve));
  return ports.length;
};
export const changeMessagePort = (): string => {
  MessagePort.prototype.postMessage = () => {
    throw new Error('changed');
  };
  return 'changed';
};
export const changeThen = (): string => {
  Promise.prototype.then = () => {
    throw new Error('changed');
  };
  return 'changed';
};
export const removeListeners = (): string => {
  process.removeAllListeners('uncaughtException');
  process.removeAllListeners('unhandledRejection');
  return 'removed';
};
export const emitError = (): Promise<never> =>
  new Promise(() => {
    process.emit('uncaughtException', new RangeError('emitted'));
  });
export const ownListener = (): Promise<string> =>
  new Promise((resolve) => {
    process.on('uncaughtException', () => resolve('not mine'));
    setImmediate(() => {
      throw new RangeError('heard by two');
    });
  });
