import { type Clock, HandoffError, keepAlive } from '../../base/index.js';
import type { Fetches, Offers, RemoteValue } from '../../executor/index.js';
import type { RememberedFile } from '../../journal/index.js';
import { joinCluster, type MemberState, type Membership } from '../../nodes/index.js';
import { type PeerMesh, type Question, type Requests, rememberedFile, shapes } from '../../peer/index.js';
import type { ValueOfRun } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';
import { isDigest, type StoredValue } from '../../value/index.js';
import { firstOf } from './first-of.js';

/** From this size on the keeping node fetches a value; a smaller one rides along, bytes. */
const OFFERED_FROM_BYTES = 64 * 1024;

/** How long a member may take to answer, ms. */
const ANSWER_MS = 5000;

/** How long a member may take to say what it remembers, ms. Making a result again may take less than waiting for it. */
const REMEMBERED_MS = 2000;

/** How long a member may take to write a large value, ms. */
const WRITTEN_MS = 60_000;

/** How long a member may take to read and hash a value, ms: some GiB of it. */
const DIGEST_MS = 15_000;

/** How long a node that has joined waits until the others know it, ms. */
const MESH_MS = 5000;

/** Errors that mean that a member gave no answer. */
const UNANSWERED: ReadonlySet<string> = new Set(['HANDOFF_NODE_LOST', 'HANDOFF_NODE_UNKNOWN', 'HANDOFF_TIMEOUT']);

/** The questions of this node to others, and the way in which it joins them. */
export class ClusterQuestions {
  readonly #deps: ClusterDeps;

  constructor(deps: ClusterDeps) {
    this.#deps = deps;
  }

  /** Returns the member of that name. Throws `HANDOFF_NODE_UNKNOWN` if there is none. */
  member(name: string): MemberState {
    const member = this.#deps.membership.find(name);
    if (member) return member;
    throw new HandoffError('HANDOFF_NODE_UNKNOWN', `Node "${name}" is not a member`, { node: name });
  }

  /**
   * Asks one member. Rejects with `HANDOFF_NODE_UNKNOWN` if it is no member or cannot be reached from here, with `HANDOFF_NODE_LOST` if it
   * is lost first, and with `HANDOFF_TIMEOUT` (`node`) after `withinMs` (default 5000). The question goes on while `progress` grows at
   * least once within that time.
   */
  async ask<T>(name: string, question: Question, withinMs: number = ANSWER_MS, progress?: () => number): Promise<T> {
    const { reach } = this.member(name);
    if (reach === 'told') {
      const message = `Node "${name}" cannot be asked from here: neither of the two listens, and there is no link`;
      throw new HandoffError('HANDOFF_NODE_UNKNOWN', message, { node: name });
    }
    const alive = keepAlive();
    try {
      const limit = { withinMs, what: asked(question), ...(progress && { progress }) };
      return await this.#deps.requests.ask<T>(name, (id) => ({ type: 'ask', id, question }), limit);
    } finally {
      alive.cancel();
    }
  }

