import { lengthOf, type Socket, type Transport } from './transport.js';

/** How many bytes of frames have gone over the links of a node since it started. */
export interface LinkTraffic {
  sentBytes: number;
  receivedBytes: number;
}

/** Returns the transport with its frames counted. */
export function countedTransport(transport: Transport, traffic: LinkTraffic): Transport {
  const { addressesOf } = transport;
  return {
    schemes: transport.schemes,
    listen: (address, options) =>
      transport.listen(address, { ...options, accept: (socket) => options.accept(countedSocket(socket, traffic)) }),
    dial: (url, at) => countedSocket(transport.dial(url, at), traffic),
    ...(addressesOf && { addressesOf: (url) => addressesOf.call(transport, url) }),
  };
}

const countedSocket = (socket: Socket, traffic: LinkTraffic): Socket => ({
  get bufferedBytes() {
    return socket.bufferedBytes;
  },
  get receivedBytes() {
    return socket.receivedBytes;
  },
  get exporter() {
    return socket.exporter;
  },
  attach: (events) =>
    socket.attach({
      opened: () => events.opened(),
      frame: (parts) => {
        traffic.receivedBytes += lengthOf(parts);
        events.frame(parts);
      },
      closed: (closing) => events.closed(closing),
    }),
  send: (parts) => {
    traffic.sentBytes += lengthOf(parts);
    socket.send(parts);
  },
  admit: () => socket.admit(),
  close: (abrupt) => socket.close(abrupt),
});
