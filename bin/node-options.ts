import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Capabilities, defaultCapabilities, EXTENSIONS, type Isolation, isolationNames, type NodeOptions } from '../lib/index.js';
import { amount, countFrom, nonEmpty, resource, urls } from './option-values.js';
import { cookieOf, type SecretFlags, tlsOf } from './secret-files.js';

/** Options to reach other nodes, as commander reads them. */
export interface ClusterFlags extends SecretFlags {
  readonly join?: readonly string[];
  readonly joinTimeoutMs?: number;
  readonly extensions?: string;
}

/** Options of a node, as commander reads them. */
export interface NodeFlags extends ClusterFlags {
  readonly root?: string;
  readonly name?: string;
  readonly cpu?: number;
  readonly memory?: number;
  readonly resource?: ReadonlyMap<string, number>;
  readonly threads?: number;
  readonly threadHeap?: number;
  readonly threadSetup?: string;
  readonly isolation?: string;
  readonly loopConcurrency?: number;
  readonly codeSkew?: 'warn' | 'refuse';
  readonly valueMemory?: number;
  /** `false`: values stay in memory. A number: the most that they may take on the disk, MiB. */
  readonly spill?: boolean | number;
}

/** Adds the options of every command that joins or listens. */
export function withClusterOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--join <url>', 'a member of the cluster, ws://host:port; may be given more than once; one that answers is enough')
        .argParser(urls)
        .env('HANDOFF_JOIN'),
    )
    .option('--join-timeout-ms <ms>', 'how long to try to join; a refusal is final at once; default: 10000', amount)
    .option(
      '--cookie-file <file>',
      'the secret of the cluster, at least 16 characters, in a file that only you may read (chmod 600); default: that of HANDOFF_COOKIE',
      nonEmpty,
    )
    .option('--tls-cert <file>', 'the certificate of this node, in PEM: links are wss://', nonEmpty)
    .option('--tls-key <file>', 'the key of the certificate, in PEM, in a file that only you may read', nonEmpty)
    .option('--tls-ca <file>', 'the authority that must have signed the certificates of both sides', nonEmpty)
    .addOption(extensionsOption());
}

/** The option of every command whose node may have variants of the user's own. */
const extensionsOption = (): Option =>
  new Option('--extensions <module>', `a module that exports variants of your own: ${EXTENSIONS.join(', ')}`).argParser(nonEmpty);

const ISOLATION_TEXT =
  'where functions of modules run if they name no isolation, in the runs of this node: ' +
  `${isolationNames.join(', ')}, or one of --extensions; default: ${isolationNames[0]}`;

/** Adds the options of every command that starts a node. */
export function withNodeOptions(command: Command): Command {
  return command
    .option('--root <dir>', 'the folder that the modules of functions lie in; default: that of the nearest package.json', nonEmpty)
    .option('--name <n>', 'the name of this node; default: host name and a random suffix', nonEmpty)
    .option('--cpu <n>', 'how many cpu this node has; default: those of the machine, or the quota of its container', amount)
    .option('--memory <MiB>', 'how much memory this node has; default: that of the machine, or the limit of its container', amount)
    .option('--resource <name=n>', 'how much this node has of another resource, as in gpu=1; once for each', resource)
    .option('--threads <n>', 'how many worker threads run functions, at most; default: as many as it has cpu, at least 3', countFrom(1))
    .option(
      '--thread-heap <MiB>',
      'the largest heap of each worker thread, and of each child process; default: memory / threads',
      countFrom(16),
    )
    .option(
      '--thread-setup <module>',
      'a module that each worker thread and child process loads before its first function, as to set up tracing there',
      nonEmpty,
    )
    .option('--isolation <name>', ISOLATION_TEXT, nonEmpty)
    .option('--loop-concurrency <n>', 'how many functions run at once on the event loop; default: 256', countFrom(1))
    .addOption(
      new Option('--code-skew <what>', 'the reaction to a module that differs between this node and another').choices(['warn', 'refuse']),
    )
    .option('--value-memory <MiB>', 'how much of the values stays in memory, the rest goes to the disk; default: half of memory', amount)
    .option('--spill <MiB>', 'the most that values may take on the disk; default: 0.9 of what is free there at the start', amount)
    .option('--no-spill', 'when the memory for values is full, functions that only make more wait, and nothing goes to the disk');
}

/** Returns the options of `Handoff.start` that the flags give. Throws `UsageError` for a file that cannot be read. */
export function nodeOptions(flags: NodeFlags): NodeOptions {
  const { root, name, cpu, memory, resource: more, threads, threadHeap, threadSetup, isolation, loopConcurrency, codeSkew } = flags;
  const { valueMemory, spill } = flags;
  // Given capabilities replace the defaults whole, so all of them are set.
  const isDefault = cpu === undefined && memory === undefined && more === undefined;
  const own = defaultCapabilities();
  const capabilities: Capabilities = {
    cpu: cpu ?? own.cpu,
    memory: memory ?? own.memory,
    ...Object.fromEntries(more ?? []),
  };
  return {
    ...clusterOptions(flags),
    ...(root !== undefined && { root }),
    ...(name !== undefined && { name }),
    ...(!isDefault && { capabilities }),
    ...(threads !== undefined && { threads }),
    ...(threadHeap !== undefined && { threadHeapMiB: threadHeap }),
    ...(threadSetup !== undefined && { threadSetup: ownModule(threadSetup) }),
    // The engine knows which there are.
    ...(isolation !== undefined && { isolation: isolation as Isolation }),
    ...(loopConcurrency !== undefined && { loopConcurrency }),
    ...(codeSkew !== undefined && { codeSkew }),
    ...(valueMemory !== undefined && { valueMemoryMiB: valueMemory }),
    ...(typeof spill === 'boolean' && { spill }),
    ...(typeof spill === 'number' && { spillMiB: spill }),
  };
}

/** A path is one from the working directory, as that of any file that a command is told of. Other words name a package. */
const ownModule = (given: string): string => (/^\.{0,2}\//.test(given) || existsSync(given) ? resolve(given) : given);

/** Returns the options to reach other nodes. Throws `UsageError` for a file that cannot be read. */
export function clusterOptions(flags: ClusterFlags): Pick<NodeOptions, 'join' | 'joinTimeoutMs' | 'cookie' | 'tls'> {
  const { join, joinTimeoutMs } = flags;
  const cookie = cookieOf(flags);
  const tls = tlsOf(flags);
  return {
    ...(join && { join }),
    ...(joinTimeoutMs !== undefined && { joinTimeoutMs }),
    ...(cookie !== undefined && { cookie }),
    ...(tls && { tls }),
  };
}
