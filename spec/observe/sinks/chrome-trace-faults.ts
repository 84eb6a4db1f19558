interface Given {
  readonly name?: unknown;
  readonly ph?: unknown;
  readonly pid?: unknown;
  readonly tid?: unknown;
  readonly ts?: unknown;
  readonly dur?: unknown;
  readonly id?: unknown;
  readonly bp?: unknown;
  readonly s?: unknown;
  readonly args?: unknown;
}

interface Bar {
  readonly fromNs: number;
  readonly toNs: number;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const ns = (us: unknown): number => Math.round((us as number) * 1000);

/**
 * What is wrong with a Chrome trace, by the document "Trace Event Format": the fields that each kind of event must have, bars that nest in
 * their thread and never overlap otherwise, arrows with one beginning and one end, each within a bar, and names for all processes and
 * threads that occur.
 */
export function chromeTraceFaults(trace: unknown): string[] {
  const { traceEvents } = trace as { traceEvents?: unknown };
  if (!Array.isArray(traceEvents)) return ['traceEvents is no array'];
  const faults: string[] = [];
  const bars = new Map<string, Bar[]>();
  const arrows = new Map<unknown, { s: Given[]; f: Given[] }>();
  const named = { processes: new Set<unknown>(), threads: new Set<string>() };
  const used = { processes: new Set<unknown>(), threads: new Set<string>() };
  for (const [at, event] of (traceEvents as Given[]).entries()) {
    const { name, ph, pid, tid, ts, dur, id, bp, s, args } = event;
    const fault = (what: string): void => void faults.push(`event ${at} (${String(ph)} ${String(name)}): ${what}`);
    const thread = `${String(pid)}/${String(tid)}`;
    if (typeof name !== 'string') fault('no name');
    if (!Number.isSafeInteger(pid)) fault('pid is no integer');
    if (ph !== 'M' && !isNumber(ts)) fault('ts is no time');
    if (ph !== 'C' && !(ph === 'M' && String(name).startsWith('process_')) && !Number.isSafeInteger(tid)) fault('tid is no integer');
    if (ph !== 'M') used.processes.add(pid);
    if (ph === 'X' || ph === 'i' || ph === 's' || ph === 'f') used.threads.add(thread);
    switch (ph) {
      case 'X': {
        if (!isNumber(dur)) fault('dur is no length of time');
        const known = bars.get(thread);
        const bar = { fromNs: ns(ts), toNs: ns(ts) + ns(dur) };
        if (known) known.push(bar);
        else bars.set(thread, [bar]);
        break;
      }
      case 'i':
        if (s !== 't' && s !== 'p' && s !== 'g') fault('the scope of an instant is t, p or g');
        break;
      case 's':
      case 'f': {
        if (typeof id !== 'number' && typeof id !== 'string') fault('no id');
        if (bp !== undefined && bp !== 'e') fault('bp is e or missing');
        const both = arrows.get(id) ?? { s: [], f: [] };
        arrows.set(id, both);
        both[ph].push(event);
        break;
      }
      case 'C':
        if (typeof args !== 'object' || args === null || !Object.values(args).every(isNumber)) fault('a count has numbers as args');
        break;
      case 'M': {
        const { name: given, sort_index: order } = args as { name?: unknown; sort_index?: unknown };
        if (String(name).endsWith('_name') ? typeof given !== 'string' : !Number.isSafeInteger(order)) fault('its args do not fit');
        if (name === 'process_name') named.processes.add(pid);
        if (name === 'thread_name') named.threads.add(thread);
        break;
      }
      default:
        fault('no known phase');
    }
  }
  for (const pid of used.processes) if (!named.processes.has(pid)) faults.push(`process ${String(pid)} has no name`);
  for (const thread of used.threads) if (!named.threads.has(thread)) faults.push(`thread ${thread} has no name`);
  for (const [thread, own] of bars) faults.push(...overlapsOf(thread, own));
  for (const [id, { s, f }] of arrows) {
    if (s.length !== 1 || f.length !== 1) faults.push(`arrow ${String(id)} has ${s.length} beginnings and ${f.length} ends`);
    else if (ns(s[0]!.ts) > ns(f[0]!.ts)) faults.push(`arrow ${String(id)} ends before it begins`);
  }
  // Sorted by their begin now: the last bar that begins at or before a time is in the same attempt as that time, or before it.
  for (const { s, f } of arrows.values()) {
    for (const { id, pid, tid, ts } of [...s, ...f])
      if (!isWithin(bars.get(`${String(pid)}/${String(tid)}`) ?? [], ns(ts))) faults.push(`an end of arrow ${String(id)} is in no bar`);
  }
  return faults;
}

function overlapsOf(thread: string, bars: Bar[]): string[] {
  bars.sort((a, b) => a.fromNs - b.fromNs || b.toNs - a.toNs);
  const faults: string[] = [];
  const open: Bar[] = [];
  for (const bar of bars) {
    while (open.length > 0 && open.at(-1)!.toNs <= bar.fromNs) open.pop();
    if (open.length > 0 && open.at(-1)!.toNs < bar.toNs) faults.push(`bars of thread ${thread} overlap at ${bar.fromNs} ns`);
    open.push(bar);
  }
  return faults;
}

/** Whether a time is within one of the bars, which are in order. The last that begin no later are looked at: an attempt and its phases. */
function isWithin(bars: readonly Bar[], atNs: number): boolean {
  let [from, to] = [0, bars.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (bars[middle]!.fromNs <= atNs) from = middle + 1;
    else to = middle;
  }
  return bars.slice(Math.max(0, from - 12), from).some(({ toNs }) => atNs <= toNs);
}
