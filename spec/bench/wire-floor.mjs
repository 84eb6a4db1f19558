// A process at one end of a bare connection: ws and msgpackr, and nothing else. Its parent tells it what to do, over IPC.
import { Packr, Unpackr } from 'msgpackr';
import { WebSocket, WebSocketServer } from 'ws';

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
const COMMON = { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: 0 };
/** What bytes that come as they are begin with; no message does. */
const BINARY = 7;

let socket;
/** The last that were asked for: what is measured is passing them on. */
let bytes = Buffer.alloc(0);
let answered = (_answer) => {};

/** Either end answers requests: with a message of its own, or with so many bytes as they are. */
function attach(ws) {
  socket = ws;
  ws._socket.setNoDelay(true);
  ws.on('message', (data) => {
    if (data[0] === BINARY) return answered(data);
    const message = unpackr.unpack(data);
    if (message.type === 'answer') return answered(message);
    if (message.sizeBytes > 0) {
      if (bytes.length !== message.sizeBytes) bytes = Buffer.alloc(message.sizeBytes, BINARY);
      return ws.send(bytes);
    }
    return ws.send(packr.pack({ type: 'answer', id: message.id, value: 1 }));
  });
}

/** Milliseconds of `count` requests, `inFlight` at a time. */
function ask({ count, inFlight, sizeBytes = 0 }) {
  return new Promise((resolve) => {
    const startMs = performance.now();
    let asked = 0;
    let done = 0;
    const one = () => {
      asked += 1;
      socket.send(packr.pack({ type: 'request', id: asked, sizeBytes }));
    };
    answered = (answer) => {
      if (sizeBytes > 0 && answer.length !== sizeBytes) throw new Error(`${answer.length} bytes came in place of ${sizeBytes}`);
      done += 1;
      if (asked < count) one();
      else if (done === count) resolve(performance.now() - startMs);
    };
    while (asked < Math.min(count, inFlight)) one();
  });
}

const commands = {
  listen: () =>
    new Promise((resolve) => {
      const server = new WebSocketServer({ ...COMMON, host: '127.0.0.1', port: 0 }, () =>
        resolve(`ws://127.0.0.1:${server.address().port}`),
      );
      server.on('connection', attach);
    }),
  dial: (url) =>
    new Promise((resolve) => {
      const ws = new WebSocket(url, { ...COMMON, generateMask: (mask) => mask.fill(0) });
      ws.once('open', () => {
        attach(ws);
        resolve();
      });
    }),
  ask,
};

process.on('message', async ({ command, argument }) => process.send({ answer: await commands[command](argument) }));
process.on('disconnect', () => process.exit());
