import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Door, type Knock } from './door.js';

describe('What is left of a cluster', function () {
  this.timeout(480_000);
  let door: Door;
  let program: ChildProcess;
  beforeEach(async () => {
    door = await Door.hang();
  });
  afterEach(() => {
    program.kill('SIGKILL');
    door.close();
  });

  const begin = async (transport: string, how: string): Promise<Record<string, Knock>> => {
    const file = fileURLToPath(new URL('programs/leave.ts', import.meta.url));
    program = fork(file, [transport, how, String(door.port)], { execArgv: ['--import=tsx'] });
    await once(program, 'message');
    const knocks = { n1: await door.knock('n1'), n2: await door.knock('n2'), n3: await door.knock('n3') };
    program.send('go');
    await once(program, 'message');
    return knocks;
  };

  for (const transport of ['memory', 'websocket', 'processes']) {
    it(`on ${transport} is nothing that keeps the program alive once it is stopped`, async () => {
      const { n2, n3 } = await begin(transport, 'stop');
      // What a loop function of a node of this process does cannot be stopped: these wait until they are let in.
      if (transport !== 'processes') for (const { open } of [n2, n3]) open();
      await Promise.all([n2.gone, n3.gone]);
      // The function of the first node that still knocks is turned away: its run is over, nobody hears of it.
      door.close();
      if (program.exitCode === null) await once(program, 'exit');
      expect(program.exitCode).to.equal(0);
    });
  }

  it('are no processes when the program is killed, not even one that stands still', async () => {
    const { n1, n2, n3 } = await begin('processes', 'stay');
    await n3.gone;
    expect(new Set([n1.pid, n2.pid, n3.pid, program.pid]).size).to.equal(3);
    program.kill('SIGKILL');
    await Promise.all([n1.gone, n2.gone]);
  });
});
