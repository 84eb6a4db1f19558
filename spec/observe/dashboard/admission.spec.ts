import { expect } from 'chai';
import { type AdmissionRules, type AskedRequest, admitRequest } from '../../../lib/observe/dashboard/admission.js';

const open: AdmissionRules = {
  ownHosts: ['127.0.0.1:8787'],
  isEverywhere: false,
  defaultPort: 80,
  isToken: undefined,
  hasPages: true,
  hasMetrics: true,
};
const guarded: AdmissionRules = {
  ...open,
  ownHosts: ['box.example:8787', '10.0.0.5:8787'],
  isToken: (given) => given === 'sixteen-letters-',
};
const json = 'application/json';

/** What becomes of a request: where it goes, or the status of its refusal. */
function outcome(first: string, rules: AdmissionRules, rest: Partial<AskedRequest> = {}): string | number {
  const [method, target] = first.split(' ') as [string, string];
  const admission = admitRequest({ method, target, hosts: ['localhost:1'], ...rest }, rules);
  return admission.type === 'admitted' ? admission.route.to : admission.status;
}

describe('who may pass the door of a dashboard', () => {
  it('leads each path where it belongs, with and without a query', () => {
    const table: readonly (readonly [string, string | number])[] = [
      ['GET /', 'page'],
      ['GET /?x=1', 'page'],
      ['HEAD /', 'page'],
      ['GET /runs', 'page'],
      ['GET /run/abc', 'page'],
      ['GET /run/abc/timeline', 'page'],
      ['GET /run/abc/graph', 'page'],
      ['GET /run/abc/function/a%2Fb', 'page'],
      ['GET /run/abc/function/a/b', 404],
      ['GET /run/', 404],
      ['GET /assets/page-12ab.js', 'asset'],
      ['GET /assets/', 404],
      ['GET /assets/../package.json', 404],
      ['GET /assets/..', 'asset'],
      ['GET /assets/a/b.js', 404],
      ['GET /assets/%2e%2e%2fpackage.json', 404],
      ['GET /api/cluster', 'cluster'],
      ['GET /api/runs', 'runs'],
      ['GET /api/run/abc/view?request=%7B%7D', 'view'],
      ['GET /api/run/%ff/view', 400],
      ['GET /run/%ff', 400],
      ['GET /api/stream?of=cluster', 'stream'],
      ['GET /api/stream?of=run/abc&request=%7B%7D', 'run-stream'],
      ['GET /api/stream?of=secrets', 404],
      ['GET /api/stream', 404],
      ['GET /metrics', 'metrics'],
      ['GET /healthz', 'health'],
      ['GET /favicon.ico', 404],
      ['GET //', 404],
      ['GET http://localhost/', 400],
      ['GET *', 400],
      [`GET /${'x'.repeat(20_000)}`, 400],
    ];
    for (const [first, expected] of table) expect(outcome(first, open), first.slice(0, 80)).to.equal(expected);
  });

  it('takes GET and HEAD, POST for a cancel, and nothing else', () => {
    const post = { contentType: json };
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'get', '']) {
      expect(outcome(`${method} /`, open, post), method).to.equal(405);
    }
    expect(outcome('POST /api/run/a/cancel', open, post)).to.equal('cancel');
    expect(outcome('GET /api/run/a/cancel', open)).to.equal(405);
    expect(outcome('HEAD /api/run/a/cancel', open)).to.equal(405);
    for (const path of ['/', '/metrics', '/healthz', '/api/cluster', '/api/run/a/view', '/assets/a.js']) {
      expect(outcome(`POST ${path}`, open, post), path).to.equal(405);
    }
  });

  it('takes the names of the loopback with any port, and the address that was given', () => {
    const takes: readonly (readonly [AdmissionRules, readonly string[], string | number])[] = [
      ...['localhost', 'LOCALHOST:9', '127.0.0.1:1', '[::1]', '[::1]:65000'].map((host) => [guarded, [host], 'page'] as const),
      ...['box.example:8787', 'BOX.example:8787', '10.0.0.5:8787'].map((host) => [guarded, [host], 'page'] as const),
      ...[
        'box.example',
        'box.example:80',
        'evil.example',
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        '127.0.0.2:8787',
        '10.0.0.6:8787',
      ].map((host) => [guarded, [host], 403] as const),
      ...['', 'a b', 'localhost:x', 'localhost:1:2', '[::1', 'user@localhost', 'localhost/', 'x'.repeat(500)].map(
        (host) => [guarded, [host], 400] as const,
      ),
      [guarded, [], 400],
      [guarded, ['localhost', 'localhost'], 400],
      [{ ...guarded, ownHosts: ['box.example:443'], defaultPort: 443 }, ['box.example'], 'page'],
      [{ ...guarded, isEverywhere: true }, ['192.168.1.7:8787'], 'page'],
      [{ ...guarded, isEverywhere: true }, ['[fe80::1]:8787'], 'page'],
      [{ ...guarded, isEverywhere: true }, ['rebound.example:8787'], 403],
    ];
    for (const [rules, hosts, expected] of takes) expect(outcome('GET /', rules, { hosts }), hosts.join('|')).to.equal(expected);
  });

  it('asks for the token wherever there is something to see, and nowhere else', () => {
    const paths = [
      'GET /api/cluster',
      'GET /api/runs',
      'GET /api/run/a/view',
      'GET /api/stream?of=runs',
      'GET /metrics',
      'POST /api/run/a/cancel',
      'GET /api/unknown',
    ];
    for (const first of paths) {
      expect(outcome(first, guarded, { contentType: json }), first).to.equal(401);
      for (const authorization of [
        'sixteen-letters-',
        'Basic sixteen-letters-',
        'Bearer',
        'Bearer ',
        'Bearer wrong',
        'Bearer sixteen-letters- x',
        'Bearer sixteen-letters',
      ]) {
        expect(outcome(first, guarded, { contentType: json, authorization }), authorization).to.equal(401);
      }
      const authorization = 'bearer sixteen-letters-';
      expect(outcome(first, guarded, { contentType: json, authorization }), first).to.not.equal(401);
    }
    for (const first of ['GET /', 'GET /run/a', 'GET /assets/a.js', 'GET /healthz'])
      expect(outcome(first, guarded), first).to.be.a('string');
  });

  it('tells pages of other origins nothing, which could hold all streams open', () => {
    for (const first of ['GET /api/cluster', 'GET /api/stream?of=runs', 'GET /metrics', 'GET /api/run/a/view']) {
      for (const fetchSite of ['cross-site', 'same-site', '']) expect(outcome(first, open, { fetchSite }), fetchSite).to.equal(403);
      for (const fetchSite of ['same-origin', 'none', undefined]) expect(outcome(first, open, { fetchSite })).to.be.a('string');
    }
    expect(outcome('POST /api/run/a/cancel', open, { contentType: json, fetchSite: 'cross-site' })).to.equal(403);
    // A link to the page may stand anywhere.
    for (const first of ['GET /', 'GET /assets/a.js', 'GET /healthz'])
      expect(outcome(first, open, { fetchSite: 'cross-site' })).to.be.a('string');
  });

  it('tells a probe of any host that it lives', () => {
    for (const hosts of [[], ['10.244.0.7:8787'], ['evil.example'], ['a b']])
      expect(outcome('GET /healthz', guarded, { hosts })).to.equal('health');
  });

  it('takes a POST only as JSON, and from no page of another origin', () => {
    const first = 'POST /api/run/a/cancel';
    for (const contentType of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      '',
      'application/jsonx',
      'text/plain; a=application/json',
    ]) {
      expect(outcome(first, open, { contentType }), contentType).to.equal(415);
    }
    expect(outcome(first, open)).to.equal(415);
    expect(outcome(first, open, { contentType: 'application/json; charset=UTF-8' })).to.equal('cancel');
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost',
      'http://localhost:2',
      'file://',
      'http://localhost:1/',
      'http://x@localhost:1',
      '',
    ]) {
      expect(outcome(first, open, { contentType: json, origin }), origin).to.equal(403);
    }
    expect(outcome(first, open, { contentType: json, origin: 'http://LOCALHOST:1' })).to.equal('cancel');
    expect(outcome(first, open, { contentType: json, origin: 'https://localhost:1' })).to.equal('cancel');
  });

  it('serves no pages where only metrics are, and no metrics where there are none', () => {
    const metricsOnly = { ...open, hasPages: false };
    for (const path of ['/', '/api/cluster', '/api/run/a/view', '/assets/a.js'])
      expect(outcome(`GET ${path}`, metricsOnly), path).to.equal(404);
    expect(outcome('POST /api/run/a/cancel', metricsOnly, { contentType: json })).to.equal(404);
    expect(outcome('GET /metrics', metricsOnly)).to.equal('metrics');
    expect(outcome('GET /metrics', { ...open, hasMetrics: false })).to.equal(404);
  });
});
