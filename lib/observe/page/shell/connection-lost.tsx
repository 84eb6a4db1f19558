import { nowMs } from '../browser-clock.js';
import type { Connection } from '../data/data-source.js';
import { Elapsed } from '../parts/elapsed.js';

/** Said above a page whose data are old: since when, and that the connection is being made again. */
export function ConnectionLost({ connection }: { readonly connection: Connection }) {
  if (connection.state !== 'lost') return null;
  return (
    <div class="lost-bar" role="alert">
      <strong>Connection lost.</strong> {connection.message}. What is shown is old; it is tried again by itself.{' '}
      <span aria-hidden="true">
        <Elapsed ms={nowMs() - connection.sinceMs} atMs={nowMs()} isRunning />
      </span>
    </div>
  );
}
