import { Allocator, Ledger, toldLoad, type ValueLoad } from '../../allocator/index.js';
import { newId } from '../../base/index.js';
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
  type OwnValueDeps,
  OwnValues,
  RanCode,
  RemoteExecutor,
  StartBudget,
  ValueServer,
} from '../../executor/index.js';
import { GuestRuns } from '../../guests/index.js';
import { type BeatContent, Membership } from '../../nodes/index.js';
import { type DashboardSetup, type NodeMeasures, NodeSinks } from '../../observe/index.js';
import { countedTransport, type LinkTraffic, PeerMesh, QuietLog, Requests, type ValueName, type WireMessage } from '../../peer/index.js';
import { type DurablePlace, type FindRecorded, RecordedResults, type RememberedPlace, RunMeter, Runs } from '../../runner/index.js';
import { type SpillDisk, ValueStore } from '../../store/index.js';
import { type AwayBytes, StoredValue } from '../../value/index.js';
import { Answers } from '../cluster/answers.js';
import { ClusterQuestions } from '../cluster/cluster-questions.js';
import { inheritancesOf } from '../cluster/inheritances.js';
import { MessageRouter } from '../cluster/message-router.js';
import { lookAtRun } from '../cluster/runs/look-at-run.js';
import { NodeViewSource } from '../cluster/runs/node-view-source.js';
import { RunAnswers } from '../cluster/runs/run-answers.js';
import { RunQuestions } from '../cluster/runs/run-questions.js';
import { openStatus, statusOf, type WireStatus } from '../cluster/status.js';
import { StatusQuestions } from '../cluster/status-questions.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import { valueLimitBytes } from '../options/value-options.js';
import { CrashReports } from './crash-reports.js';
import type { Environment } from './environment.js';
import { aheadSlotsOf, makeIsolations, slotsOf } from './node-isolations.js';
import { nodeMeasures } from './node-measures.js';
import type { NodeStorage } from './node-storage.js';
import { rememberedPlace, rememberForOther } from './remembered-place.js';
import { SameCode } from './same-code.js';
import { WebServers } from './web-servers.js';

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
  /** What remembers results, if anything does. */
  readonly remembered: RememberedPlace | undefined;
  /** Where values go that the memory has no room for, if they do. */
  readonly disk: SpillDisk | undefined;
  readonly guests: GuestRuns;
  readonly remote: RemoteExecutor;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly cluster: ClusterQuestions;
  /** The answers to other nodes about runs. */
  readonly ofRuns: RunAnswers;
  /** What this node can show. */
  readonly views: NodeViewSource;
  /** Where bugs outside of actors are reported. */
  readonly crashes: CrashReports;
  /** Looks a result up in the journal, if there is one. Rejects with `HANDOFF_STORAGE_FAILED`. */
  readonly findRecorded: FindRecorded | undefined;
  /** Warnings that other nodes can cause at will. */
  readonly quietLog: QuietLog;
  /** What has come of its runs. */
  readonly meter: RunMeter;
  readonly traffic: LinkTraffic;
  /** Returns its metrics in the format that an `Accept` header asks for. */
  readonly metrics: NonNullable<DashboardSetup['metrics']>;
  /** What it serves to browsers. */
  readonly web: WebServers;
  /** Where its doings go for the eyes of other tools. */
  readonly sinks: NodeSinks;
}

