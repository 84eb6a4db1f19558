import { systemClock } from '../../lib/base/index.js';
import type { ListenOptions, Socket, Transport } from '../../lib/index.js';
import { transports } from '../../lib/peer/index.js';

/** A network of a user's own, in memory, whose URLs are `pigeon://host:port`; `onSend` may throw in place of each send. */
export function pigeons(onSend: (node: string) => void = () => {}): (node: string) => Transport {
  const network = transports.memory({ clock: systemClock });
  const wrapped = (node: string, socket: Socket): Socket => ({
    get bufferedBytes() {
      return socket.bufferedBytes;
    },
    get receivedBytes() {
      return socket.receivedBytes;
    },
    exporter: undefined,
    attach: (events) => socket.attach(events),
    send: (parts) => {
      onSend(node);
      socket.send(parts);
    },
    admit: () => socket.admit(),
    close: (abrupt) => socket.close(abrupt),
  });
  return (node) => {
    const inner = network(node);
    const [inside] = inner.schemes;
    return {
      schemes: ['pigeon'],
      listen: async (address: string, options: ListenOptions) => {
        const accept = (socket: Socket): void => options.accept(wrapped(node, socket));
        const { url, close } = await inner.listen(address, { ...options, accept });
        return { url: url.replace(`${inside}:`, 'pigeon:'), close };
      },
      dial: (url: string) => wrapped(node, inner.dial(url.replace('pigeon:', `${inside}:`))),
    };
  };
}
