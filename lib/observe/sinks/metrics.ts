import type { Histogram as PromHistogram, Registry } from 'prom-client';
import { PHASE_BOUNDS_S, PHASE_NAMES, type PhaseCounts } from '../../runner/index.js';
import type { NodeMeasures } from './node-measures.js';
import type { NodeSink, ScrapedText, SinkNode } from './sink.js';

type PromClient = typeof import('prom-client');

/** prom-client loads in 30 ms, so it is loaded when metrics are asked for. */
const loaded = (): Promise<PromClient> => import('prom-client');

const FORMATS = ['prometheus', 'openmetrics'] as const;
type Format = (typeof FORMATS)[number];

/** Metrics of the process are the same for all nodes in it. Their observers cannot be taken away again, so there is one of each. */
const ofProcess = new Map<Format, Registry>();

/**
 * The numbers of a node for Prometheus. Nothing is counted here: each scrape reads what the node counts anyway. A registry has one format
 * for ever, as prom-client changes the names of its counters for OpenMetrics.
 */
export function metricsSink(node: Pick<SinkNode, 'measures'>): NodeSink & Required<Pick<NodeSink, 'scrape'>> {
  const registries = new Map<Format, Registry>();
  let measured: NodeMeasures;
  return {
    async scrape(accept): Promise<ScrapedText> {
      const client = await loaded();
      const format = formatIn(accept);
      let registry = registries.get(format);
      if (!registry) {
        registry = registryOf(client, format, () => measured);
        registries.set(format, registry);
      }
      measured = node.measures();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** OpenMetrics goes to those who ask for it, and prefer it to plain text. */
function formatIn(accept: string): Format {
  const weightOf = (type: string): number => {
    const all = accept.split(',').filter((part) => part.trim().toLowerCase().startsWith(type));
    return Math.max(0, ...all.map((part) => Number(/;\s*q=([\d.]+)/i.exec(part)?.[1] ?? 1)));
  };
  const open = weightOf('application/openmetrics-text');
  return open > 0 && open >= weightOf('text/plain') ? 'openmetrics' : 'prometheus';
}

function newRegistry({ Registry: Made }: PromClient, format: Format): Registry {
  const type = format === 'openmetrics' ? Made.OPENMETRICS_CONTENT_TYPE : Made.PROMETHEUS_CONTENT_TYPE;
  const registry = new Made();
  // Its types know only the default format.
  registry.setContentType(type as typeof Made.PROMETHEUS_CONTENT_TYPE);
  return registry;
}

function processRegistry(client: PromClient, format: Format): Registry {
  const known = ofProcess.get(format);
  if (known) return known;
  const registry = newRegistry(client, format);
  client.collectDefaultMetrics({ register: registry });
  // Gauges with names of counters: promtool refuses them.
  for (const { name, type } of registry.getMetricsAsArray()) {
    if (String(type) === 'gauge' && name.endsWith('_total')) registry.removeSingleMetric(name);
  }
  ofProcess.set(format, registry);
  return registry;
}

function registryOf(client: PromClient, format: Format, now: () => NodeMeasures): Registry {
  const { Counter, Gauge, Histogram } = client;
  const registry = newRegistry(client, format);
  const registers = [registry];

  const counter = (name: string, help: string, label: string, read: (measures: NodeMeasures) => Readonly<Record<string, number>>): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read(now()))) this.inc({ [label]: value }, count);
      },
    });
  };
  const gauge = (
    name: string,
    help: string,
    label: string,
    read: (measures: NodeMeasures) => Iterable<readonly [string, number]>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, amount] of read(now())) this.set({ [label]: value }, amount);
      },
    });
  };
  /** A histogram whose buckets are counted elsewhere: to observe each value once more would take most of a scrape. */
  class CountedHistogram extends Histogram<'phase'> {
    /** What prom-client writes as text. */
    async getForPromString(): Promise<object> {
      const values = PHASE_NAMES.flatMap((phase, at) => lines(this.name, phase, now().phases[at]!));
      return { name: this.name, help: this.help, type: 'histogram', values, aggregator: 'sum' };
    }

    override get(): ReturnType<PromHistogram<'phase'>['get']> {
      return this.getForPromString() as ReturnType<PromHistogram<'phase'>['get']>;
    }

    declare readonly name: string;
    declare readonly help: string;
  }

  counter('handoff_functions_total', 'Functions of the runs of this driver that have ended.', 'result', ({ functions }) => functions);
  counter('handoff_attempts_total', 'Attempts that have ended on this node, for any driver.', 'outcome', ({ attempts }) => attempts);
  new CountedHistogram({
    name: 'handoff_function_phase_seconds',
    help: 'How long the phases of attempts took, for the runs of this driver.',
    labelNames: ['phase'],
    buckets: [...PHASE_BOUNDS_S],
    registers,
  });
  gauge('handoff_current_functions', 'Functions of the runs of this driver now.', 'state', ({ current }) => Object.entries(current));
  gauge('handoff_current_runs', 'Runs of this driver now.', 'state', ({ runs }) => Object.entries(runs));
  gauge('handoff_resource_capacity', 'What this node has.', 'resource', ({ capacity }) => capacity);
  gauge('handoff_resource_used', 'What running functions hold of it, for any driver.', 'resource', ({ used }) => used);
  gauge('handoff_value_bytes', 'The values that this node holds.', 'where', ({ valueBytes }) => Object.entries(valueBytes));
  gauge('handoff_value_limit_bytes', 'So many bytes of values stay there; others go to the disk.', 'where', ({ valueLimitBytes }) =>
    Object.entries(valueLimitBytes),
  );
  gauge('handoff_remembered', 'The results that the folder of this node remembers.', 'what', ({ remembered: { entries } }) => [
    ['results', entries],
  ]);
  counter('handoff_remembered_hits_total', 'How often a remembered result was found.', 'what', ({ remembered: { hits } }) => ({
    results: hits,
  }));
  counter('handoff_transferred_bytes_total', 'What has gone over the links of this node.', 'direction', (all) => all.transferredBytes);
  gauge('handoff_members', 'Members of the cluster as this node sees them, itself included.', 'status', ({ members }) =>
    Object.entries(members),
  );
  for (const metric of processRegistry(client, format).getMetricsAsArray()) registry.registerMetric(metric as never);
  return registry;
}

/** The lines of one phase: what lasted at most as long as each bound, all, and the sum. */
function lines(name: string, phase: string, { counts, sumMs }: PhaseCounts): object[] {
  let sum = 0;
  const buckets = [...counts].map((count, at) => {
    sum += count;
    return { metricName: `${name}_bucket`, labels: { phase, le: PHASE_BOUNDS_S[at] ?? '+Inf' }, value: sum };
  });
  const labels = { phase };
  return [...buckets, { metricName: `${name}_sum`, labels, value: sumMs / 1000 }, { metricName: `${name}_count`, labels, value: sum }];
}
