import { expect } from 'chai';
import type { Handoff, NodeOptions, SupervisedName } from '../../lib/index.js';
import type { ClusterOptions, LinkFaults } from '../../lib/testing/index.js';
import { TestCluster } from '../../lib/testing/index.js';

/** What was promised, as it was promised. The compiler holds this file to it. */
interface Promised {
  readonly names: readonly string[];
  node(name: string): Handoff;
  kill(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  partition(...sides: readonly (readonly string[])[]): Promise<void>;
  heal(): Promise<void>;
  link(a: string, b: string): { set(faults: LinkFaults): Promise<void> };
  readonly faults: {
    failFunction(functionId: string, options: { times?: number; error?: Error; beforeMs?: number }): Promise<void>;
    crashActor(node: string, actor: SupervisedName): Promise<void>;
    journal(node: string, faults: { failWrites?: 'full' | 'unreachable' | boolean; delayMs?: number; tearAt?: number }): Promise<void>;
  };
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
interface PromisedOptions {
  nodes: number | readonly NodeOptions[];
  transport?: 'memory' | 'websocket' | 'processes';
  seed?: number;
}
interface PromisedFaults {
  delayMs?: number;
  bytesPerSecond?: number;
  stall?: boolean;
  resetAfterBytes?: number;
}
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const isTrue = <T extends true>(value: T): T => value;

describe('The types of the testing kit', () => {
  it('are those that were promised', async () => {
    isTrue<Same<ClusterOptions, PromisedOptions>>(true);
    isTrue<Same<LinkFaults, PromisedFaults>>(true);
    const start: (options: PromisedOptions) => Promise<Promised> = TestCluster.start;
    expect(start).to.be.a('function');
    // @ts-expect-error: it is started, not made.
    const made = (): TestCluster => new TestCluster({ nodes: 1 });
    expect(made).to.be.a('function');
    // @ts-expect-error: there is no such transport.
    const options: ClusterOptions = { nodes: 1, transport: 'pigeon' };
    expect(options).to.be.an('object');
    // @ts-expect-error: links lose nothing.
    const faults: LinkFaults = { drop: 0.5 };
    expect(faults).to.be.an('object');
  });
});
