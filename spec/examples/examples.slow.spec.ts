import { once } from 'node:events';
import { get } from 'node:http';
import { expect } from 'chai';
import { call, built as command, project } from '../cli/command.js';
import { example, program } from './program.js';

const fetched = async (url: string): Promise<readonly [number, unknown]> => {
  const response = await fetch(url);
  return [response.status, await response.json()];
};

describe('the examples', function () {
  this.timeout(480_000);

  it('csv-etl: parts of a file are parsed in threads and joined', async () => {
    const { code, stdout } = await call(['run', example('csv-etl/dag.ts'), '--root', project, '-q']).ended;
    expect(stdout).to.match(/^load:\nmonth,rain_mm_per_day,warmest_c\n01,3\.76,/);
    expect(stdout.trim().split('\n')).to.have.lengthOf(14);
    expect(code).to.equal(0);
  });

  it('image-blur: attempts hold cpu and memory', async () => {
    const args = ['run', example('image-blur/dag.ts'), '--root', project, '--cpu', '2', '--memory', '300', '--json', '-q'];
    const { code, stdout } = await call(args).ended;
    const grey = [...(JSON.parse(stdout) as { compare: string }).compare.matchAll(/: (\d+) grey/g)].map(([, pixels]) => Number(pixels));
    expect(grey).to.have.lengthOf(4);
    expect([...grey].sort((a, b) => a - b)).to.deep.equal(grey);
    expect(code).to.equal(0);
  });

  it('web-server: a run for each request, several at once; what a client gives up is cancelled', async () => {
    const server = program(example('web-server/server.ts'));
    try {
      const [, port] = await server.writes(/listening on (\d+)/);
      const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
      const numbers = [360, 97, 1001, 65_536];
      const answers = await Promise.all(numbers.map((n) => fetched(at(`/factors/${n}`))));
      expect(answers).to.deep.equal([
        [200, [2, 2, 2, 3, 3, 5]],
        [200, [97]],
        [200, [7, 11, 13]],
        [200, new Array(16).fill(2)],
      ]);
      expect(await fetched(at('/nothing'))).to.deep.equal([404, 'no such page']);
      const request = get(at('/spin/3600000'));
      request.on('error', () => {});
      await once(request, 'finish');
      setImmediate(() => request.destroy());
      await server.writes(/cancelled: \/spin\/3600000/);
      expect(await fetched(at('/factors/6'))).to.deep.equal([200, [2, 3]]);
      server.child.kill('SIGTERM');
      expect((await server.ended).code).to.equal(0);
    } finally {
      server.child.kill('SIGKILL');
    }
  });

  it('two-nodes: a node of the command line and a program share a run', async () => {
    const node = program(command, 'node', '--listen', '127.0.0.1:0', '--name', 'worker', '--cpu', '2', '--root', project);
    try {
      const [url] = await node.writes(/ws:\/\/\S+/);
      const driver = program(example('two-nodes/main.ts'), url);
      const { code, text } = await driver.ended;
      expect(text).to.include('{"nodes":["driver","worker"],"primes":7837}');
      expect(code).to.equal(0);
      node.child.kill('SIGTERM');
      expect((await node.ended).code).to.equal(0);
    } finally {
      node.child.kill('SIGKILL');
    }
  });

  it('tests-with-faults: a test suite of a user', async () => {
    const { code, text } = await program('--test', example('tests-with-faults/pipeline.test.ts')).ended;
    expect(text).to.match(/pass 4\b/);
    expect(code).to.equal(0);
  });
});