/** Assembles the parts of a node, from the ground up. Everything meets here. */
export function assembleNode(options: CheckedNodeOptions, surroundings: Environment, { durable, disk }: NodeStorage): NodeParts {
  const { clock, random, defer, interpose, importModule, outside } = surroundings;
  const { name: node, capabilities, threads, threadHeapMiB, threadSetup, loopConcurrency, freeze, root, logger, network } = options;
  const { cookie, transport, heartbeat } = network;
  const { backend, retainedBytesLimit } = options;
  const memoryLimitBytes = (): number => valueLimitBytes(options.values, ledger.capabilities.memory);
  const store = new ValueStore({ node, backend, clock, retainedBytesLimit, memoryLimitBytes, disk, freeze });
  const incarnation = newId();
  const crashes = new CrashReports(logger);

  const load = (): ValueLoad => ({ heldBytes: store.memoryBytes, limitBytes: memoryLimitBytes(), isSpilling: store.isSpilling });
  const filesBytes = (): number => store.spilledBytes + (durable?.largeValues?.bytes ?? 0);
  const content = (): BeatContent => {
    const { entries = 0, bytes = 0, hits = 0 } = durable?.shelf?.stats ?? {};
    return {
      ...ledger.report,
      byDriver: [...guests.use()].map(([driver, use]) => [driver, [...use]]),
      running: executor.running,
      queued: guests.queued,
      blocked: executor.blocked,
      ...toldLoad(load(), disk?.freeBytes ?? 0),
      diskBytes: filesBytes() + bytes,
      memoryLimitBytes: Math.floor(memoryLimitBytes()),
      ...{ rememberedBytes: bytes, rememberedResults: entries, rememberedHits: hits },
      log: logger.state,
    };
  };
  const membership = new Membership(node, undefined, { incarnation, clock, heartbeat, content, schemes: transport.schemes });
  const traffic: LinkTraffic = { sentBytes: 0, receivedBytes: 0 };
  const peers = new PeerMesh({
    name: node,
    incarnation,
    transport: countedTransport(transport, traffic),
    clock,
    logger,
    random,
    defer,
    ...(cookie !== undefined && { cookie }),
    // Names are unique; the membership insists on nothing else.
    objection: (peer) => (peer.isObserver || membership.refusalOf(peer) === undefined ? undefined : 'name-taken'),
  });
  const send = (to: string, message: WireMessage, mayRest?: boolean): boolean => peers.send(to, message, mayRest);
  store.onCopiesStale = (name, dagId) => void send(name, { type: 'forget-copies', dagId });
  const requests = new Requests(send, clock);
  const quietLog = new QuietLog(logger, clock);

  const onOutput = (context: AttemptContext, stream: 'stdout' | 'stderr', text: string): void => {
    // The logger adds the name of this node itself.
    const { node: ranOn, ...what } = context;
    const fields = ranOn === node ? { ...what, stream } : { ...what, ranOn, stream };
    const { runId, functionId, attempt } = what;
    runs.visible.addLine(runId, { functionId, attempt, node: ranOn, stream, line: text });
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
    threadSetup,
    loopConcurrency,
    freeze,
    logger,
    onOutput: onOwnOutput,
    lender: (context: AttemptContext): Loan | undefined => runs.loanFor(context) ?? guests.loanFor(context),
    together: (work: () => void): void => allocation.together(work),
    ...(importModule && { importModule }),
  };
  const runners = makeIsolations(surroundings.isolations ?? isolations, options.isolations, isolationOptions);
  const ranCode = new RanCode({ root, node }, outside);
  const executor = new Executor(
    runners,
    clock,
    (error) => crashes.report('Executor', error),
    (module) => ranCode.used(module),
  );
  const ledger = new Ledger(capabilities, slotsOf(runners, threads));
  const self = { name: node, isSelf: true, isOpen: true, capacity: ledger };
  const allocation: Allocator = new Allocator(self, clock, load, logger, aheadSlotsOf(runners));
  allocation.load.onTurned = () => membership.beatNow();
  const wayTo = (name: string): FetchRoute => {
    if (name === node) return 'self';
    const reach = membership.find(name)?.reach;
    return reach === 'linked' || reach === 'cut' ? 'direct' : 'none';
  };
  const folders = (): Promise<ReadonlyMap<string, string>> => cluster.folders();
  const { largeValues, shelf } = durable ?? {};
  const lying = (opened: Promise<AwayBytes | undefined> | undefined): Promise<StoredValue | undefined> | undefined =>
    opened?.then((bytes) => bytes && StoredValue.away(bytes));
  const files: Omit<OwnValueDeps, 'node' | 'store'> = {
    openFile: (runId, functionId) => lying(largeValues?.openValue(runId, functionId)),
    openRecordedFile: (runId, file) => lying(largeValues?.open(runId, file)),
    openRemembered: (file) => lying(shelf?.dataDir === file.dataDir ? shelf.openFile(file) : undefined),
  };
  const recorded = durable && new RecordedResults({ place: durable, clock, folders, fetches: () => fetches });
  const findRecorded: FindRecorded | undefined = recorded && ((dagId, id) => recorded.find(dagId, id, store.latestRun(dagId)));
  const openRecord = (dagId: string, id: string): Promise<StoredValue | undefined> | undefined =>
    findRecorded?.(dagId, id).then((one) => one?.open());
  const compositePage: CompositeSource = ({ runId, epoch, functionId, first }, to) => {
    const run = runs.get(runId)?.run;
    return run?.epoch === epoch ? run.whereabouts.pageOf(functionId, first, to) : undefined;
  };
  const receivedFrom = (name: string): number => peers.receivedFrom(name);
  const ownValues = new OwnValues({ node, store, ...files });
  const fetches = new Fetches({ node, requests, wayTo, receivedFrom, store, own: ownValues, compositePage, defer });
  const offers = new Offers();
  const { refOf } = new CodeRefs();
  const remote = new RemoteExecutor(send, root, clock, peers);
  const comparisons = new ModuleComparisons({ root, node }, requests);
  const sameCode = new SameCode({ node, root, ranCode, cluster: () => cluster });
  const digestOf = (value: ValueName): Promise<string | undefined> => values.digestOf(node, value);
  const remembered = durable?.shelf && rememberedPlace(durable.shelf, { node, ranCode, sameCode, cluster: () => cluster, digestOf });
  const turn = new StartBudget(clock, defer);
  const meter = new RunMeter();
  const measures = (): NodeMeasures =>
    nodeMeasures({ meter, executor, runs, allocation, store, traffic, membership, memoryLimitBytes, filesBytes, shelf: durable?.shelf });
  const sinks = new NodeSinks({ name: node, logger, measures });
  const runs: Runs = new Runs({
    node,
    meter,
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
    remembered,
    wrapAttempt: interpose,
    watchRun: sinks.watchRun,
    watchAttempt: sinks.watchAttempt,
    contents: ranCode.contents,
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
    watchAttempt: sinks.watchAttempt,
    logger,
  });
  const sendValue: PeerMesh['sendValue'] = (to, id, bytes) => peers.sendValue(to, id, bytes);
  const values = new ValueServer({
    node,
    store,
    executor,
    fetches,
    own: ownValues,
    openRecord,
    compositePage,
    offers,
    send,
    sendValue,
    refOf,
  });
  const cluster = new ClusterQuestions({ node, clock, random, membership, peers, requests, fetches, offers, store });
  const tellLocation = (dagId: string, functionId: string): void => cluster.tellLocation(dagId, functionId, node);
  const own = (): WireStatus => statusOf({ membership, runs, guests });
  const statuses = new StatusQuestions({ clock, membership, cluster, own, logger });
  const runQuestions = new RunQuestions({ node, membership, requests, send, refuse: () => requests.refuse() });
  const view = lookAtRun(runs, node);
  const ofRuns = new RunAnswers({ clock, runs, questions: runQuestions, view, isBusy: (name) => peers.isBusy(name) });
  const views = new NodeViewSource({
    node,
    runs,
    questions: runQuestions,
    view,
    status: async () => openStatus(await statuses.status('cluster')),
  });
  const answers = new Answers({
    node,
    root,
    ranCode,
    digestOf: (to, value) => values.digestOf(to, value),
    clock,
    allocation,
    store,
    membership,
    runs,
    guests,
    ofRuns,
    fetches,
    send,
    tellLocation,
    status: (all) => statuses.status(all ? 'links' : 'node'),
    findRecorded,
    openRemembered: files.openRemembered,
    rememberValue: (of) => rememberForOther(of, durable?.shelf, store),
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
    ofRuns,
    runQuestions,
    send,
    drop: (name: string) => peers.drop(name),
    logger,
    quietLog,
    onOutput,
    crash: (error: unknown) => crashes.report('PeerHub', error),
  };
  peers.attach(new MessageRouter(parts));
  membership.connect(peers);
  const metrics = sinks.metrics.scrape;
  const {
    network: { tls },
    web,
  } = options;
  return {
    metrics,
    web: new WebServers({ web, tls, source: views, metrics, logger, clock }),
    durable,
    remembered,
    disk,
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
    ofRuns,
    views,
    crashes,
    findRecorded,
    quietLog,
    meter,
    traffic,
    sinks,
  };
}
