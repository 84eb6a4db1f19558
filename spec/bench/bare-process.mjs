// The floor under an idle node: a process that has loaded the packages which a node loads, and does nothing. It tells its parent what it occupies.
import 'commander';
import 'denque';
import 'import-meta-resolve';
import 'msgpackr';
import 'nact';
import 'pino';
import 'tinyqueue';
import 'uuid';
import 'ws';
import { occupied } from './process-watch.mjs';

process.on('message', () => process.send?.(occupied()));
process.on('disconnect', () => process.exit());
