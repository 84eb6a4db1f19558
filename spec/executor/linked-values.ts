import { newId, silentLogger, systemClock } from '../../lib/base/index.js';
import {
  type ArgumentValue,
  type Executor,
  Fetches,
  Offers,
  OwnValues,
  type PartsPage,
  type RemoteValue,
  ValueServer,
} from '../../lib/executor/index.js';
import { type PeerListener, PeerMesh, Requests, type Transport, type WireMessage } from '../../lib/peer/index.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { type StoredValue, unpackError } from '../../lib/value/index.js';

/** The part of a node that fetches and gives the values of run `r`, with real links to others. */
export class LinkedValues {
  readonly name: string;
  readonly store: ValueStore;
  readonly fetches: Fetches;
  readonly requests: Requests;
  readonly mesh: PeerMesh;
  /** What maps and expansions made here, by function. */
  readonly composites = new Map<string, Composite>();
  /** How often pages were asked for, and other values. */
  readonly asked = { pages: 0, values: 0 };
  /** Whether requests wait for the next link. */
  outlivesCuts = false;
  readonly #linked = new Set<string>();
  #waiting: (() => void)[] = [];

  constructor(name: string, transport: Transport, maxIncomingBytes?: number) {
    this.name = name;
    const clock = systemClock;
    this.store = new ValueStore({ node: name, backend: backends.memory(), clock, retainedBytesLimit: 1e9 });
    this.store.openRun('r', 'd');
    const limits = maxIncomingBytes === undefined ? {} : { maxIncomingBytes };
    this.mesh = new PeerMesh({ name, incarnation: newId(), transport, clock, logger: silentLogger, random: Math.random, ...limits });
    const send = (to: string, message: WireMessage): boolean => this.mesh.send(to, message);
    this.requests = new Requests(send, clock);
    const page = (functionId: string, first: number, to: string): PartsPage | undefined => {
      const whole = this.composites.get(functionId);
      if (!whole) return undefined;
      const { total, keys, part } = whole;
      const count = Math.min(1000, total - first);
      const parts = Array.from({ length: count }, (_, at) => part(first + at, to));
      return { total, keys: keys?.slice(first, first + 1000), parts };
    };
    const noFiles = { openFile: () => undefined, openRecordedFile: () => undefined, openRemembered: async () => undefined };
    const own = new OwnValues({ node: name, store: this.store, ...noFiles });
    this.fetches = new Fetches({
      ...{ node: name, requests: this.requests, store: this.store, own },
      wayTo: (node) => (node === name ? 'self' : this.#linked.has(node) ? 'direct' : 'none'),
      receivedFrom: (node) => this.mesh.receivedFrom(node),
      compositePage: ({ functionId, first }, to) => page(functionId, first, to),
      defer: (action) => void setImmediate(action),
    });
    const server = new ValueServer({
      ...{ node: name, store: this.store, executor: {} as Executor, fetches: this.fetches, offers: new Offers(), send, own },
      openRecord: () => undefined,
      compositePage: ({ functionId, first }, to) => page(functionId, first, to),
      sendValue: (to, id, bytes) => this.mesh.sendValue(to, id, bytes),
      refOf: (module, exported) => ({ module, name: exported }),
    });
    this.mesh.attach(this.#listener(server));
  }

  #listener(server: ValueServer): PeerListener {
    const { fetches, requests } = this;
    return {
      up: ({ name }) => {
        this.#linked.add(name);
        requests.linkUp(name);
        for (const told of this.#waiting.splice(0)) told();
      },
      down: ({ name }) => {
        this.#linked.delete(name);
        // A lost link is not a lost node, where that is looked for.
        if (!this.outlivesCuts) requests.gone(name, new Error('gone'));
      },
      messages: (from, messages) => {
        for (const message of messages) {
          if (message.type === 'value-found') fetches.heard(from, message, undefined);
          if (message.type === 'value-missing') fetches.heard(from, message, message.error ? unpackError(message.error) : undefined);
          if (message.type !== 'fetch-value') continue;
          this.asked[message.value.kind === 'composite' ? 'pages' : 'values'] += 1;
          server.serve(from, message.id, message.value);
        }
      },
      value: (from, id, value) => fetches.value(from, id, value),
      expects: (from, id) => fetches.expects(from, id),
      memoryFor: (from, id, sizeBytes, begin) => fetches.memoryFor(from, id, sizeBytes, begin),
      notDialled() {},
      notUnderstood() {},
    };
  }

  /** Resolves when there are links to that many nodes. */
  async linked(count: number): Promise<void> {
    while (this.#linked.size < count) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  /** Makes a value of run `r` here, and returns its name for others. */
  made(functionId: string, held: StoredValue): RemoteValue {
    this.store.put('r', functionId, held);
    const value = { kind: 'of-run', runId: 'r', epoch: 0, functionId, origin: this.name, part: null } as const;
    return { from: this.name, value, sizeBytes: held.sizeBytes };
  }

  /** Returns the name of what a map or an expansion made here. */
  composite(functionId: string, sizeBytes = 0): RemoteValue {
    const value = { kind: 'composite', runId: 'r', epoch: 0, functionId, origin: this.name, first: 0 } as const;
    return { from: this.name, value, sizeBytes };
  }

  fetch(far: RemoteValue, via?: string): Promise<StoredValue> {
    return new Promise((found, failed) => {
      this.fetches.fetch(far, via, { found, missing: (error) => failed(error ?? new Error('missing')) });
    });
  }

  close(): Promise<void> {
    return this.mesh.close();
  }
}

/** What a map or an expansion made. */
interface Composite {
  readonly total: number;
  readonly keys?: readonly string[];
  /** Returns a part as `to` gets it. */
  part(place: number, to: string): ArgumentValue | undefined;
}

/** Links nodes with each other; the transports are those of one network. */
export async function linkAll(nodes: readonly LinkedValues[]): Promise<void> {
  for (const [at, node] of nodes.entries()) {
    const { url } = await node.mesh.listen('127.0.0.1:0');
    for (const other of nodes.slice(at + 1)) await other.mesh.join(url);
  }
  await Promise.all(nodes.map((node) => node.linked(nodes.length - 1)));
}
