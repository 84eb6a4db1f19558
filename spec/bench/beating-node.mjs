// A node in a process of its own that beats often, so that it shows what holds a beat up; it tells its parent about itself.
import './observed.mjs';
import { Handoff } from 'handoff-dag';

const [name, root, intervalMs, memoryMiB, ...join] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const heartbeat = { intervalMs: Number(intervalMs), timeoutMs: 5000 };
const handoff = await Handoff.start({
  name,
  listen: '127.0.0.1:0',
  root,
  heartbeat,
  join,
  logger: quiet,
  capabilities: { cpu: 1, ...(memoryMiB && { memory: Number(memoryMiB) }) },
  threads: 1,
});
console.log(handoff.address);
