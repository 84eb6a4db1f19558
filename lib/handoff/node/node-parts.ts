import { Allocator, Ledger } from '../../allocator/index.js';
import { newId, textOf } from '../../base/index.js';
import {
  type AttemptContext,
  CodeRefs,
  type CompositeSource,
  Executor,
  Fetches,
  type FetchRoute,
  isolations,
  type Loan,
  ModuleComparisons,
  Offers,
  RemoteExecutor,
  StartBudget,
  ValueServer,
} from '../../executor/index.js';
import { GuestRuns } from '../../guests/index.js';
import type { RecordedFile } from '../../journal/index.js';
import { type BeatContent, Membership } from '../../nodes/index.js';
import { PeerMesh, QuietLog, Requests, type WireMessage } from '../../peer/index.js';
import { type DurablePlace, type FindRecorded, RecordedResults, Runs } from '../../runner/index.js';
import { ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';
import { Answers } from '../cluster/answers.js';
import { ClusterQuestions } from '../cluster/cluster-questions.js';
import { inheritancesOf } from '../cluster/inheritances.js';
import { MessageRouter } from '../cluster/message-router.js';
import { mergedStatus, statusOf, type WireStatus } from '../cluster/status.js';
import { statusFrom } from '../cluster/status-answer.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import { CrashReports } from './crash-reports.js';
import type { Environment } from './environment.js';
import { makeIsolations, slotsOf } from './node-isolations.js';

/** How long members have to report their status for a status of all, ms. */
const STATUS_MS = 1000;

/** The longest piece of a line that goes to the driver in one message, characters. */
const LINE_CHARACTERS = 64 * 1024;

/**
 * The tables of a node: everything that its actors must not lose. They are made once; every incarnation of an actor works on the same ones.
 */
export interface NodeParts {
  readonly store: ValueStore;
  readonly peers: PeerMesh;
  readonly requests: Requests;
  readonly membership: Membership;
  readonly allocation: Allocator;
  readonly executor: Executor;
  readonly runs: Runs;
  /** Where durable runs are recorded, if they are. */
  readonly durable: DurablePlace | undefined;
  readonly guests: GuestRuns;
  readonly remote: RemoteExecutor;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly cluster: ClusterQuestions;
  /** Returns the status of this node, or of all members. */
  readonly status: (all: boolean) => Promise<WireStatus>;
  /** Where bugs outside of actors are reported. */
  readonly crashes: CrashReports;
  /** Looks a result up in the journal, if there is one. Rejects with `HANDOFF_STORAGE_FAILED`. */
  readonly findRecorded: FindRecorded | undefined;
  /** Warnings that other nodes can cause at will. */
  readonly quietLog: QuietLog;
}

/** Assembles the parts of a node, from the ground up. Everything meets here. */
export function assembleNode(options: CheckedNodeOptions, surroundings: Environment, durable?: DurablePlace): NodeParts {
  const { clock, random, defer, interpose, importModule } = surroundings;
  const { name: node, capabilities, threads, threadHeapMiB, loopConcurrency, freeze, root, logger, network } = options;
  const { cookie, transport, heartbeat } = network;
  const store = new ValueStore({ node, backend: options.backend, clock, retainedBytesLimit: options.retainedBytesLimit });
  const incarnation = newId();
  const crashes = new CrashReports(logger);

  const content = (): BeatContent => {
    return {
      ...ledger.report,
      byDriver: [...guests.use()].map(([driver, use]) => [driver, [...use]]),
      running: executor.running,
      queued: guests.queued,
      blocked: executor.blocked,
      heldBytes: store.heldBytes,
      log: logger.state,
    };
  };
  const membership = new Membership(node, undefined, { incarnation, clock, heartbeat, content, schemes: transport.schemes });
  const peers = new PeerMesh({
    name: node,
    incarnation,
    transport,
    clock,
    logger,
    random,
    defer,
    ...(cookie !== undefined && { cookie }),
    // Names are unique; the membership insists on nothing else.
    objection: (peer) => (peer.isObserver || membership.refusalOf(peer) === undefined ? undefined : 'name-taken'),
  });
  const send = (to: string, message: WireMessage): boolean => peers.send(to, message);
  store.onCopiesStale = (name, dagId) => void send(name, { type: 'forget-copies', dagId });
  const requests = new Requests(send, clock);
  const quietLog = new QuietLog(logger, clock);

  const onOutput = (context: AttemptContext, stream: 'stdout' | 'stderr', text: string): void => {
    // The logger adds the name of this node itself.
    const { node: ranOn, ...what } = context;
    const fields = ranOn === node ? { ...what, stream } : { ...what, ranOn, stream };
    if (stream === 'stdout') logger.info(fields, text);
    else logger.warn(fields, text);
  };
  /** Sends a function's output to the node that drives its run. */
  const onOwnOutput = (context: AttemptContext, stream: 'stdout' | 'stderr', text: string): void => {
    const driver = guests.driverOf(context.runId);
    if (driver === undefined) return onOutput(context, stream, text);
    const { runId, dagId, functionId, attempt } = context;
    const of = [runId, functionId, attempt, driver.epoch] as const;
    for (let at = 0; at === 0 || at < text.length; at += LINE_CHARACTERS) {
      const part = text.slice(at, at + LINE_CHARACTERS);
      send(driver.driver, { type: 'function-output', of, dagId, stream, text: part });
    }
  };
  const isolationOptions = {
    node,
    clock,
    root,
    threads,
    threadHeapMiB,
    loopConcurrency,
    freeze,
    logger,
    onOutput: onOwnOutput,
    lender: (context: AttemptContext): Loan | undefined => runs.loanFor(context) ?? guests.loanFor(context),
    ...(importModule && { importModule }),
  };
  const runners = makeIsolations(surroundings.isolations ?? isolations, options.isolations, isolationOptions);
  const executor = new Executor(runners, clock, (error) => crashes.report('Executor', error));
  const ledger = new Ledger(capabilities, slotsOf(runners, threads));
  const allocation = new Allocator({ name: node, isSelf: true, isOpen: true, capacity: ledger }, clock, () => store.heldBytes, logger);
  const wayTo = (name: string): FetchRoute => {
    if (name === node) return 'self';
    const reach = membership.find(name)?.reach;
    return reach === 'linked' || reach === 'cut' ? 'direct' : 'none';
  };
  const folders = (): Promise<ReadonlyMap<string, string>> => cluster.folders();
  const readRecordedFile = (runId: string, file: RecordedFile): Promise<StoredValue | undefined> | undefined =>
    file.dataDir === durable?.largeValues?.dataDir ? durable?.largeValues?.read(runId, file) : undefined;
  const recorded = durable && new RecordedResults({ place: durable, clock, folders, fetches: () => fetches });
  const findRecorded: FindRecorded | undefined = recorded && ((dagId, id) => recorded.find(dagId, id, store.latestRun(dagId)));
  const readRecord = (dagId: string, id: string): Promise<StoredValue | undefined> | undefined =>
    findRecorded?.(dagId, id).then((one) => one?.read());
  const readFile = (runId: string, functionId: string): Promise<StoredValue | undefined> | undefined =>
    durable?.largeValues?.valueOf(runId, functionId);
  const compositePage: CompositeSource = ({ runId, epoch, functionId, first }, to) => {
    const run = runs.get(runId)?.run;
    return run?.epoch === epoch ? run.whereabouts.pageOf(functionId, first, to) : undefined;
  };
  const receivedFrom = (name: string): number => peers.receivedFrom(name);
  const fetches = new Fetches({ node, requests, wayTo, receivedFrom, store, readFile, readRecordedFile, compositePage, defer });
  const offers = new Offers();
  const { refOf } = new CodeRefs();
  const remote = new RemoteExecutor(send, root, clock, peers);
  const comparisons = new ModuleComparisons({ root, node }, requests);
  const turn = new StartBudget(clock, defer);
  const runs: Runs = new Runs({
    node,
    clock,
    random,
    allocation,
    executor,
    remote,
    comparisons,
    root,
    isolation: options.isolation,
    refOf,
    strategies: options.strategies,
    refusesSkew: options.codeSkew === 'refuse',
    inherit: async (run) => {
      const own = guests.drive(run.runId, run.epoch);
      // In its first epoch no other node can have anything of it.
      return { own, others: run.epoch > 1 ? await inheritancesOf({ cluster, membership, logger }, run) : [] };
    },
    fetches,
    offers,
    store,
    send,
    broadcast: (message) => peers.broadcast(message),
    turn,
    folders,
    freeze,
    logger,
    durable,
    wrapAttempt: interpose,
    outside: surroundings.outside,
  });
  const guests: GuestRuns = new GuestRuns({
    node,
    allocation,
    executor,
    store,
    fetches,
    refOf,
    clock,
    orphanMs: options.orphanMs,
    drivenEpoch: (runId) => runs.get(runId)?.run.epoch,
    largeValues: durable?.largeValues,
    takenOver: (runId, epoch, error) => runs.takenOver(runId, epoch, error),
    send,
    turn,
    logger,
  });
  const sendValue = (to: string, id: number, parts: readonly Uint8Array[]): Promise<void> => peers.sendValue(to, id, parts);
  const values = new ValueServer({
    node,
    store,
    executor,
    fetches,
    readFile,
    readRecordedFile,
    readRecord,
    compositePage,
    offers,
    send,
    sendValue,
    refOf,
  });
  const cluster = new ClusterQuestions({ node, clock, random, membership, peers, requests, fetches, offers, store });
  const tellLocation = (dagId: string, functionId: string): void => cluster.tellLocation(dagId, functionId, node);
  /** Missing status of one member is no reason to hide the others. */
  const statusOfOther = async (name: string): Promise<readonly [string, WireStatus] | undefined> => {
    try {
      return [name, statusFrom(name, await cluster.ask<unknown>(name, { kind: 'show-status', all: false }, STATUS_MS))];
    } catch (error) {
      logger.debug({ member: name, why: textOf(error) }, 'has not reported its status');
      return undefined;
    }
  };
  const status = async (all: boolean): Promise<WireStatus> => {
    const others = await Promise.all(all ? cluster.others.map(statusOfOther) : []);
    return mergedStatus(
      statusOf({ membership, runs, guests }),
      others.filter((one) => one !== undefined),
    );
  };
  const answers = new Answers({
    node,
    root,
    clock,
    allocation,
    store,
    membership,
    runs,
    guests,
    fetches,
    send,
    tellLocation,
    status,
    findRecorded,
    dataDir: durable?.largeValues?.dataDir,
  });
  const parts = {
    membership,
    allocation,
    remote,
    comparisons,
    guests,
    runs,
    fetches,
    values,
    store,
    requests,
    answers,
    send,
    drop: (name: string) => peers.drop(name),
    logger,
    quietLog,
    onOutput,
    crash: (error: unknown) => crashes.report('PeerHub', error),
  };
  peers.attach(new MessageRouter(parts));
  membership.connect(peers);
  return {
    durable,
    store,
    peers,
    requests,
    membership,
    allocation,
    executor,
    runs,
    guests,
    remote,
    fetches,
    offers,
    cluster,
    status,
    crashes,
    findRecorded,
    quietLog,
  };
}