  /**
   * Asks every other member with a link. Members that are lost meanwhile, or late, give no answer; `late` is called with the names of the
   * latter. Rejects with the refusal of any member.
   */
  async askAll<T>(question: Question, withinMs?: number, late?: (name: string) => void): Promise<readonly (readonly [string, T])[]> {
    const answers = await Promise.all(
      this.others.map(async (name): Promise<readonly [string, T] | undefined> => {
        try {
          return [name, await this.ask<T>(name, question, withinMs)];
        } catch (error) {
          if (!HandoffError.is(error) || !UNANSWERED.has(error.code)) throw error;
          if (error.code === 'HANDOFF_TIMEOUT') late?.(name);
          return undefined;
        }
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  /** The other members that can be asked. */
  get others(): readonly string[] {
    const { membership } = this.#deps;
    return membership.members.filter(({ reach }) => reach === 'linked' || reach === 'cut').map(({ name }) => name);
  }

  /** Keeps a value on another node. */
  async keep(name: string, dagId: string, functionId: string, held: StoredValue, as: 'value' | 'result'): Promise<void> {
    const { offers } = this.#deps;
    // What is not in memory is offered whatever its size: it is read when it is fetched.
    const packed = held.away ? undefined : held.pack('value');
    if (packed && packed.byteLength < OFFERED_FROM_BYTES) {
      await this.ask(name, { kind: 'keep-value', dagId, functionId, as, value: { packed } });
      return;
    }
    const offer = offers.add((listener) => listener.found(held));
    try {
      // That node must fetch the value first, which takes as long as its bytes take.
      const progress = (): number => this.#deps.peers.deliveredTo(name);
      await this.ask(name, { kind: 'keep-value', dagId, functionId, as, value: { offer } }, ANSWER_MS, progress);
    } finally {
      offers.drop(offer);
    }
  }

  /**
   * Fetches a value from another node and keeps a copy. Resolves to `undefined` if that node has none. Rejects with `HANDOFF_TIMEOUT` if
   * nothing of it arrives within `withinMs` (default 5000), or for 5000 ms later on. `origin` is the node that made it; the default is the
   * asked node.
   */
  async fetch(
    from: string,
    dagId: string,
    functionId: string,
    { withinMs, origin = from }: { readonly withinMs?: number; readonly origin?: string } = {},
  ): Promise<StoredValue | undefined> {
    const { fetches, store } = this.#deps;
    const alive = keepAlive();
    const keepCopy = store.expectCopy(dagId, functionId);
    let fetched: StoredValue | undefined;
    try {
      const held = await new Promise<StoredValue | undefined>((found, failed) => {
        const far = { from, value: { kind: 'of-dag', dagId, functionId }, sizeBytes: 0 } as const;
        const missing = (error: Error | undefined): void => (HandoffError.is(error, 'HANDOFF_TIMEOUT') ? failed(error) : found(undefined));
        fetches.fetch(far, undefined, { found, missing }, withinMs);
      });
      fetched = held;
      return held;
    } finally {
      keepCopy(fetched, origin);
      alive.cancel();
    }
  }

  /** Returns the members that have a `dataDir`, by its id. A member that does not answer in time has none. */
  async folders(): Promise<ReadonlyMap<string, string>> {
    const answers = await this.askAll<unknown>({ kind: 'which-folder' });
    return new Map(answers.flatMap(([node, dataDir]) => (typeof dataDir === 'string' ? [[dataDir, node]] : [])));
  }

  /**
   * Returns, for each of at most 1,000 files, whether a member remembers it. One that is no member, cannot be asked or is slow has none.
   * Never rejects.
   */
  async haveRemembered(name: string, files: readonly RememberedFile[]): Promise<readonly boolean[]> {
    try {
      const answer = await this.ask<unknown>(name, { kind: 'has-remembered', files }, REMEMBERED_MS);
      return files.map((_, at) => Array.isArray(answer) && answer[at] === true);
    } catch {
      return files.map(() => false);
    }
  }

  /** Has a member write a large value that it has made; returns its file, or `undefined` if it is not remembered. Never rejects. */
  async rememberValue(name: string, { runId, epoch, functionId }: ValueOfRun): Promise<RememberedFile | undefined> {
    try {
      const answer = await this.ask<unknown>(name, { kind: 'remember-value', runId, epoch, functionId }, WRITTEN_MS);
      return rememberedFile(answer) === undefined ? (answer as RememberedFile) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Asks a node for the digest of a value that it has. Resolves to `undefined` if it has none, or does not answer. Never rejects. */
  async takeDigest({ from, value }: RemoteValue): Promise<string | undefined> {
    try {
      const answer = await this.ask<unknown>(from, { kind: 'take-digest', value }, DIGEST_MS);
      return isDigest(answer) ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  /** Tells all members that this node has a value. */
  tellLocation(dagId: string, functionId: string, node: string): void {
    this.#deps.peers.broadcast({ type: 'tell-location', dagId, functionId, node });
  }

  /**
   * Returns the node that made a value, as far as any member knows; the first answer counts. `late` is called with the members that have
   * not answered within `withinMs` (default 5000).
   */
  async locate(dagId: string, functionId: string, late?: (name: string) => void, withinMs?: number): Promise<string | undefined> {
    const known = this.#deps.store.locate(dagId, functionId);
    if (known !== undefined) return known;
    const question = { kind: 'lookup-location', dagId, functionId } as const;
    return firstOf(this.others, async (name) => {
      try {
        const location = await this.ask<unknown>(name, question, withinMs);
        return isNodeName(location) ? location : undefined;
      } catch (error) {
        if (HandoffError.is(error, 'HANDOFF_TIMEOUT')) late?.(name);
        return undefined;
      }
    });
  }

  /**
   * Waits until another member has a value, and fetches it. Resolves to `undefined` if none has it in time. Once something of the value has
   * arrived, it is waited for as long as it goes on arriving. `answerMs` is how long members have to answer; the default is `timeoutMs`.
   */
  awaitElsewhere(dagId: string, functionId: string, timeoutMs: number, answerMs = timeoutMs): Promise<StoredValue | undefined> {
    const { clock } = this.#deps;
    const endMs = clock.now() + answerMs;
    return firstOf(this.others, async (name) => {
      try {
        const origin = await this.ask<unknown>(name, { kind: 'await-value', dagId, functionId, timeoutMs }, answerMs);
        if (!isNodeName(origin)) return undefined;
        return await this.fetch(name, dagId, functionId, { withinMs: Math.max(1, endMs - clock.now()), origin });
      } catch {
        return undefined;
      }
    });
  }

  /** Listens at `host:port` and returns the URL. Others are told `advertise`; the default is that URL. */
  async listen(address: string, advertise?: string): Promise<string> {
    const { peers, membership } = this.#deps;
    const { url } = await peers.listen(address, advertise);
    membership.listening(advertise ?? url);
    return url;
  }

  /** Joins through any of the URLs, and waits until the nodes found there know this one too. */
  async join(urls: readonly string[], joinTimeoutMs: number): Promise<void> {
    const { peers, membership, clock, random } = this.#deps;
    const joined = await joinCluster({ urls, join: (url) => peers.join(url), clock, random, joinTimeoutMs });
    membership.joined(joined);
    const alive = keepAlive();
    await new Promise<void>((resolve) => {
      const timer = clock.after(MESH_MS, resolve);
      void this.#meshed(joined.name).then(() => {
        timer.cancel();
        resolve();
      });
    });
    alive.cancel();
  }

  /**
   * An answering member has received this node's first beat, and has sent its own list of members before. So after the answer of the first
   * member all others are known, and after their answers they know this node.
   */
  async #meshed(first: string): Promise<void> {
    const { membership } = this.#deps;
    const hello = { kind: 'check-room', required: [] } as const;
    const ignore = (): void => {};
    await this.ask(first, hello).catch(ignore);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (membership.isMeshing) return;
        unsubscribe();
        resolve();
      };
      const unsubscribe = membership.subscribe(look);
      look();
    });
    await Promise.all(this.others.map((name) => this.ask(name, hello).catch(ignore)));
  }
}

/** Returns the question in words, for the message of a time-out. */
function asked(question: Question): string {
  switch (question.kind) {
    case 'register-capabilities':
      return 'to register its capabilities';
    case 'check-room':
      return 'whether it has room';
    case 'keep-value':
      return `to keep the value of "${question.functionId}" of DAG "${question.dagId}"`;
    case 'await-value':
      return `for the result of "${question.functionId}" of DAG "${question.dagId}"`;
    case 'lookup-location':
      return `where "${question.functionId}" of DAG "${question.dagId}" lies`;
    case 'clear-dag':
      return `to clear DAG "${question.dagId}"`;
    case 'compare-module':
      return `whether its module "${question.module}" is the same`;
    case 'check-content':
      return 'whether the code that it has run is the same';
    case 'take-digest':
      return 'for the digest of a value';
    case 'inherit-run':
      return 'what it has of a run';
    case 'which-folder':
      return 'which dataDir it has';
    case 'has-remembered':
      return 'what it remembers';
    case 'remember-value':
      return `to remember the value of "${question.functionId}"`;
    case 'show-status':
      return 'for its status';
    case 'list-runs':
    case 'show-run':
    case 'cancel-run':
    case 'watch-run':
      return 'about runs';
  }
}

/** Whether it is a valid node name. An answer with anything else counts as no knowledge. */
const isNodeName = (answer: unknown): answer is string => shapes.nodeName(answer) === undefined;

/** The parts of the node that asking other nodes needs. */
export interface ClusterDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly membership: Membership;
  readonly peers: PeerMesh;
  readonly requests: Requests;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly store: ValueStore;
}
