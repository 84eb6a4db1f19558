import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { nodeCommand } from '../../bin/commands/node.js';
import type { Session } from '../../bin/session.js';
import { blocksOf } from '../support/pages.js';

const page = 'docs/deployment.md';
const block = (language: string): string => blocksOf(page).find((one) => one.language === language)?.code ?? expect.fail(`no ${language}`);

/** Reads the words of a call of `handoff node` as the command does; throws for what it does not know. Returns the options. */
function optionsOf([first, ...words]: readonly string[]): Readonly<Record<string, unknown>> {
  expect(first).to.equal('node');
  const command = nodeCommand({} as Session).exitOverride();
  const { operands, unknown } = command.parseOptions([...words]);
  expect([...operands, ...unknown]).to.deep.equal([]);
  return command.opts();
}

describe('the guide to deployment', () => {
  it('has a Dockerfile whose command is one', () => {
    const dockerfile = block('dockerfile');
    const words = (instruction: string): string[] =>
      JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)![1]!) as string[];
    expect(words('ENTRYPOINT')).to.deep.equal(['node_modules/.bin/handoff']);
    const { listen } = optionsOf(words('CMD'));
    expect(dockerfile).to.include(`EXPOSE ${String(listen).split(':')[1]}`);
  });

  it('has a systemd unit whose command is one', () => {
    const [, program, rest] = /^ExecStart=(\S+) (.*)$/m.exec(block('ini'))!;
    expect(program).to.match(/^\/.*\/node_modules\/\.bin\/handoff$/);
    const { graceMs } = optionsOf(rest!.split(' '));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(block('ini'))![1]) * 1000).to.be.above(graceMs as number);
  });

  it('has a systemd unit that systemd takes', function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('      (not checked: this machine has no systemd-analyze)');
      return this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), 'handoff-unit-'));
    try {
      const program = join(folder, 'app/node_modules/.bin/handoff');
      mkdirSync(dirname(program), { recursive: true });
      writeFileSync(program, '#!/bin/sh\n');
      chmodSync(program, 0o755);
      const unit = join(folder, 'handoff.service');
      writeFileSync(unit, block('ini').replaceAll('/srv/app', join(folder, 'app')).replace('multi-user.target', 'default.target'));
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes('handoff.service') || line.includes(unit))).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has a manifest whose parts fit together, and whose arguments are a command', () => {
    const documents = parseAllDocuments(block('yaml'));
    for (const one of documents) expect([...one.errors, ...one.warnings]).to.deep.equal([]);
    const [service, deployment] = documents.map((one) => one.toJS()) as [Service, Deployment];
    expect([service.kind, deployment.kind]).to.deep.equal(['Service', 'Deployment']);
    expect(service.spec.clusterIP, 'headless').to.equal('None');
    expect(service.spec.publishNotReadyAddresses).to.equal(true);
    const { template, selector } = deployment.spec;
    expect(template.metadata.labels).to.include(service.spec.selector).and.to.include(selector.matchLabels);
    const [container] = template.spec.containers;
    const options = optionsOf(container.args);
    const [{ port }] = service.spec.ports;
    expect(options.listen).to.equal(`$(POD_IP):${port}`);
    expect(options.join).to.deep.equal([`ws://${service.metadata.name}:${port}`]);
    expect(template.spec.terminationGracePeriodSeconds * 1000).to.be.above(options.graceMs as number);
    for (const [, name] of container.args.join(' ').matchAll(/\$\((\w+)\)/g)) expect(container.env.map((one) => one.name)).to.include(name);
    const [mount] = container.volumeMounts;
    expect(options.cookieFile).to.equal(`${mount.mountPath}/cookie`);
    const volume = template.spec.volumes.find(({ name }) => name === mount.name)!;
    // The command refuses a cookie that others may read. A leading zero makes it octal in YAML 1.1, which Kubernetes reads.
    expect(block('yaml')).to.match(/defaultMode: 0400\b/);
    expect(block('sh').length).to.be.above(0);
    const create = blocksOf(page).find(({ code }) => code.includes('create secret'))!.code;
    expect(create).to.include(`generic ${volume.secret.secretName} --from-file=cookie`);
  });
});

interface Service {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly clusterIP: string;
    readonly publishNotReadyAddresses: boolean;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly [{ readonly port: number }];
  };
}

interface Deployment {
  readonly kind: string;
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [
          {
            readonly args: readonly string[];
            readonly env: readonly { readonly name: string }[];
            readonly volumeMounts: readonly [{ readonly name: string; readonly mountPath: string }];
          },
        ];
        readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
      };
    };
  };
}
