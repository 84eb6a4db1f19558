import { defaultLogger, type Logger, silentLogger } from '../base/index.js';
import { Handoff, type NodeOptions, type SupervisedName, startNode } from '../handoff/index.js';
import { FaultyStore, type JournalFaults } from '../journal/index.js';
import type { Transport } from '../peer/index.js';
import type { HostedNode, HostSetup } from './cluster-host.js';
import { crashActorOf, linksOf } from './node-inside.js';
import { PausableClock } from './pausable-clock.js';
import { SeverableTransport } from './severable-transport.js';

interface Parts {
  readonly clock: PausableClock;
  readonly transport: SeverableTransport;
  readonly logger: Hushable;
  /** `undefined` if the node records no durable runs. */
  readonly journal: FaultyStore | undefined;
}

/** A node in this process. While it is paused its timers are held and its links stall; code that is already running goes on. */
export class LocalNode implements HostedNode {
  readonly handoff: Handoff;
  readonly #name: string;
  readonly #parts: Parts;
  readonly #start: LocalStart;
  #isAlive = true;
  #remains: Promise<unknown> = Promise.resolve();

  private constructor(start: LocalStart, handoff: Handoff, parts: Parts) {
    this.#start = start;
    this.#name = start.name;
    this.handoff = handoff;
    this.#parts = parts;
    void handoff.stopped.then(() => {
      if (!this.#isAlive) return;
      this.#isAlive = false;
      start.network.kill(this.#name);
    });
  }

  static async start(start: LocalStart): Promise<LocalNode> {
    const { name, options, setup, network } = start;
    const clock = new PausableClock(setup.clock);
    const transport = new SeverableTransport(network.transport(name), setup.defer, (url) => network.listening?.(name, url));
    const logger = new Hushable(options.logger ?? setup.logger?.(name) ?? loggerOf(name));
    let journal: FaultyStore | undefined;
    const openJournal = setup.journals?.opener(name, options);
    const handoff = await Handoff[startNode](
      { ...(openJournal ? withoutFolder(options) : options), logger },
      {
        clock,
        random: setup.randomOf(name),
        defer: setup.defer,
        transport,
        interpose: setup.failures.interpose(clock),
        aroundStore: (store) => {
          journal = new FaultyStore(store, clock);
          return journal;
        },
        ...(openJournal && { openJournal }),
        ...(setup.openDisk && { openDisk: (limitBytes: number | undefined) => setup.openDisk!(name, limitBytes) }),
        ...setup.execution,
      },
    );
    return new LocalNode(start, handoff, { clock, transport, logger, journal });
  }

  get address(): string {
    return this.handoff.address!;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Resolves when nothing is left of it. */
  get remains(): Promise<unknown> {
    return this.#remains;
  }

  async kill(): Promise<void> {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    const { clock, transport, logger, journal } = this.#parts;
    const { network, setup, options } = this.#start;
    logger.hush();
    setup.journals?.killed(this.#name);
    const recorded = journal?.die();
    // The order matters: first no other node hears of it, then it accepts no more work, and only then it learns that it is alone. So
    // nothing is placed on it for that reason.
    network.kill(this.#name);
    this.#remains = this.handoff.stop({ graceMs: 0 });
    transport.sever();
    clock.resume();
    setup.links.resume(this.#name);
    await recorded;
    // The system releases the lock of a dead process. Here only the node itself does.
    if (options.dataDir !== undefined && !setup.journals) await this.#remains;
  }

  async pause(): Promise<void> {
    this.#parts.clock.pause();
    this.#start.setup.links.pause(this.#name);
  }

  async resume(): Promise<void> {
    this.#parts.clock.resume();
    this.#start.setup.links.resume(this.#name);
  }

  async crashActor(actor: SupervisedName): Promise<void> {
    await crashActorOf(this.handoff, actor);
  }

  harmJournal(faults: JournalFaults): void {
    const { journal } = this.#parts;
    if (!journal) throw new TypeError(`Node "${this.#name}" records no durable runs: it has neither a dataDir nor a journal`);
    journal.setFaults(faults);
  }

  async links(): Promise<readonly string[]> {
    return linksOf(this.handoff);
  }
}

/** Killing nodes causes many log lines, so the default is silence; `HANDOFF_LOG_LEVEL` overrides it. */
const loggerOf = (name: string): Logger => (process.env.HANDOFF_LOG_LEVEL === undefined ? silentLogger : defaultLogger(name));

/** The options of a node whose journal is opened for it: no folder is touched, and something says that it has a journal. */
const withoutFolder = ({ dataDir: _none, journal = 'postgres://cluster/journal', ...options }: NodeOptions): NodeOptions => ({
  ...options,
  journal,
});

/** A logger that can be silenced, for a killed node. */
class Hushable implements Logger {
  #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  debug(fields: object, message: string): void {
    this.#logger.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#logger.info(fields, message);
  }

  warn(fields: object, message: string): void {
    this.#logger.warn(fields, message);
  }

  error(fields: object, message: string): void {
    this.#logger.error(fields, message);
  }

  hush(): void {
    this.#logger = silentLogger;
  }
}

/** The network that connects nodes of this process to others. */
export interface LocalNetwork {
  transport(name: string): Transport;
  /** Called as soon as a node listens. */
  listening?(name: string, url: string): void;
  /** From now on its address refuses, and its connections are reset. */
  kill(name: string): void;
}

/** The options of starting one node in this process. */
export interface LocalStart {
  readonly name: string;
  readonly options: NodeOptions;
  readonly setup: HostSetup;
  readonly network: LocalNetwork;
}
