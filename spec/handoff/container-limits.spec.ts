import { availableParallelism, totalmem } from 'node:os';
import { expect } from 'chai';
import { checkedNodeOptions } from '../../lib/handoff/index.js';
import { cpuQuota, defaultCapabilities, defaultCpu, defaultMemoryMiB } from '../../lib/handoff/options/container-limits.js';

const filesOf =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    files[path];

describe('the limits of a container', () => {
  it('are the least quota of its cgroup and of all above it, in version 2', () => {
    const files = {
      '/proc/self/cgroup': '0::/kubepods/pod1/one\n',
      '/sys/fs/cgroup/kubepods/pod1/one/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/kubepods/pod1/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/kubepods/cpu.max': '400000 100000\n',
    };
    expect(cpuQuota(filesOf(files))).to.equal(1.5);
  });

  it('are found at the mount where the path is the host’s', () => {
    const files = { '/proc/self/cgroup': '0::/../../docker/abc\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' };
    expect(cpuQuota(filesOf(files))).to.equal(0.5);
  });

  it('are a quota and a period in two files, in version 1', () => {
    const files = {
      '/proc/self/cgroup': '12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '100000\n',
    };
    expect(cpuQuota(filesOf(files))).to.equal(2);
    const renamed = { ...files, '/proc/self/cgroup': '3:cpu:/docker/abc\n', '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us': '300000\n' };
    expect(cpuQuota(filesOf({ ...renamed, '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us': '100000\n' }))).to.equal(3);
  });

  it('are none where there are no cgroups, no quota, or text that says nothing', () => {
    expect(cpuQuota(filesOf({}))).to.equal(Number.POSITIVE_INFINITY);
    for (const text of ['max 100000', 'max', '', '0 100000', '-1 100000', 'x y', '100000 0', '1 2 3']) {
      expect(cpuQuota(filesOf({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': text })), text).to.equal(Number.POSITIVE_INFINITY);
    }
  });

  it('make the defaults of a node: whichever is less, fractions too, at least one cpu', () => {
    const none = Number.POSITIVE_INFINITY;
    expect([defaultCpu(8, none), defaultCpu(8, 2.5), defaultCpu(2, 4), defaultCpu(8, 0.25), defaultCpu(8, 1.3333333)]).to.deep.equal([
      8, 2.5, 2, 1, 1.333,
    ]);
    const gib = 2 ** 30;
    expect([defaultMemoryMiB(8 * gib, 2 * gib), defaultMemoryMiB(8 * gib, 0), defaultMemoryMiB(8 * gib, 2 ** 64)]).to.deep.equal([
      2048, 8192, 8192,
    ]);
  });

  it('are those of this process where nothing else is said', () => {
    const own = defaultCapabilities();
    expect(own.cpu).to.be.within(1, availableParallelism());
    expect(own.memory).to.be.within(1, Math.floor(totalmem() / 2 ** 20));
    const { capabilities, threads } = checkedNodeOptions(undefined);
    expect(capabilities).to.deep.equal(own);
    expect(threads).to.equal(Math.max(3, Math.ceil(own.cpu)));
    expect(checkedNodeOptions({ capabilities: { cpu: 4.5 } }).threads).to.equal(5);
  });
});
