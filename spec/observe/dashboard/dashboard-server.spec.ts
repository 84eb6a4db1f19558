import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HandoffError } from '../../../lib/index.js';
import type { DashboardSetup } from '../../../lib/observe/index.js';
import { caught } from '../../support/caught.js';
import { ask, Reader, raw, type Served, served } from './served.js';

const HOSTILE = '</script><img src=x onerror=alert(1)>';
const groups = encodeURIComponent(JSON.stringify({ view: 'groups' }));

describe('the server of a dashboard', () => {
  let open: Served[] = [];
  const start = async (setup: Partial<DashboardSetup> = {}): Promise<Served> => {
    const one = await served(setup);
    open.push(one);
    return one;
  };
  afterEach(async () => {
    await Promise.all(open.map(({ server }) => server.close()));
    open = [];
  });

  it('answers questions as JSON that nothing stores', async () => {
    const { port, source } = await start();
    source.runs = [{ runId: 'r1' }];
    source.views.set('r 1/ü', { run: { version: 1 } });
    const cluster = await ask(port, '/api/cluster');
    expect(JSON.parse(cluster.text)).to.deep.equal(source.cluster);
    expect(cluster.headers['content-type']).to.equal('application/json; charset=utf-8');
    expect(cluster.headers['cache-control']).to.equal('no-store');
    expect(JSON.parse((await ask(port, '/api/runs')).text)).to.deep.equal({ runs: [{ runId: 'r1' }] });
    const view = await ask(port, `/api/run/${encodeURIComponent('r 1/ü')}/view?request=${groups}`);
    expect(JSON.parse(view.text)).to.deep.equal({ run: { version: 1 } });
    const head = await ask(port, '/api/cluster', { method: 'HEAD' });
    expect([head.status, head.text]).to.deep.equal([200, '']);
  });

  it('says by its status what went wrong, and logs only what nobody foresaw', async () => {
    const { port, source, logger } = await start();
    const rejecting = (error: Error) => () => Promise.reject(error);
    source.views.set('lost', rejecting(new HandoffError('HANDOFF_NODE_LOST', 'its driver is gone')));
    source.views.set('late', rejecting(new HandoffError('HANDOFF_TIMEOUT', 'no answer')));
    source.views.set('stopped', rejecting(new HandoffError('HANDOFF_STOPPED', 'over')));
    source.views.set('wrong', rejecting(new TypeError('view must be a view')));
    const statusOf = async (run: string, request = groups) => {
      const { status, text } = await ask(port, `/api/run/${run}/view?request=${request}`);
      return [status, (JSON.parse(text) as { error: { code: string } }).error.code];
    };
    expect(await statusOf('none')).to.deep.equal([404, 'HANDOFF_NOT_FOUND']);
    expect(await statusOf('lost')).to.deep.equal([502, 'HANDOFF_NODE_LOST']);
    expect(await statusOf('late')).to.deep.equal([504, 'HANDOFF_TIMEOUT']);
    expect(await statusOf('stopped')).to.deep.equal([503, 'HANDOFF_STOPPED']);
    expect(await statusOf('wrong')).to.deep.equal([400, 'BAD_REQUEST']);
    for (const request of ['', '%7B', 'null', '[]', '7', '%7B%22view%22%3A7%7D'])
      expect(await statusOf('x', request), request).to.deep.equal([400, 'BAD_REQUEST']);
    expect(logger.lines).to.deep.equal([]);
    source.views.set('bug', rejecting(new Error('the secret of the engine')));
    const bug = await ask(port, `/api/run/bug/view?request=${groups}`);
    expect(bug.status).to.equal(500);
    expect(bug.text).to.not.include('secret');
    expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error']);
  });

  it('cancels with an empty object, and refuses any other body', async () => {
    const { port, source } = await start();
    source.views.set('r1', {});
    const headers = { 'content-type': 'application/json' };
    const post = (path: string, body: string) => ask(port, path, { method: 'POST', headers, body });
    expect((await post('/api/run/r1/cancel', '{}')).status).to.equal(202);
    expect(source.cancelled).to.deep.equal(['r1']);
    expect((await post('/api/run/none/cancel', '{}')).status).to.equal(404);
    expect((await post('/api/run/r1/cancel', '{"a":1}')).status).to.equal(400);
    expect((await post('/api/run/r1/cancel', `{${' '.repeat(100_000)}}`)).status).to.equal(413);
    expect((await ask(port, '/api/run/r1/cancel', { method: 'POST', body: '{}' })).status).to.equal(415);
    expect(
      (await ask(port, '/api/run/r1/cancel', { method: 'POST', headers: { ...headers, origin: 'http://evil.example' }, body: '{}' }))
        .status,
    ).to.equal(403);
    expect(source.cancelled).to.deep.equal(['r1']);
  });

  it('sends the rules for browsers with every answer, and no permission to other origins', async () => {
    const { port } = await start();
    const requests = [
      ask(port, '/'),
      ask(port, '/api/cluster', { headers: { origin: 'http://evil.example' } }),
      ask(port, '/nothing'),
      ask(port, '/metrics'),
      ask(port, '/healthz'),
      ask(port, '/', { method: 'OPTIONS', headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } }),
      ask(port, '/', { headers: { host: 'evil.example' } }),
    ];
    for (const { headers } of await Promise.all(requests)) {
      const policy = headers['content-security-policy']!;
      expect(policy).to.include("default-src 'none'").and.include("connect-src 'self'").and.include("frame-ancestors 'none'");
      expect(policy).to.not.match(/unsafe|\*|https?:/);
      expect(headers['x-content-type-options']).to.equal('nosniff');
      expect(headers['referrer-policy']).to.equal('no-referrer');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([]);
      expect(headers).to.not.have.property('x-powered-by');
    }
  });

  it('carries hostile ids, errors and lines as text through every answer', async () => {
    const { port, source } = await start();
    const hostile = { id: HOSTILE, error: { message: HOSTILE, stack: HOSTILE }, lines: [{ line: `${HOSTILE}\n\ndata: forged\r\n\u2028` }] };
    source.cluster = hostile;
    source.runs = [hostile];
    source.views.set(HOSTILE, hostile);
    const run = encodeURIComponent(HOSTILE);
    for (const [path, expected] of [
      ['/api/cluster', hostile],
      ['/api/runs', { runs: [hostile] }],
      [`/api/run/${run}/view?request=${groups}`, hostile],
    ] as const) {
      const answer = await ask(port, path);
      expect(answer.headers['content-type'], path).to.equal('application/json; charset=utf-8');
      expect(JSON.parse(answer.text), path).to.deep.equal(expected);
    }
    const unknown = await ask(port, `/api/run/${run}x/view?request=${groups}`);
    expect([unknown.status, unknown.headers['content-type']]).to.deep.equal([404, 'application/json; charset=utf-8']);
    for (const of of ['cluster', `run/${run}&request=${groups}`]) {
      const reader = await Reader.of(port, `/api/stream?of=${of}`);
      const event = await reader.next();
      expect(JSON.parse(event!.slice('event: data\ndata: '.length)), of).to.deep.equal(hostile);
      reader.close();
    }
  });

  it('refuses hosts, paths and heads that only an attacker sends', async () => {
    const { port } = await start();
    const first = async (text: string): Promise<string> => (await raw(port, text)).split('\r\n', 1)[0]!;
    expect(await first('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n')).to.match(/ 403 /);
    expect(await first('GET / HTTP/1.1\r\n\r\n')).to.match(/ 400 /);
    expect(await first('GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n')).to.match(/ 400 /);
    expect(await first('GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n')).to.match(/ 400 /);
    expect(await first('GET /assets/../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n')).to.match(/ 404 /);
    expect(await first('nonsense\r\n\r\n')).to.match(/ 400 /);
    expect(await first(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`)).to.match(/ 431 /);
    expect(await first(`GET /${'y'.repeat(13_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).to.match(/ 400 /);
    expect(await first('CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')).to.not.match(/ 200 /);
    const smuggled =
      'POST /api/run/a/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await first(smuggled)).to.match(/ 400 /);
    expect(
      await first('GET /api/cluster HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'),
    ).to.not.match(/ 101 /);
  });

  it('asks for the token that was given, and needs none for page and health', async () => {
    const token = 'a-token-of-20-chars!';
    const { port, server } = await start({ token });
    expect(server.url).to.not.include(token);
    const without = await ask(port, '/api/cluster');
    expect([without.status, without.headers['www-authenticate']]).to.deep.equal([401, 'Bearer realm="handoff"']);
    expect((await ask(port, '/metrics', { headers: { authorization: 'Bearer another-token-of-20!' } })).status).to.equal(401);
    for (const path of ['/api/cluster', '/metrics']) {
      expect((await ask(port, path, { headers: { authorization: `Bearer ${token}` } })).status, path).to.equal(200);
    }
    expect((await ask(port, `/api/cluster?token=${token}`)).status).to.equal(401);
    expect((await ask(port, '/healthz')).status).to.equal(200);
    expect((await ask(port, '/')).status).to.be.oneOf([200, 503]);
  });

  it('makes a token where others reach it, puts it into the fragment, and warns of a way without TLS', async () => {
    const { port, server, logger } = await start({ address: { host: '0.0.0.0', port: 0 } });
    const { hash, host } = new URL(server.url);
    expect(hash).to.match(/^#[\w-]{32}$/);
    expect((await ask(port, '/api/cluster')).status).to.equal(401);
    const headers = { authorization: `Bearer ${hash.slice(1)}` };
    expect((await ask(port, '/api/cluster', { headers })).status).to.equal(200);
    expect((await ask(port, '/api/cluster', { headers: { ...headers, host } })).status).to.equal(200);
    expect((await ask(port, '/api/cluster', { headers: { ...headers, host: 'evil.example' } })).status).to.equal(403);
    expect(logger.lines.map(({ level, message }) => [level, /without TLS/.test(message)])).to.deep.equal([['warn', true]]);
    expect(JSON.stringify(logger.lines)).to.not.include(hash.slice(1));
  });

  it('tells of its health with nothing but a status, also once it drains', async () => {
    let isDraining = false;
    const { port } = await start({ isDraining: () => isDraining });
    const healthy = await ask(port, '/healthz', { headers: { host: '10.0.0.9' } });
    expect([healthy.status, healthy.text]).to.deep.equal([200, '']);
    isDraining = true;
    const draining = await ask(port, '/healthz');
    expect([draining.status, draining.text]).to.deep.equal([503, '']);
  });

  it('serves metrics alone, without pages', async () => {
    const { port, server } = await start({ option: 'metrics', source: undefined });
    expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answer = await ask(port, '/metrics', { headers: { accept: 'application/openmetrics-text' } });
    expect([answer.status, answer.text]).to.deep.equal([200, '# application/openmetrics-text\n']);
    for (const path of ['/', '/runs', '/api/cluster', '/assets/page.js', '/api/stream?of=runs'])
      expect((await ask(port, path)).status, path).to.equal(404);
    expect((await ask(port, '/healthz')).status).to.equal(200);
  });

  it('says that a port is in use, and leaves nothing behind', async () => {
    const { port } = await start();
    const error = await caught(served({ address: { host: '127.0.0.1', port } }));
    expect(error).to.include({ code: 'EADDRINUSE' });
    expect(error.message).to.equal(`Cannot serve the dashboard at "127.0.0.1:${port}": address already in use (EADDRINUSE)`);
  });

  describe('with the files of a page', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'handoff-page-'));
      mkdirSync(join(folder, 'page', 'assets', 'inner'), { recursive: true });
      writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>page</title>');
      writeFileSync(join(folder, 'page', 'assets', 'page-12ab.js'), 'console.log(1);'.repeat(100));
      writeFileSync(join(folder, 'page', 'assets', 'page.js.map'), '{}');
      writeFileSync(join(folder, 'page', 'assets', 'inner', 'x.js'), 'inner');
      writeFileSync(join(folder, 'secret.js'), 'secret');
      symlinkSync(join(folder, 'secret.js'), join(folder, 'page', 'assets', 'link.js'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('serves the page at each of its paths, not cached, and its files for ever', async () => {
      const { port } = await start({ folder: join(folder, 'page') });
      for (const path of ['/', '/runs', '/run/r1', '/run/r1/timeline', '/run/r1/function/f%2F1']) {
        const page = await ask(port, path);
        expect([page.status, page.text, page.headers['cache-control']], path).to.deep.equal([
          200,
          '<!doctype html><title>page</title>',
          'no-cache',
        ]);
        expect(page.headers['content-type']).to.equal('text/html; charset=utf-8');
      }
      const script = await ask(port, '/assets/page-12ab.js');
      expect(script.text).to.equal('console.log(1);'.repeat(100));
      expect(script.headers).to.include({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
      });
      const again = await ask(port, '/assets/page-12ab.js', { headers: { 'if-none-match': script.headers.etag! } });
      expect([again.status, again.text]).to.deep.equal([304, '']);
    });

    it('compresses what the browser takes compressed', async () => {
      const { port } = await start({ folder: join(folder, 'page') });
      const of = (accepted: string) => fetch(`http://127.0.0.1:${port}/assets/page-12ab.js`, { headers: { 'accept-encoding': accepted } });
      for (const [accepted, encoding] of [
        ['gzip, deflate, br', 'br'],
        ['gzip', 'gzip'],
        ['br;q=0, gzip;q=0.5', 'gzip'],
        ['identity', null],
      ] as const) {
        const answer = await of(accepted);
        expect(answer.headers.get('content-encoding'), accepted).to.equal(encoding);
        expect(await answer.text()).to.equal('console.log(1);'.repeat(100));
      }
    });

    it('serves nothing else of the disk', async () => {
      const { port } = await start({ folder: join(folder, 'page') });
      const names = [
        'link.js',
        'page.js.map',
        'inner',
        'x.js',
        '..',
        '.',
        '...',
        'index.html',
        '..%2f..%2fsecret.js',
        'inner%2fx.js',
        'page-12ab.js%00',
      ];
      for (const name of names) expect((await ask(port, `/assets/${name}`)).status, name).to.equal(404);
    });

    it('says what to do where the page was not built', async () => {
      const { port } = await start({ folder: join(folder, 'nothing') });
      const page = await ask(port, '/');
      expect([page.status, page.text]).to.deep.equal([503, 'The page of the dashboard was not built: npm run build\n']);
      expect((await ask(port, '/assets/page.js')).status).to.equal(404);
    });
  });
});
