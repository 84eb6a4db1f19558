// Two visitors of a dashboard and a scraper, in a process of their own. The first message says where; each further one names a run to watch.
// Answers with what came when it is told to stop.
let stop = () => {};
let seen = { events: 0, views: 0, scrapes: 0, bytes: 0 };

async function visit(url, runId, signal) {
  const of = `run/${runId}&request=${encodeURIComponent(JSON.stringify({ view: 'groups' }))}`;
  const stream = await fetch(`${url}/api/stream?of=${of}`, { signal });
  const views = [
    { view: 'timeline', fromMs: 0, toMs: 5000, widthPx: 1200 },
    { view: 'functions', sort: 'order', offset: 0, limit: 100 },
  ];
  let lastMs = 0;
  for await (const part of stream.body) {
    seen.events += 1;
    seen.bytes += part.length;
    // As the page does: other views follow the stream, three times a second.
    if (performance.now() - lastMs < 333) continue;
    lastMs = performance.now();
    for (const view of views) {
      const answer = await fetch(`${url}/api/run/${runId}/view?request=${encodeURIComponent(JSON.stringify(view))}`, { signal });
      seen.bytes += (await answer.arrayBuffer()).byteLength;
      if (answer.ok) seen.views += 1;
    }
  }
}

let url;
process.on('message', (message) => {
  if (message.url) {
    url = message.url;
    const scrape = async () => {
      const answer = await fetch(`${url}/metrics`);
      await answer.text();
      seen.scrapes += 1;
    };
    setInterval(() => scrape().catch(() => {}), 1000);
    process.send('ready');
  } else if (message.runId) {
    stop();
    const left = new AbortController();
    stop = () => left.abort();
    for (let visitor = 0; visitor < 2; visitor += 1) visit(url, message.runId, left.signal).catch(() => {});
  } else {
    stop();
    process.send(seen);
    seen = { events: 0, views: 0, scrapes: 0, bytes: 0 };
  }
});
